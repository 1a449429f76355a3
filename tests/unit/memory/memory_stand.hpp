// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_MEMORY_MEMORY_STAND_HPP
#define STOMPCHAT_TESTS_UNIT_MEMORY_MEMORY_STAND_HPP

#include <stompchat/memory/memory_broker.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace memory_test {

using namespace stompchat;

/// Counts what a broker tells, and sees that it tells one thing at a time.
struct counting_sink final : broker::sink {
    void on_records(std::span<const record_view> batch, const position& reached) override {
        CHECK_FALSE(busy.exchange(true));
        for (const record_view& one : batch) bodies.emplace_back(one.body);
        largest_batch = std::max(largest_batch, batch.size());
        // Also under a new epoch: this broker never uses an offset twice.
        CHECK(reached.offset >= next[reached.partition]);
        next[reached.partition] = reached.offset;
        order += batch.empty() ? "" : "r";
        if (hook && !batch.empty()) std::exchange(hook, nullptr)();
        // Whatever the hook did: the views live until the call returns.
        for (std::size_t i = 0; i != batch.size(); ++i) CHECK(batch[i].body == bodies[bodies.size() - batch.size() + i]);
        busy = false;
    }
    void on_published(std::span<const publish_result> batch) override {
        CHECK_FALSE(busy.exchange(true));
        results.insert(results.end(), batch.begin(), batch.end());
        largest_results = std::max(largest_results, batch.size());
        order += "p";
        busy = false;
    }
    void on_state(broker_state state) override { states.push_back(state); }

    std::vector<std::string> bodies;
    std::vector<publish_result> results;
    std::vector<broker_state> states;
    std::map<partition, offset> next;
    std::size_t largest_batch = 0;
    std::size_t largest_results = 0;
    std::string order;
    std::atomic<bool> busy{false};
    std::function<void()> hook; // called once, behind the next records
};

/// A memory_broker with a sink, and the context that both live on.
struct stand {
    explicit stand(const memory_broker_options& options = {}) : subject(context.get_executor(), options) { subject.start(sink); }

    void publish(std::string_view destination, std::string_view body, std::int64_t timestamp = 1'000) {
        const outgoing one{++ticket, destination, "u", timestamp, {}, body};
        subject.publish({&one, 1});
    }
    void run() {
        context.restart();
        context.run();
    }
    read_result read(const std::string& destination, offset from, const read_bounds& bounds = {}) {
        std::optional<read_result> result;
        subject.async_read(destination, position{subject.epoch(), partition_of(destination, subject.partitions()), from}, bounds,
                           [&](error_code failure, read_result got) {
                               CHECK(!failure);
                               result = std::move(got);
                           });
        run();
        REQUIRE(result.has_value());
        return std::move(*result);
    }

    asio::io_context context;
    memory_broker subject;
    counting_sink sink;
    std::uint64_t ticket = 0;
};

inline memory_broker_options one_partition() {
    memory_broker_options options;
    options.partitions = 1;
    return options;
}

} // namespace memory_test

#endif
