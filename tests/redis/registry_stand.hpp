// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_REDIS_REGISTRY_STAND_HPP
#define STOMPCHAT_TESTS_REDIS_REGISTRY_STAND_HPP

#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/detail/registry_keys.hpp>
#include <stompchat/redis/redis_client.hpp>
#include <stompchat/redis/redis_registry.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <support/cutting_proxy.hpp>
#include <support/run_until.hpp>
#include <support/services.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// So that a failed check says which error it was.
namespace boost::system {
inline doctest::String toString(const error_code& ec) { return ec.message().c_str(); }
} // namespace boost::system

namespace registry_tests {

using namespace stompchat;
using namespace std::chrono_literals;

inline std::uint16_t redis_port() {
    const std::string address = services::redis();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
}

/// Waits for an operation: start(handler).
template <class Start>
error_code wait_for(boost::asio::io_context& context, Start start) {
    // Shared, because an operation that does not end must not find it gone.
    const auto outcome = std::make_shared<std::optional<error_code>>();
    start([outcome](error_code ec, const auto&...) { *outcome = ec; });
    REQUIRE(support::run_until(context, [&] { return outcome->has_value(); }));
    return **outcome;
}

template <class Result, class Start>
Result result_of(boost::asio::io_context& context, Start start) {
    const auto outcome = std::make_shared<std::optional<std::pair<error_code, Result>>>();
    start([outcome](error_code ec, Result result) { outcome->emplace(ec, std::move(result)); });
    REQUIRE(support::run_until(context, [&] { return outcome->has_value(); }));
    CHECK(!(*outcome)->first);
    return std::move((*outcome)->second);
}

/// Lets real time pass.
inline void pass(boost::asio::io_context& context, std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    support::run_until(context, [&] { return std::chrono::steady_clock::now() >= end; });
}

/// A connection of the test's own.
class redis_console {
public:
    explicit redis_console(boost::asio::io_context& context)
        : context_(context), client_(context, parse_redis_url("redis://127.0.0.1:" + std::to_string(redis_port())).value()) {}

    redis::reply operator()(redis::command what) {
        redis::reply got;
        const error_code ec = wait_for(context_, [&](auto done) {
            client_.commands()->send(std::move(what), [&got, done](error_code failed, redis::reply& answer) {
                got = std::move(answer);
                done(failed);
            });
        });
        CHECK_MESSAGE(!ec, got.text());
        return got;
    }
    /// All keys of a cluster that hold something about sessions or rooms.
    std::vector<std::string> keys(const std::string& cluster) {
        std::vector<std::string> found;
        const redis::reply all = (*this)({"KEYS", "sc:" + redis::key_name(cluster) + ":*"});
        for (const redis::reply& one : all.elements()) found.push_back(one.text());
        return found;
    }

private:
    boost::asio::io_context& context_;
    redis_client client_;
};

/// What one process has: its own connection through a network of its own, and a registry.
struct process {
    process(boost::asio::io_context& on, redis_registry_options options, std::chrono::milliseconds timeout = 500ms)
        : context(on), network(on, redis_port()), client(on, url(timeout)), registry(client, std::move(options)) {}

    /// On a busy machine the first attempt may take too long.
    void connect() {
        REQUIRE(support::run_until(context, [&] { return !wait_for(context, [&](auto done) { registry.async_live_nodes(done); }); }));
    }
    error_code hold(const node_incarnation& node, std::chrono::milliseconds lease) {
        return wait_for(context, [&](auto done) { registry.async_hold_lease(node, node_status(), lease, done); });
    }
    error_code release(const node_incarnation& node) {
        return wait_for(context, [&](auto done) { registry.async_release(node, done); });
    }
    error_code add(const session_record& session) {
        return wait_for(context, [&](auto done) { registry.async_add_session(session, done); });
    }
    error_code remove(const session_record& session) {
        return wait_for(context, [&](auto done) { registry.async_remove_session(session, done); });
    }
    error_code join(const std::string& room, const session_record& session) {
        return wait_for(context, [&](auto done) { registry.async_join(room, session, done); });
    }
    std::vector<session_record> sessions_of(const std::string& user) {
        return result_of<std::vector<session_record>>(context, [&](auto done) { registry.async_sessions_of(user, done); });
    }
    std::vector<participant> participants(const std::string& room, std::size_t most = 1000) {
        return result_of<std::vector<participant>>(context, [&](auto done) { registry.async_participants(room, most, done); });
    }
    presence_view view(const std::string& room, std::size_t most = 1000) {
        return result_of<presence_view>(context, [&](auto done) { registry.async_presence(room, most, done); });
    }
    std::vector<std::string> live() {
        std::vector<std::string> names;
        const auto found = result_of<std::vector<live_node>>(context, [&](auto done) { registry.async_live_nodes(done); });
        for (const live_node& one : found) names.push_back(redis::run_name(one.node));
        std::sort(names.begin(), names.end());
        return names;
    }
    /// Renews leases until something has come about; false when it does not.
    template <class Condition>
    bool hold_until(const node_incarnation& node, std::chrono::milliseconds lease, Condition reached) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!reached()) {
            if (std::chrono::steady_clock::now() >= end) return false;
            const error_code ec = hold(node, lease);
            CHECK((!ec || ec == error::registry_unavailable));
            pass(context, lease / 5);
        }
        return true;
    }

    redis_options url(std::chrono::milliseconds timeout) const {
        redis_options options = parse_redis_url("redis://127.0.0.1:" + std::to_string(network.port())).value();
        options.command_timeout = timeout;
        options.connect_timeout = timeout;
        options.reconnect_first = 10ms;
        options.reconnect_longest = 100ms;
        return options;
    }

    boost::asio::io_context& context;
    support::cutting_proxy network;
    redis_client client;
    redis_registry registry;
};

/// Remembers what it was told: `+alice 1`.
class recording_sink final : public presence_sink {
public:
    void on_presence(std::span<const presence_change> changes) override {
        for (const presence_change& one : changes) {
            told.push_back((one.joined ? '+' : '-') + one.user + ' ' + std::to_string(one.count));
            versions.push_back(one.version);
        }
    }
    void on_presence_interrupted() override { ++interruptions; }

    std::vector<std::string> told;
    std::vector<std::uint64_t> versions;
    int interruptions = 0;
};

/// A name that no other test case has.
inline redis_registry_options options_for_test() {
    static int made = 0;
    redis_registry_options options;
    options.cluster = "test-" + std::to_string(++made);
    options.patience = 1000ms;
    return options;
}

} // namespace registry_tests

#endif
