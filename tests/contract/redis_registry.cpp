// Boost Software License 1.0, see LICENSE

#include "registry_contract.hpp"

#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/redis_client.hpp>
#include <stompchat/redis/redis_registry.hpp>

#include <doctest/doctest.h>
#include <support/cutting_proxy.hpp>
#include <support/run_until.hpp>
#include <support/services.hpp>

#include <memory>
#include <optional>
#include <string>

namespace {

using namespace stompchat;

/// A cluster of its own in the test's Redis, behind a network that can fail. Time really passes.
class redis_registry_subject final : public contract::registry_subject {
public:
    explicit redis_registry_subject(boost::asio::io_context& context)
        : context_(context), network_(context, port_of(services::redis())),
          client_(context, parse_redis_url("redis://127.0.0.1:" + std::to_string(network_.port())).value()), registry_(client_, options()) {
    }

    session_registry& registry() override { return registry_; }
    std::chrono::milliseconds lease() const override { return std::chrono::milliseconds(1500); }

    void pass(std::chrono::milliseconds time) override {
        const auto end = std::chrono::steady_clock::now() + time;
        support::run_until(context_, [&] { return std::chrono::steady_clock::now() >= end; });
    }
    bool set_available(bool available) override {
        network_.refuse = !available;
        if (available)
            REQUIRE(support::run_until(context_, [&] { return !answers("PING"); }));
        else
            network_.cut();
        return true;
    }
    bool lose_data() override {
        REQUIRE(!answers("FLUSHALL"));
        return true;
    }

private:
    static std::uint16_t port_of(const std::string& address) {
        return static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
    }
    static redis_registry_options options() {
        static int made = 0;
        redis_registry_options options;
        options.cluster = "contract {" + std::to_string(++made) + "}";
        options.patience = std::chrono::milliseconds(300);
        return options;
    }
    error_code answers(std::string_view word) {
        std::optional<error_code> outcome;
        client_.commands()->send({word}, [&](error_code ec, redis::reply&) { outcome = ec; });
        REQUIRE(support::run_until(context_, [&] { return outcome.has_value(); }));
        return *outcome;
    }

    boost::asio::io_context& context_;
    support::cutting_proxy network_;
    redis_client client_;
    redis_registry registry_;
};

std::unique_ptr<contract::registry_subject> make(boost::asio::io_context& context) {
    return std::make_unique<redis_registry_subject>(context);
}

} // namespace

TEST_CASE("the registry in Redis does what the contract says") { contract::check_registry(make); }

TEST_CASE("the registry in Redis does for presence what the contract says") { contract::check_registry_presence(make); }
