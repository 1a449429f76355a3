// Boost Software License 1.0, see LICENSE

#include <stompchat/memory/memory_broker.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>
#include <support/run_until.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <thread>
#include <utility>
#include <vector>

// What every broker must do is in tests/contract; here is what only this one does.

using namespace stompchat;

namespace {

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

memory_broker_options one_partition() {
    memory_broker_options options;
    options.partitions = 1;
    return options;
}

} // namespace

TEST_CASE("options that make no sense are refused") {
    asio::io_context context;
    const auto refused = [&](auto change) {
        memory_broker_options options;
        change(options);
        try {
            const memory_broker subject(context.get_executor(), options);
            return error_code();
        } catch (const boost::system::system_error& failure) {
            return error_code(failure.code());
        }
    };
    CHECK(!refused([](auto&) {}));
    CHECK(refused([](auto& options) { options.partitions = 0; }) == error::bad_option);
    CHECK(refused([](auto& options) { options.max_message_length = 0; }) == error::bad_option);
    CHECK(refused([](auto& options) { options.max_message_length = std::size_t{1} << 32; }) == error::bad_option);
    CHECK(refused([](auto& options) { options.largest_offset_step = 0; }) == error::bad_option);
    CHECK(refused([](auto& options) { options.result_delay = std::chrono::milliseconds(-1); }) == error::bad_option);
}

TEST_CASE("every start has an epoch of its own, unless one is given") {
    asio::io_context context;
    CHECK(memory_broker(context.get_executor()).epoch() != memory_broker(context.get_executor()).epoch());
    memory_broker_options options;
    options.epoch = 7;
    CHECK(memory_broker(context.get_executor(), options).epoch() == 7);
}

TEST_CASE("an idle broker keeps no context running") {
    stand at;
    at.run();
    CHECK(at.context.stopped());
    CHECK(at.sink.states == std::vector{broker_state::ready});
    CHECK(at.sink.next.size() == 16);
}

TEST_CASE("what was published before the start is not shown but reported, and can be read") {
    asio::io_context context;
    memory_broker subject(context.get_executor());
    counting_sink sink;
    const outgoing early{1, "/topic/a", "u", 1, {}, "early"};
    subject.publish({&early, 1});
    context.run();
    subject.start(sink);
    context.restart();
    context.run();
    CHECK(sink.bodies.empty());
    REQUIRE(sink.results.size() == 1);
    CHECK(sink.next[sink.results[0].at.partition] == sink.results[0].at.offset + 1);
    CHECK(subject.history_messages() == 1);
}

