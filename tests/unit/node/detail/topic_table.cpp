// Boost Software License 1.0, see LICENSE

#include "queueing.hpp"

#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/node/detail/topic_table.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace stompchat;
using namespace stompchat_test;
using node::shard_event;

namespace {

// A table with the real reader behind it, in one thread.
struct fixture {
    explicit fixture(const node::topic_table::limits& limits = {})
        : log(context.get_executor(), options()), inbox(context, 1'000'000, [] {}), reader(log, {&inbox}, silent), table(0, 1, limits) {
        table.attach(reader);
    }
    ~fixture() {
        log.async_stop(std::chrono::milliseconds(0), [](error_code) {});
        run();
    }

    static memory_broker_options options() {
        memory_broker_options one;
        one.partitions = 1;
        return one;
    }
    std::vector<shard_event> run() {
        context.restart();
        context.poll();
        std::vector<shard_event> events;
        inbox.take(events);
        return events;
    }

    asio::io_context context;
    observer silent;
    memory_broker log;
    node::shard_inbox inbox;
    node::reader reader;
    node::topic_table table;
    node::topic_table::time_point now{std::chrono::hours(1)};
};

std::unique_ptr<node::subscription> fresh() { return make_subscription("s", stomp::version::v1_2, false); }

} // namespace

TEST_CASE("the first subscription registers the destination, the answer comes when the broker has begun") {
    fixture f;
    const auto sub = fresh();
    CHECK_FALSE(f.table.add(*sub, "/topic/a"));
    CHECK(sub->cursor.pending());
    CHECK(f.run().empty());
    f.log.start(f.reader);
    const auto events = f.run();
    REQUIRE(events.size() == 1);
    CHECK(events[0].what == shard_event::kind::answer);
    node::topic_table::topic* const found = f.table.find(events[0].slot, events[0].number);
    REQUIRE(found != nullptr);
    CHECK(found->name == "/topic/a");
    CHECK(f.table.find(events[0].slot, events[0].number + 1) == nullptr);
    CHECK(f.table.find(99, events[0].number) == nullptr);
}

TEST_CASE("later subscriptions of a live destination can begin at once, at the highest position that was told") {
    fixture f;
    f.log.start(f.reader);
    const auto first = fresh();
    f.table.add(*first, "/topic/a");
    f.table.at(first->slot).live = true;
    f.table.tell({1, 0, 30});
    f.table.tell({1, 0, 20});
    CHECK(f.table.told(0) == 30);
    const auto second = fresh();
    CHECK(f.table.add(*second, "/topic/a"));
    CHECK(second->slot == first->slot);
    CHECK(f.table.size() == 1);
    CHECK(f.table.name(first->slot) == "/topic/a");
}

TEST_CASE("with its last subscription a destination goes, and its number is not used again") {
    fixture f;
    f.log.start(f.reader);
    std::vector<std::unique_ptr<node::subscription>> subs;
    for (int i = 0; i != 3; ++i) {
        subs.push_back(fresh());
        f.table.add(*subs.back(), "/topic/a");
    }
    const auto slot = subs[0]->slot;
    const auto number = f.table.at(slot).number;
    f.table.remove(*subs[0], f.now);
    f.table.remove(*subs[2], f.now);
    CHECK(f.table.find(slot, number) != nullptr);
    const auto& left = f.table.at(slot).subscriptions;
    CHECK(std::vector(left.begin(), left.end()) == std::vector<node::subscription*>{subs[1].get()});
    CHECK(subs[1]->index == 0);
    f.table.remove(*subs[1], f.now);
    CHECK(f.table.find(slot, number) == nullptr);
    CHECK(f.table.size() == 0);

    const auto again = fresh();
    f.table.add(*again, "/topic/a");
    CHECK(again->slot == slot);
    CHECK(f.table.at(slot).number != number);
    const auto events = f.run();
    // Both registrations were answered, and only the second answer finds its topic.
    REQUIRE(events.size() == 2);
    CHECK(f.table.find(events[0].slot, events[0].number) == nullptr);
    CHECK(f.table.find(events[1].slot, events[1].number) == &f.table.at(slot));
}

TEST_CASE("records reach a registered destination, none comes behind its removal") {
    fixture f;
    f.log.start(f.reader);
    const auto sub = fresh();
    f.table.add(*sub, "/topic/a");
    f.run();
    outgoing message;
    message.destination = "/topic/a";
    message.body = "x";
    f.log.publish({&message, 1});
    const auto events = f.run();
    REQUIRE(events.size() == 2); // the result, the record
    f.table.remove(*sub, f.now);
    f.run();
    f.log.publish({&message, 1});
    for (const shard_event& one : f.run()) CHECK(one.what == shard_event::kind::result);
}

