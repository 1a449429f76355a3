// Boost Software License 1.0, see LICENSE

/*  What one connection to Redis carries: commands that are answered in a second, with so many under way at once, and the time of this
    process's processor for each of them; beside it redis-benchmark with one connection and the same depth. Both take turns on the same
    Redis, and the median of the rounds counts.

    stompchat-bench-redis <host> <port> [rounds [milliseconds]]  */

#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/redis_client.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace stompchat;
using redis::command;
using redis::reply;
using clock_type = std::chrono::steady_clock;

struct result {
    double per_second = 0;
    double processor_us = 0; // for each command, of this process
};

const redis::script add_up("return redis.call('INCRBY', KEYS[1], ARGV[1])");

/// Keeps `depth` commands under way.
class load {
public:
    load(const redis_options& options, std::string what, std::size_t depth)
        : client_(context_, options), what_(std::move(what)), depth_(depth), key_("key:000000000001") {}

    result run(std::chrono::milliseconds time) {
        // Connected, and the script is known.
        bool ready = false;
        client_.commands()->run(add_up, {"1", "n", "1"}, [&](error_code ec, reply&) { ready = !ec; });
        context_.run_one_for(std::chrono::seconds(5));
        while (!ready) {
            if (context_.run_one_for(std::chrono::seconds(5)) == 0) std::exit(1);
        }
        const auto begin = clock_type::now();
        end_ = begin + time;
        const std::clock_t used = std::clock();
        for (std::size_t i = 0; i != depth_; ++i) next();
        while (under_way_ != 0) context_.run_one();
        const double seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
        const double processor = static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC;
        if (failed_ != 0) std::exit(1);
        const auto count = static_cast<double>(answered_);
        return {count / seconds, processor * 1e6 / count};
    }

private:
    void next() {
        ++under_way_;
        const auto answered = [this](error_code ec, reply&) {
            --under_way_;
            ++answered_;
            failed_ += ec ? 1 : 0;
            // Not every time: the clock costs as much as a tenth of a command.
            if (answered_ % 64 == 0) over_ = clock_type::now() >= end_;
            if (!over_) next();
        };
        if (what_ == "get")
            client_.commands()->send({"GET", key_}, answered);
        else if (what_ == "set")
            client_.commands()->send({"SET", key_, "xxx"}, answered);
        else
            client_.commands()->run(add_up, {"1", "n", "1"}, answered);
    }

    asio::io_context context_{1};
    redis_client client_;
    const std::string what_;
    const std::size_t depth_;
    const std::string key_;
    clock_type::time_point end_;
    std::size_t under_way_ = 0;
    std::size_t answered_ = 0;
    std::size_t failed_ = 0;
    bool over_ = false;
};

double redis_benchmark(const std::string& host, const std::string& port, const std::string& what, std::size_t depth, std::size_t commands) {
    const std::string test = what == "script" ? fmt::format("EVALSHA {} 1 n 1", add_up.sha()) : fmt::format("-t {}", what);
    const std::string line =
        fmt::format("redis-benchmark -h {} -p {} -c 1 -P {} -n {} --csv {} 2>/dev/null", host, port, depth, commands, test);
    std::FILE* const output = ::popen(line.c_str(), "r");
    if (output == nullptr) return 0;
    double found = 0;
    char text[512];
    // "test","rps","avg_latency_ms",...
    while (std::fgets(text, sizeof text, output) != nullptr) {
        const std::string_view read = text;
        const auto at = read.find("\",\"");
        if (at != read.npos && !read.starts_with("\"test\"")) found = std::strtod(text + at + 3, nullptr);
    }
    ::pclose(output);
    return found;
}

double median(std::vector<double> of) {
    std::sort(of.begin(), of.end());
    return of[of.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("stompchat-bench-redis <host> <port> [rounds [milliseconds]]\n", stderr);
        return 2;
    }
    const std::string host = argv[1];
    const std::string port = argv[2];
    const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
    const std::chrono::milliseconds time(argc > 4 ? std::atoi(argv[4]) : 1000);
    auto options = parse_redis_url(fmt::format("redis://{}:{}?timeout=10s", host, port)).value();

    fmt::print(
        "| command | depth | one connection, 1/s | redis-benchmark, 1/s | ratio | us of processor |\n|---|---:|---:|---:|---:|---:|\n");
    for (const std::string what : {"set", "get", "script"}) {
        for (const std::size_t depth : {1, 64, 256}) {
            std::vector<double> ours;
            std::vector<double> theirs;
            std::vector<double> processor;
            for (int round = 0; round != rounds; ++round) {
                const result one = load(options, what, depth).run(time);
                ours.push_back(one.per_second);
                processor.push_back(one.processor_us);
                theirs.push_back(redis_benchmark(host, port, what, depth, static_cast<std::size_t>(one.per_second * time.count() / 1000)));
            }
            fmt::print("| {} | {} | {:.0f} | {:.0f} | {:.2f} | {:.2f} |\n", what, depth, median(ours), median(theirs),
                       median(ours) / std::max(median(theirs), 1.0), median(processor));
            std::fflush(stdout);
        }
    }
    return 0;
}