TEST_CASE("a turn shows a bounded number and lets others run") {
    stand at(one_partition());
    at.run();
    for (int i = 0; i != 1'000; ++i) at.publish("/topic/a", "x");
    int others = 0;
    std::function<void()> other = [&] {
        ++others;
        if (at.sink.bodies.size() < 1'000) asio::post(at.context, other);
    };
    asio::post(at.context, other);
    at.run();
    CHECK(at.sink.bodies.size() == 1'000);
    CHECK(at.sink.results.size() == 1'000);
    CHECK(at.sink.largest_batch <= 256);
    CHECK(at.sink.largest_results <= 256);
    CHECK(others >= 4);
}

TEST_CASE("a busy partition does not starve another one") {
    memory_broker_options options;
    options.partitions = 2;
    stand at(options);
    at.run();
    std::string busy = "/topic/0";
    std::string quiet = "/topic/0";
    for (int i = 0; partition_of(busy, 2) == partition_of(quiet, 2); ++i) quiet = "/topic/" + std::to_string(i);
    for (int i = 0; i != 5'000; ++i) at.publish(busy, "busy");
    at.publish(quiet, "quiet");
    at.run();
    const auto found = std::find(at.sink.bodies.begin(), at.sink.bodies.end(), "quiet");
    CHECK(found - at.sink.bodies.begin() <= 256);
}

TEST_CASE("offsets have holes when they are asked for, and still grow") {
    memory_broker_options options = one_partition();
    options.largest_offset_step = 10;
    stand at(options);
    for (int i = 0; i != 500; ++i) at.publish("/topic/a", "x");
    at.run();
    offset last = -1;
    bool step_of_one = false;
    bool step_of_ten = false;
    for (const publish_result& result : at.sink.results) {
        const offset step = result.at.offset - last;
        CHECK(step >= 1);
        CHECK(step <= 10);
        step_of_one |= step == 1;
        step_of_ten |= step == 10;
        last = result.at.offset;
    }
    CHECK(step_of_one);
    CHECK(step_of_ten);
    CHECK(at.sink.next[0] == last + 1);
}

TEST_CASE("late results come behind their records, and run() waits for them") {
    memory_broker_options options;
    options.result_delay = std::chrono::milliseconds(20);
    stand at(options);
    const auto before = std::chrono::steady_clock::now();
    at.publish("/topic/a", "x");
    at.run();
    CHECK(std::chrono::steady_clock::now() - before >= options.result_delay);
    CHECK(at.sink.order == "rp");
    at.publish("/topic/a", "y");
    at.publish("/topic/a", std::string(options.max_message_length, 'x'));
    at.run();
    CHECK(at.sink.results.size() == 3);
}

TEST_CASE("a stop without patience reports late results as unknown") {
    memory_broker_options options;
    options.result_delay = std::chrono::hours(1);
    stand at(options);
    at.publish("/topic/a", "x");
    support::run_ready(at.context);
    CHECK(at.sink.bodies.size() == 1);
    bool stopped = false;
    at.subject.async_stop(std::chrono::milliseconds(0), [&](error_code) { stopped = true; });
    at.run();
    CHECK(stopped);
    REQUIRE(at.sink.results.size() == 1);
    CHECK(at.sink.results[0].error == error::outcome_unknown);
}

TEST_CASE("a patience of any length is possible") {
    stand at;
    bool stopped = false;
    at.subject.async_stop(std::chrono::milliseconds::max(), [&](error_code) { stopped = true; });
    at.run();
    CHECK(stopped);
}

TEST_CASE("history is bounded in octets") {
    memory_broker_options options = one_partition();
    options.history_octets_per_partition = 100'000;
    stand at(options);
    const std::string body(1'000, 'x');
    for (int i = 0; i != 1'000; ++i) {
        at.publish("/topic/" + std::to_string(i % 7), body);
        if (i % 10 == 0) at.run();
    }
    at.run();
    CHECK(at.sink.bodies.size() == 1'000);
    CHECK(at.subject.history_octets() <= options.history_octets_per_partition);
    CHECK(at.subject.history_messages() > 50);
    CHECK(at.read("/topic/1", 0).status == read_status::lost);
}

TEST_CASE("history is bounded in messages") {
    memory_broker_options options = one_partition();
    options.history_messages_per_partition = 10;
    stand at(options);
    for (int i = 0; i != 25; ++i) at.publish("/topic/a", std::to_string(i));
    // What was not shown yet is kept.
    CHECK(at.subject.history_messages() == 25);
    at.run();
    CHECK(at.sink.bodies.size() == 25);
    CHECK(at.subject.history_messages() == 10);
    CHECK(at.read("/topic/a", 14).status == read_status::lost);
    const read_result kept = at.read("/topic/a", 15);
    CHECK(kept.status == read_status::complete);
    CHECK(kept.messages.size() == 10);
    CHECK(kept.messages[0].view().body == "15");
}

TEST_CASE("a partition that nobody wants keeps no more than its history") {
    memory_broker_options options = one_partition();
    options.history_messages_per_partition = 10;
    stand at(options);
    for (int i = 0; i != 25; ++i) at.publish("/topic/a", "x");
    at.subject.set_partitions({});
    CHECK(at.subject.history_messages() == 10);
    for (int i = 0; i != 25; ++i) at.publish("/topic/a", "x");
    CHECK(at.subject.history_messages() == 10);
    at.run();
    CHECK(at.sink.bodies.empty());
}

TEST_CASE("the sink may change what it is shown while it is shown something") {
    stand at(one_partition());
    at.run();
    const partition zero[] = {0};
    for (int i = 0; i != 300; ++i) at.publish("/topic/a", std::to_string(i));

    SUBCASE("by giving the partition up and taking it again: delivery goes on at the end") {
        at.sink.hook = [&] {
            at.subject.set_partitions({});
            at.subject.set_partitions(zero);
            at.publish("/topic/a", "behind");
        };
        at.run();
        REQUIRE(at.sink.bodies.size() == 257);
        CHECK(at.sink.bodies.back() == "behind");
    }
    SUBCASE("by asking for it again: all of it comes twice, and next does not fall back") {
        at.sink.hook = [&] { at.subject.inject_repeat(0, 0); };
        at.run();
        CHECK(at.sink.bodies.size() == 556);
        at.subject.inject_repeat(0, 0);
        at.run();
        CHECK(at.sink.bodies.size() == 856);
    }
    SUBCASE("by making the log anew: the rest is gone") {
        at.sink.hook = [&] {
            at.subject.inject_new_log();
            at.publish("/topic/a", "new");
        };
        at.run();
        REQUIRE(at.sink.bodies.size() == 257);
        CHECK(at.sink.bodies.back() == "new");
    }
}

TEST_CASE("what was taken but not shown when the service ended is shown when it returns") {
    stand at;
    at.run();
    at.publish("/topic/a", "x");
    at.subject.inject_available(false);
    at.run();
    CHECK(at.sink.bodies.empty());
    CHECK(at.sink.results.size() == 1);
    at.subject.inject_available(true);
    at.run();
    CHECK(at.sink.bodies.size() == 1);
    CHECK(at.sink.states == std::vector{broker_state::ready, broker_state::unavailable, broker_state::ready});
}

TEST_CASE("behind a stop nothing is kept") {
    stand at;
    at.subject.async_stop(std::chrono::seconds(0), [](error_code) {});
    at.run();
    at.publish("/topic/a", "x");
    CHECK(at.subject.history_messages() == 0);
}

TEST_CASE("what was dropped is not missed by a reader that would have passed over it") {
    memory_broker_options options = one_partition();
    options.history_messages_per_partition = 10;
    stand at(options);
    for (int i = 0; i != 25; ++i) at.publish("/topic/a", std::to_string(i), 1'000 + i);
    at.run();
    using std::chrono::milliseconds;
    using time_point = std::chrono::system_clock::time_point;
    // Of the messages dropped the youngest was sent at 1014.
    CHECK(at.read("/topic/a", 0, {time_point(milliseconds(1'014)), 100, 10'000}).status == read_status::lost);
    const read_result kept = at.read("/topic/a", 0, {time_point(milliseconds(1'015)), 100, 10'000});
    CHECK(kept.status == read_status::complete);
    CHECK(kept.messages.size() == 10);
}

TEST_CASE("a read from before the beginning is one from the beginning") {
    stand at(one_partition());
    at.publish("/topic/a", "x");
    at.run();
    for (const offset from : {offset{-1}, offset{INT64_MIN}}) {
        const read_result result = at.read("/topic/a", from);
        CHECK(result.status == read_status::complete);
        CHECK(result.messages.size() == 1);
    }
}

TEST_CASE("a read from behind the end is complete and stays where it is") {
    stand at(one_partition());
    at.publish("/topic/a", "x");
    at.run();
    const read_result result = at.read("/topic/a", 1'000);
    CHECK(result.status == read_status::complete);
    CHECK(result.messages.empty());
    CHECK(result.next.offset == 1'000);
}

TEST_CASE("a position of another partition is lost") {
    stand at;
    at.publish("/topic/a", "x");
    at.run();
    std::optional<read_status> status;
    const partition wrong = (partition_of("/topic/a", 16) + 1) % 16;
    at.subject.async_read("/topic/a", position{at.subject.epoch(), wrong, 0}, {},
                          [&](error_code, const read_result& result) { status = result.status; });
    at.run();
    CHECK(status == read_status::lost);
}

TEST_CASE("a read that passes over very many old messages rests on the way") {
    stand at(one_partition());
    for (int i = 0; i != 25'000; ++i) at.publish("/topic/a", "old", 1);
    at.publish("/topic/a", "new", 5'000);
    at.run();
    const read_bounds bounds{std::chrono::system_clock::time_point(std::chrono::milliseconds(5'000)), 10, 10'000};
    int reads = 0;
    read_result result;
    do {
        result = at.read("/topic/a", result.next.offset, bounds);
        ++reads;
    } while (result.status == read_status::more && reads < 10);
    CHECK(reads == 3);
    CHECK(result.status == read_status::complete);
    REQUIRE(result.messages.size() == 1);
    CHECK(result.messages[0].view().body == "new");
}

TEST_CASE("reads of one partition are answered by one physical read, those of two by two") {
    memory_broker_options options;
    options.partitions = 2;
    stand at(options);
    int answered = 0;
    const auto read = [&](const std::string& destination) {
        at.subject.async_read(destination, position{at.subject.epoch(), partition_of(destination, 2), 0}, {},
                              [&](error_code, const read_result&) { ++answered; });
    };
    for (int i = 0; i != 30; ++i) read("/topic/a");
    at.run();
    CHECK(answered == 30);
    CHECK(at.subject.physical_reads() == 1);
    for (int i = 0; i != 30; ++i) read("/topic/" + std::to_string(i));
    at.run();
    CHECK(answered == 60);
    CHECK(at.subject.physical_reads() == 3);
}

TEST_CASE("the sink is called by one at a time when many threads run the executor") {
    asio::io_context context;
    memory_broker subject(context.get_executor());
    counting_sink sink;
    subject.start(sink);
    std::vector<std::thread> threads;
    std::atomic<int> reads{0};
    auto work = asio::make_work_guard(context);
    for (int t = 0; t != 3; ++t) threads.emplace_back([&] { context.run(); });
    for (int t = 0; t != 3; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i != 2'000; ++i) {
                const std::string room = "/topic/" + std::to_string(i % 20);
                const outgoing one{static_cast<std::uint64_t>(t * 2'000 + i), room, "u", 1, {}, "x"};
                subject.publish({&one, 1});
                if (i % 100 == 0)
                    subject.async_read("/topic/1", position{subject.epoch(), partition_of("/topic/1", 16), 0}, {},
                                       [&](error_code, const read_result&) { ++reads; });
            }
        });
    for (std::size_t t = 3; t != threads.size(); ++t) threads[t].join();
    std::atomic<bool> stopped{false};
    subject.async_stop(std::chrono::seconds(20), [&](error_code) { stopped = true; });
    work.reset();
    for (std::size_t t = 0; t != 3; ++t) threads[t].join();
    CHECK(stopped);
    CHECK(reads == 60);
    CHECK(sink.results.size() == 6'000);
    CHECK(sink.states == std::vector{broker_state::ready, broker_state::stopped});
}

TEST_CASE("history is dropped while turns look at it") {
    memory_broker_options options = one_partition();
    options.history_messages_per_partition = 1;
    asio::io_context context;
    memory_broker subject(context.get_executor(), options);
    counting_sink sink;
    subject.start(sink);
    std::atomic<bool> done{false};
    std::thread publisher([&] {
        for (int i = 0; i != 5'000; ++i) {
            const outgoing one{1, "/topic/a", "u", 1, {}, "0123456789"};
            subject.publish({&one, 1});
            if (i % 50 == 0) subject.inject_repeat(0, 0);
            if (i % 70 == 0) subject.inject_new_log();
            if (i % 90 == 0) subject.set_partitions({});
            const partition all[] = {0};
            if (i % 90 == 5) subject.set_partitions(all);
        }
        done = true;
    });
    while (!done) {
        context.restart();
        subject.async_read("/topic/a", position{}, {}, [](error_code, const read_result& result) {
            for (const message& one : result.messages) CHECK(one.view().body == "0123456789");
        });
        context.poll();
    }
    publisher.join();
    context.restart();
    context.run();
    CHECK(std::count(sink.bodies.begin(), sink.bodies.end(), "0123456789") == static_cast<std::ptrdiff_t>(sink.bodies.size()));
    CHECK(sink.results.size() == 5'000);
}

TEST_CASE("a broker that is destroyed takes its operations with it") {
    const auto held = std::make_shared<int>();
    counting_sink sink;
    asio::io_context context;
    {
        memory_broker_options options;
        options.result_delay = std::chrono::hours(1);
        memory_broker subject(context.get_executor(), options);
        subject.start(sink);
        const outgoing one{1, "/topic/a", "u", 1, {}, "x"};
        subject.publish({&one, 1});
        context.poll();
        subject.async_read("/topic/a", position{}, {}, [held](error_code, const read_result&) { FAIL("must not be called"); });
        subject.async_stop(std::chrono::hours(1), [held](error_code) { FAIL("must not be called"); });
        CHECK(held.use_count() == 3);
    }
    CHECK(held.use_count() == 1);
    context.restart();
    context.run();
    CHECK(sink.results.empty());
}

TEST_CASE("a context that dies first takes a pending turn with it") {
    counting_sink sink;
    auto context = std::make_unique<asio::io_context>();
    auto subject = std::make_unique<memory_broker>(context->get_executor());
    subject->start(sink);
    const outgoing one{1, "/topic/a", "u", 1, {}, "x"};
    subject->publish({&one, 1});
    subject.reset();
    context.reset();
    CHECK(sink.results.empty());
}