namespace {

node::frame_ref text(offset at, std::string_view body) {
    record_view record;
    record.at = {1, 0, at};
    record.destination = "/topic/a";
    record.body = body;
    return node::frame::make_message(record);
}

std::vector<offset> recent(const node::topic_table::topic& of, offset from) {
    std::vector<offset> found;
    of.recent.for_each_from(from, [&](offset at, const node::frame_ref&) {
        found.push_back(at);
        return true;
    });
    return found;
}

} // namespace

TEST_CASE("a destination without subscriptions lingers, and whoever comes back finds its recent messages") {
    fixture f({1'000'000, std::chrono::seconds(30), 10});
    f.log.start(f.reader);
    auto sub = fresh();
    f.table.add(*sub, "/topic/a");
    const auto slot = sub->slot;
    const auto number = f.table.at(slot).number;
    f.table.at(slot).live = true;
    f.table.remember(f.table.at(slot), text(3, "three"));
    f.table.remove(*sub, f.now);
    f.table.expire(f.now + std::chrono::seconds(29));
    REQUIRE(f.table.find(slot, number) != nullptr);
    sub = fresh();
    CHECK(f.table.add(*sub, "/topic/a"));
    CHECK(recent(f.table.at(slot), 0) == std::vector<offset>{3});
    // The time does not run while somebody is there, and begins anew.
    f.table.expire(f.now + std::chrono::seconds(60));
    REQUIRE(f.table.find(slot, number) != nullptr);
    f.table.remove(*sub, f.now + std::chrono::seconds(60));
    f.table.expire(f.now + std::chrono::seconds(90));
    CHECK(f.table.find(slot, number) == nullptr);
    CHECK(f.table.recent_octets() == 0);
}

TEST_CASE("only so many destinations linger, those go first that were left first") {
    fixture f({1'000, std::chrono::seconds(30), 2});
    f.log.start(f.reader);
    std::vector<std::unique_ptr<node::subscription>> subs;
    for (const char* name : {"/topic/a", "/topic/b", "/topic/c"}) {
        subs.push_back(fresh());
        f.table.add(*subs.back(), name);
    }
    for (const auto& one : subs) f.table.remove(*one, f.now);
    CHECK(f.table.size() == 2);
    CHECK(f.table.find("/topic/a") == nullptr);
    CHECK(f.table.find("/topic/c") != nullptr);
}

TEST_CASE("the recent messages of all destinations together are bounded, the oldest go first") {
    const std::size_t one = text(0, std::string(100, 'x'))->size();
    fixture f({4 * one, std::chrono::seconds(30), 10});
    f.log.start(f.reader);
    const auto a = fresh();
    const auto b = fresh();
    f.table.add(*a, "/topic/a");
    f.table.add(*b, "/topic/b");
    for (offset at = 0; at != 3; ++at) f.table.remember(f.table.at(a->slot), text(at, std::string(100, 'x')));
    for (offset at = 3; at != 6; ++at) f.table.remember(f.table.at(b->slot), text(at, std::string(100, 'x')));
    CHECK(f.table.recent_octets() == 4 * one);
    CHECK(recent(f.table.at(a->slot), 0) == std::vector<offset>{2});
    CHECK_FALSE(f.table.at(a->slot).recent.covers(1));
    CHECK(recent(f.table.at(b->slot), 0) == std::vector<offset>{3, 4, 5});
    CHECK(f.table.at(a->slot).last == 2);
}

TEST_CASE("what is forgotten and remembered for ever does not make the bookkeeping grow") {
    fixture f({1'000'000, std::chrono::seconds(30), 10});
    f.log.start(f.reader);
    const auto a = fresh();
    f.table.add(*a, "/topic/a");
    node::topic_table::topic& topic = f.table.at(a->slot);
    for (offset at = 0; at != 10'000; ++at) {
        f.table.remember(topic, text(at, "x"));
        if (at % 3 == 0) f.table.forget_recent(topic, at + 1);
    }
    CHECK(f.table.bookkeeping() < 4'000);
    CHECK(topic.recent.floor() == 10'000);
    CHECK(f.table.recent_octets() == 0);
}

TEST_CASE("a read goes in front of the recent messages when it reaches them") {
    fixture f({1'000'000, std::chrono::seconds(30), 10});
    f.log.start(f.reader);
    const auto a = fresh();
    f.table.add(*a, "/topic/a");
    node::topic_table::topic& topic = f.table.at(a->slot);
    topic.recent.reset(10);
    f.table.remember(topic, text(12, "twelve"));
    f.table.remember_earlier(topic, 4, {{5, text(5, "five")}, {8, text(8, "eight")}, {12, text(12, "twice")}});
    CHECK(recent(topic, 4) == std::vector<offset>{5, 8, 12});
    CHECK(recent(topic, 6) == std::vector<offset>{8, 12});
    CHECK(f.table.recent_octets() == text(5, "five")->size() + text(8, "eight")->size() + text(12, "twelve")->size());
}
