// Boost Software License 1.0, see LICENSE

#include "memory_stand.hpp"

#include <boost/asio/post.hpp>
#include <support/run_until.hpp>

#include <memory>
#include <thread>

// What every broker must do is in tests/contract; here is what only this one does.

using namespace memory_test;

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
