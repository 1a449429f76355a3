// Boost Software License 1.0, see LICENSE

#include "authenticator_contract.hpp"
#include "registry_contract.hpp"
#include "state_store_contract.hpp"

#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>

#include <doctest/doctest.h>

#include <atomic>

namespace {

using namespace stompchat;

/// A clock that stands still until it is moved.
class manual_clock {
public:
    std::function<std::chrono::steady_clock::time_point()> reader() const {
        return [this] { return std::chrono::steady_clock::time_point(std::chrono::milliseconds(now_.load())); };
    }
    void pass(std::chrono::milliseconds time) { now_ += time.count(); }

private:
    std::atomic<std::int64_t> now_{1'000'000};
};

class local_registry_subject final : public contract::registry_subject {
public:
    explicit local_registry_subject(boost::asio::io_context& context) : registry_(context.get_executor(), {clock_.reader()}) {}

    session_registry& registry() override { return registry_; }
    void pass(std::chrono::milliseconds time) override { clock_.pass(time); }
    std::chrono::milliseconds lease() const override { return std::chrono::seconds(5); }
    bool set_available(bool available) override {
        registry_.inject_available(available);
        return true;
    }
    bool lose_data() override {
        registry_.inject_data_loss();
        return true;
    }

private:
    manual_clock clock_;
    local_registry registry_;
};

class local_state_store_subject final : public contract::state_store_subject {
public:
    explicit local_state_store_subject(boost::asio::io_context& context) : store_(context.get_executor(), {clock_.reader()}) {}

    state_store& store() override { return store_; }
    void pass(std::chrono::seconds time) override { clock_.pass(time); }
    bool set_available(bool available) override {
        store_.inject_available(available);
        return true;
    }

private:
    manual_clock clock_;
    local_state_store store_;
};

/// Knows one user, and answers at once.
class one_user final : public authenticator {
    void do_authenticate(credentials shown, detail::completion<void(error_code, identity)> done) override {
        if (shown.login == "alice" && shown.passcode == "secret") return done({}, identity("alice"));
        done(error::not_authenticated, {});
    }
};

} // namespace

TEST_CASE("an authenticator that answers at once does what the contract says") {
    one_user subject;
    credentials good;
    good.login = "alice";
    good.passcode = "secret";
    credentials bad = good;
    bad.passcode = "guess";
    contract::check_authenticator(subject, good, "alice", bad);
}

TEST_CASE("the local registry does what the contract says") {
    contract::check_registry([](boost::asio::io_context& context) { return std::make_unique<local_registry_subject>(context); });
}

TEST_CASE("the local registry does for presence what the contract says") {
    contract::check_registry_presence([](boost::asio::io_context& context) { return std::make_unique<local_registry_subject>(context); });
}

TEST_CASE("the local state store does what the contract says") {
    contract::check_state_store([](boost::asio::io_context& context) { return std::make_unique<local_state_store_subject>(context); });
}
