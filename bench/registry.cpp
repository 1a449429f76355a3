// Boost Software License 1.0, see LICENSE

/*  What a registry in Redis costs, as JSON: stompchat-bench-registry [redis://...] [SESSIONS].

    It fills an empty database with sessions, each of a user of its own, and lets them join one room; looks; and empties it again.
    Every operation goes over one connection, 256 at once. "redis_cpu" is what Redis used for one of them, "cpu" what this process used,
    in microseconds. "longest_command" is that of Redis's SLOWLOG, in microseconds.  */

#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/redis_client.hpp>
#include <stompchat/redis/redis_registry.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace stompchat;

constexpr std::size_t at_once = 256;
constexpr std::size_t looks = 20'000;
const std::string room = "/topic/everybody";

class bench {
public:
    bench(const std::string& url, std::size_t sessions) : sessions_(sessions), client_(context_, parse_redis_url(url).value()) {
        redis_registry_options options;
        options.cluster = "bench";
        registry_ = std::make_unique<redis_registry>(client_, options);
    }

    void run() {
        if (ask({"DBSIZE"}).integer() != 0) throw std::runtime_error("the database is not empty");
        ask({"CONFIG", "SET", "slowlog-log-slower-than", "0"});
        ask({"CONFIG", "SET", "slowlog-max-len", "1000000"});
        hold();
        const double empty = memory();
        measure("add_session", sessions_, [&](std::size_t i, auto done) { registry_->async_add_session(session(i), done); });
        const double filled = memory();
        measure("join", sessions_, [&](std::size_t i, auto done) { registry_->async_join(room, session(i), done); });
        const double joined = memory();
        measure("session", looks, [&](std::size_t i, auto done) { registry_->async_session(id(i), done); });
        measure("sessions_of", looks, [&](std::size_t i, auto done) { registry_->async_sessions_of(user(i), done); });
        measure("presence, counted", looks, [&](std::size_t, auto done) { registry_->async_presence(room, 1'000, done); });
        measure("presence, all named", 1, [&](std::size_t, auto done) { registry_->async_presence(room, 10'000'000, done); });
        measure("participants, the first 1000", 1, [&](std::size_t, auto done) { registry_->async_participants(room, 1'000, done); });
        measure("leave", sessions_ / 2, [&](std::size_t i, auto done) { registry_->async_leave(room, session(i), done); });
        measure("remove_session", sessions_ / 4, [&](std::size_t i, auto done) { registry_->async_remove_session(session(i), done); });
        measure("clear up behind the rest", 1, [&](std::size_t, auto done) { replace(std::move(done)); });
        fmt::print("  \"memory of a session, octets\": {:.0f},\n  \"memory of a place in the room, octets\": {:.0f}\n}}\n",
                   (filled - empty) / static_cast<double>(sessions_), (joined - filled) / static_cast<double>(sessions_));
    }

private:
    static std::string user(std::size_t i) { return fmt::format("user-{:07}", i); }
    static std::string id(std::size_t i) { return fmt::format("19a8f3c2b4d5e6f7-0-{:x}", i); }
    session_record session(std::size_t i) const { return {id(i), user(i), self_}; }

    void hold() {
        error_code outcome = error::registry_unavailable;
        wait([&](auto done) {
            registry_->async_hold_lease(self_, node_status(), std::chrono::minutes(10), [&, done](error_code ec) {
                outcome = ec;
                done(ec);
            });
        });
        if (outcome) throw std::runtime_error("no lease: " + outcome.message());
    }
    /// A new run of the node takes the lease, and clears up behind the old one when it may not write any more.
    void replace(std::function<void(error_code)> done) {
        registry_->async_release(self_, [this, done](error_code) { until_empty(done); });
    }
    void until_empty(std::function<void(error_code)> done) {
        client_.commands()->send({"EXISTS", "sc:bench:nu:{bench/0000000000000001}"}, [this, done](error_code ec, redis::reply& got) {
            if (ec || got.integer() == 0) return done(ec);
            until_empty(done);
        });
    }

    template <class Start>
    void wait(Start start) {
        bool done = false;
        start([&](error_code, const auto&...) { done = true; });
        context_.restart();
        while (!done) context_.run_one();
    }
    redis::reply ask(redis::command what) {
        redis::reply got;
        bool done = false;
        client_.commands()->send(std::move(what), [&](error_code ec, redis::reply& answer) {
            if (ec) std::fprintf(stderr, "Redis: %s %s\n", ec.message().c_str(), answer.text().c_str());
            got = std::move(answer);
            done = true;
        });
        context_.restart();
        while (!done) context_.run_one();
        return got;
    }
    /// The value of a line of INFO.
    double info(const char* section, std::string_view name) {
        const redis::reply got = ask({"INFO", section});
        const std::size_t at = got.text().find(std::string(name) + ':');
        return at == std::string::npos ? 0 : std::atof(got.text().c_str() + at + name.size() + 1);
    }
    double memory() { return info("memory", "used_memory"); }
    double redis_cpu() { return info("cpu", "used_cpu_sys") + info("cpu", "used_cpu_user"); }
    std::int64_t longest_command() {
        const redis::reply slow = ask({"SLOWLOG", "GET", "-1"});
        std::int64_t longest = 0;
        for (const redis::reply& one : slow.elements()) {
            const std::string& name = one[3][0].text();
            if (name == "SLOWLOG" || name == "INFO" || name == "CONFIG") continue;
            longest = std::max(longest, one[2].integer());
        }
        return longest;
    }

    template <class Start>
    void measure(const char* name, std::size_t count, Start start) {
        ask({"SLOWLOG", "RESET"});
        ask({"CONFIG", "SET", "slowlog-log-slower-than", "200"});
        const double redis_before = redis_cpu();
        const std::clock_t cpu_before = std::clock();
        const auto begun = std::chrono::steady_clock::now();
        std::size_t given = 0;
        std::size_t done = 0;
        std::size_t failed = 0;
        context_.restart();
        while (done != count) {
            for (; given != count && given - done < at_once; ++given) {
                start(given, [&](error_code ec, const auto&...) {
                    ++done;
                    if (ec) ++failed;
                });
            }
            context_.run_one();
            context_.poll();
        }
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begun;
        const double cpu = static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC;
        const double of_redis = redis_cpu() - redis_before;
        const double each = 1e6 / static_cast<double>(count);
        fmt::print("{}  \"{}\": {{\"count\": {}, \"failed\": {}, \"seconds\": {:.3f}, \"per_second\": {:.0f}, \"redis_cpu\": {:.1f}, "
                   "\"cpu\": {:.1f}, \"longest_command\": {}}},\n",
                   first_ ? "{\n" : "", name, count, failed, time.count(), static_cast<double>(count) / time.count(), of_redis * each,
                   cpu * each, longest_command());
        first_ = false;
    }

    const std::size_t sessions_;
    const node_incarnation self_{"bench", 1};
    bool first_ = true;
    boost::asio::io_context context_;
    redis_client client_;
    std::unique_ptr<redis_registry> registry_;
};

} // namespace

int main(int count, char** words) {
    try {
        bench(count > 1 ? words[1] : "redis://127.0.0.1", count > 2 ? std::strtoul(words[2], nullptr, 10) : 100'000).run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    return 0;
}
