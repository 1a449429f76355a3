// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_REDIS_STAND_HPP
#define STOMPCHAT_TESTS_REDIS_STAND_HPP

#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/detail/subscriber.hpp>
#include <stompchat/redis/redis_client.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <support/run_until.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace redis_test {

using namespace stompchat;
using redis::command;
using redis::reply;
using redis::reply_type;

/// Remembers what was logged.
class recording_observer final : public observer {
public:
    void on_log(severity, std::string_view text) override { lines.emplace_back(text); }
    bool told(std::string_view part) const {
        for (const std::string& line : lines) {
            if (line.find(part) != line.npos) return true;
        }
        return false;
    }
    std::vector<std::string> lines;
};

/// Remembers connections that came and went.
class recording_watcher final : public redis::connection_watcher {
public:
    void on_connected(const redis::server_info& server) override {
        servers.push_back(server);
        connected = true;
    }
    void on_lost(error_code) override {
        ++losses;
        connected = false;
    }
    std::vector<redis::server_info> servers;
    int losses = 0;
    bool connected = false;
};

struct outcome {
    error_code ec;
    reply answer;
};

/** A client with all that a case needs around it: each operation as a call that waits. */
struct stand {
    explicit stand(redis_options options) : client(context, std::move(options), &log) { client.commands()->watch(watcher); }
    explicit stand(const std::string& url) : stand(parse_redis_url(url).value()) {}

    template <class Condition>
    bool until(Condition reached) {
        return support::run_until(context, reached);
    }
    bool connect() {
        return until([&] { return watcher->connected; });
    }
    /// What a command answers; begun now, read when the outcome is there.
    std::shared_ptr<std::optional<outcome>> begin(command what) {
        auto into = std::make_shared<std::optional<outcome>>();
        client.commands()->send(std::move(what), [into](error_code ec, reply& answer) { into->emplace(outcome{ec, std::move(answer)}); });
        CHECK_MESSAGE(!into->has_value(), "completed inside its initiation");
        return into;
    }
    std::shared_ptr<std::optional<outcome>> begin(const redis::script& which, command what) {
        auto into = std::make_shared<std::optional<outcome>>();
        client.commands()->run(which, std::move(what), [into](error_code ec, reply& answer) {
            into->emplace(outcome{ec, std::move(answer)});
        });
        return into;
    }
    outcome wait(const std::shared_ptr<std::optional<outcome>>& for_what) {
        REQUIRE(until([&] { return for_what->has_value(); }));
        return std::move(**for_what);
    }
    outcome send(command what) { return wait(begin(std::move(what))); }
    outcome run(const redis::script& which, command what) { return wait(begin(which, std::move(what))); }

    boost::asio::io_context context;
    recording_observer log;
    std::shared_ptr<recording_watcher> watcher = std::make_shared<recording_watcher>();
    redis_client client;
};

} // namespace redis_test

#endif
