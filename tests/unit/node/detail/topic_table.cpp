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
    fixture() : log(context.get_executor(), options()), inbox(context, 1'000'000, [] {}), reader(log, {&inbox}, silent), table(0, 1) {
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

TEST_CASE("later subscriptions of a live destination begin at once, at the highest position that was told") {
    fixture f;
    f.log.start(f.reader);
    const auto first = fresh();
    f.table.add(*first, "/topic/a");
    f.table.at(first->slot).live = true;
    f.table.tell(0, 30);
    f.table.tell(0, 20);
    CHECK(f.table.told(0) == 30);
    const auto second = fresh();
    CHECK(f.table.add(*second, "/topic/a"));
    CHECK(second->slot == first->slot);
    CHECK(second->cursor.live());
    CHECK(second->cursor.next() == 30);
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
    f.table.remove(*subs[0]);
    f.table.remove(*subs[2]);
    CHECK(f.table.find(slot, number) != nullptr);
    const auto& left = f.table.at(slot).subscriptions;
    CHECK(std::vector(left.begin(), left.end()) == std::vector<node::subscription*>{subs[1].get()});
    CHECK(subs[1]->index == 0);
    f.table.remove(*subs[1]);
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
    f.table.remove(*sub);
    f.run();
    f.log.publish({&message, 1});
    for (const shard_event& one : f.run()) CHECK(one.what == shard_event::kind::result);
}
