// Boost Software License 1.0, see LICENSE

#include "queueing.hpp"

#include <stompchat/node/detail/shard_inbox.hpp>

#include <doctest/doctest.h>

#include <boost/asio/executor_work_guard.hpp>

#include <thread>
#include <vector>

using namespace stompchat;
using namespace stompchat_test;
using node::shard_event;
using node::shard_inbox;
using kind = shard_event::kind;

namespace {

struct fixture {
    explicit fixture(std::size_t room) : inbox(context, room, [this] { ++wake_ups; }) {}

    std::vector<shard_event> take() {
        std::vector<shard_event> events;
        inbox.take(events);
        return events;
    }
    int run() {
        context.restart();
        context.poll();
        return wake_ups;
    }

    node::asio::io_context context;
    int wake_ups = 0;
    shard_inbox inbox;
    delivery::registration a{0, 1, 10};
    delivery::registration b{0, 2, 20};
};

} // namespace

TEST_CASE("a batch arrives whole, in order, with one wake-up") {
    fixture f(1'000'000);
    f.inbox.put_record(f.a, make_message(5, "five"));
    f.inbox.put_answer(f.b, {1, 0, 6}, {});
    f.inbox.put_result({99, error::message_too_large, {1, 2, 3}});
    f.inbox.put_record(f.b, make_message(7, "seven"));
    CHECK(f.take().empty());
    f.inbox.wake();
    CHECK(f.run() == 1);
    const auto events = f.take();
    REQUIRE(events.size() == 4);
    CHECK(events[0].what == kind::record);
    CHECK(events[0].slot == 1);
    CHECK(events[0].number == 10);
    CHECK(events[0].at.offset == 5);
    CHECK(events[0].message->message_id() == message_id(5));
    CHECK(events[1].what == kind::answer);
    CHECK(events[1].slot == 2);
    CHECK(events[1].number == 20);
    CHECK(events[1].at.offset == 6);
    CHECK(events[2].what == kind::result);
    CHECK(events[2].number == 99);
    CHECK(events[2].error == error::message_too_large);
    CHECK(events[2].at == position{1, 2, 3});
    CHECK(events[3].at.offset == 7);
    CHECK(f.take().empty());
}

TEST_CASE("nothing to tell wakes nobody, and what is not taken yet is not told again") {
    fixture f(1'000'000);
    f.inbox.wake();
    CHECK(f.run() == 0);
    f.inbox.put_answer(f.a, {1, 0, 1}, {});
    f.inbox.wake();
    f.inbox.put_answer(f.a, {1, 0, 2}, {});
    f.inbox.wake();
    CHECK(f.run() == 1);
    CHECK(f.take().size() == 2);
    f.inbox.put_answer(f.a, {1, 0, 3}, {});
    f.inbox.wake();
    CHECK(f.run() == 2);
    CHECK(f.take().size() == 1);
}

TEST_CASE("the room is what is gathered and what waits, and comes back when the shard has taken it") {
    const std::size_t size = make_message(1, "x")->size();
    fixture f(2 * size);
    CHECK(f.inbox.has_room());
    f.inbox.put_record(f.a, make_message(1, "x"));
    CHECK(f.inbox.has_room());
    f.inbox.put_record(f.a, make_message(2, "x"));
    CHECK_FALSE(f.inbox.has_room());
    f.inbox.wake();
    CHECK_FALSE(f.inbox.has_room());
    f.take();
    // The next wake-up sees it.
    f.inbox.put_answer(f.a, {1, 0, 3}, {});
    f.inbox.wake();
    CHECK(f.inbox.has_room());
}

TEST_CASE("what is missed is told once per destination, with the first and the last, behind the batch's records") {
    fixture f(1'000'000);
    f.inbox.put_missed(f.a, {1, 0, 10});
    f.inbox.put_missed(f.b, {1, 0, 11});
    f.inbox.put_missed(f.a, {1, 0, 12});
    f.inbox.put_record(f.b, make_message(9, "x"));
    f.inbox.put_missed(f.a, {1, 0, 15});
    f.inbox.wake();
    f.run();
    const auto events = f.take();
    REQUIRE(events.size() == 3);
    CHECK(events[0].what == kind::record);
    CHECK(events[1].what == kind::missed);
    CHECK(events[1].slot == 1);
    CHECK(events[1].first == 10);
    CHECK(events[1].at.offset == 15);
    CHECK(events[2].slot == 2);
    CHECK(events[2].first == 11);
    CHECK(events[2].at.offset == 11);

    f.inbox.put_missed(f.a, {1, 0, 20});
    f.inbox.wake();
    CHECK(f.take().at(0).first == 20);
}

TEST_CASE("a registration that is not the same has its own missed event") {
    fixture f(1'000'000);
    f.inbox.put_missed({0, 1, 10}, {1, 0, 1});
    f.inbox.put_missed({0, 1, 11}, {1, 0, 2});
    f.inbox.wake();
    CHECK(f.take().size() == 2);
}

TEST_CASE("batches cross threads without loss and in order") {
    constexpr int count = 20'000;
    node::asio::io_context context;
    auto work = node::asio::make_work_guard(context);
    std::vector<offset> got;
    shard_inbox* receiving = nullptr;
    std::vector<shard_event> events;
    shard_inbox inbox(context, 1'000'000, [&] {
        receiving->take(events);
        for (const shard_event& one : events) got.push_back(one.at.offset);
        events.clear();
        if (got.size() == count) work.reset();
    });
    receiving = &inbox;
    std::thread shard([&] { context.run(); });
    for (int i = 0; i != count; ++i) {
        inbox.put_answer({0, 0, 1}, {1, 0, i}, {});
        if (i % 7 == 0 || i == count - 1) inbox.wake();
    }
    shard.join();
    REQUIRE(got.size() == count);
    for (int i = 0; i != count; ++i) REQUIRE(got[static_cast<std::size_t>(i)] == i);
}
