// Boost Software License 1.0, see LICENSE

#include "state_store_contract.hpp"

#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/redis_client.hpp>
#include <stompchat/redis/redis_state_store.hpp>

#include <doctest/doctest.h>
#include <support/cutting_proxy.hpp>
#include <support/run_until.hpp>
#include <support/services.hpp>

#include <optional>
#include <string>

namespace {

using namespace stompchat;

std::uint16_t redis_port() {
    const std::string address = services::redis();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
}

redis_options through(const support::cutting_proxy& network) {
    return parse_redis_url("redis://127.0.0.1:" + std::to_string(network.port())).value();
}

/// A Redis of its own for each case, as far as it can see, behind a network that can fail.
class redis_subject {
public:
    explicit redis_subject(boost::asio::io_context& context)
        : cluster("test " + std::to_string(++made)), context_(context), network_(context, redis_port()),
          client(context, through(network_)) {
        static const redis::script clean("for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', key) end");
        run(clean, "0");
    }

    /// Lets all times to live go on.
    void pass(std::chrono::milliseconds time) {
        static const redis::script age(R"(
for _, key in ipairs(redis.call('KEYS', '*')) do
    local left = redis.call('PTTL', key)
    if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
end)");
        run(age, std::to_string(time.count()));
    }
    void set_available(bool available) {
        network_.refuse = !available;
        if (!available) return network_.cut();
        // Until it has come back.
        std::optional<error_code> outcome(error::registry_unavailable);
        REQUIRE(support::run_until(context_, [&] {
            if (outcome == error_code()) return true;
            if (!outcome) return false;
            outcome.reset();
            client.commands()->send({"PING"}, [&](error_code ec, redis::reply&) { outcome = ec; });
            return false;
        }));
    }

    static inline int made = 0;
    const std::string cluster;

private:
    void run(const redis::script& which, const std::string& argument) {
        std::optional<error_code> outcome;
        client.commands()->run(which, {"0", argument}, [&](error_code ec, redis::reply&) { outcome = ec; });
        REQUIRE(support::run_until(context_, [&] { return outcome.has_value(); }));
        REQUIRE(!*outcome);
    }

    boost::asio::io_context& context_;
    support::cutting_proxy network_;

public:
    redis_client client;
};

class redis_state_store_subject final : public contract::state_store_subject {
public:
    explicit redis_state_store_subject(boost::asio::io_context& context) : redis_(context), store_(redis_.client, {redis_.cluster}) {}

    state_store& store() override { return store_; }
    void pass(std::chrono::seconds time) override { redis_.pass(time); }
    bool set_available(bool available) override {
        redis_.set_available(available);
        return true;
    }

private:
    redis_subject redis_;
    redis_state_store store_;
};

} // namespace

TEST_CASE("the state store in Redis does what the contract says") {
    contract::check_state_store([](boost::asio::io_context& context) { return std::make_unique<redis_state_store_subject>(context); });
}
