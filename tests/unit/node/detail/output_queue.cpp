// Boost Software License 1.0, see LICENSE

#include "queueing.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace stompchat;
using namespace stompchat_test;
using node::delivery_entry;
using node::entry_pool;
using node::frame;

namespace {

std::vector<std::string> contents(const node::output_queue& queue) {
    std::vector<std::string> all;
    queue.for_each([&](const delivery_entry& entry) {
        all.emplace_back(entry.what->octets());
        return true;
    });
    return all;
}

} // namespace

TEST_CASE("entries leave a queue in the order in which they came, over many blocks") {
    queueing q;
    std::vector<std::string> expected;
    for (int i = 0; i != 200; ++i) {
        expected.push_back(std::to_string(i));
        q.push(frame::make(frame::kind::stomp, expected.back()));
        if (i % 3 == 0) {
            CHECK(contents(q.queue) == expected);
            q.queue.pop(q.pool);
            expected.erase(expected.begin());
        }
    }
    CHECK(contents(q.queue) == expected);
    while (!q.queue.empty()) {
        q.queue.pop(q.pool);
        expected.erase(expected.begin());
        CHECK(contents(q.queue) == expected);
    }
    CHECK(expected.empty());
    CHECK(q.queue.octets() == 0);
    q.push(frame::make(frame::kind::stomp, "again"));
    CHECK(contents(q.queue) == std::vector<std::string>{"again"});
}

TEST_CASE("a walk through the queue ends where it is told to") {
    queueing q;
    for (int i = 0; i != 100; ++i) q.push(frame::make(frame::kind::stomp, "x"));
    int seen = 0;
    q.queue.for_each([&](const delivery_entry&) { return ++seen != 40; });
    CHECK(seen == 40);
}

TEST_CASE("an entry counts its frame, its subscription's line and itself, so that tiny frames are bounded too") {
    queueing q;
    const auto sub = make_subscription("12345", stomp::version::v1_2, false);
    q.push(frame::make(frame::kind::stomp, std::string(100, 'x')));
    CHECK(q.queue.octets() == 100 + sizeof(delivery_entry));
    q.push(frame::make(frame::kind::stomp, ""), sub.get());
    CHECK(q.queue.octets() == 100 + 2 * sizeof(delivery_entry) + sub->head.size());
    CHECK(sub->queued == 1);
    q.queue.clear(q.pool);
    CHECK(q.queue.octets() == 0);
    CHECK(sub->queued == 0);
}

TEST_CASE("a subscription that was removed lives until its last queued delivery has gone") {
    queueing q;
    // Its read link tells when it dies.
    const auto link = std::make_shared<node::feed_link>();
    auto sub = make_subscription("1", stomp::version::v1_2, false);
    link->to = sub.get();
    sub->reading = link;
    node::subscription* const raw = sub.get();
    q.push(make_message(1, "a"), raw);
    q.push(make_message(2, "b"), raw);
    sub.release()->removed = true;
    q.queue.pop(q.pool);
    CHECK(link->to == raw);
    q.queue.pop(q.pool);
    CHECK(link->to == nullptr);
}

TEST_CASE("a queue holds its frames, and lets go of them") {
    node::frame_budget budget;
    queueing q;
    node::frame_ref shared = frame::make(frame::kind::stomp, "abc");
    shared->charge(budget);
    q.push(shared);
    q.push(shared);
    shared = {};
    q.queue.pop(q.pool);
    CHECK(budget.octets == 3);
    q.queue.pop(q.pool);
    CHECK(budget.octets == 0);
}

TEST_CASE("blocks are used again, clean") {
    entry_pool pool;
    entry_pool::block* const first = pool.take();
    first->begin = 3;
    first->end = 7;
    entry_pool::block* const second = pool.take();
    first->next = second;
    pool.give(first);
    entry_pool::block* const again = pool.take();
    CHECK(again == first);
    CHECK(again->next == nullptr);
    CHECK(again->begin == 0);
    CHECK(again->end == 0);
    pool.give(again);
    pool.give(second);
    CHECK(pool.take() == second);
    CHECK(pool.take() == first);
    pool.give(first);
    pool.give(second);
}
