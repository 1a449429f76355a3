// Boost Software License 1.0, see LICENSE

#include "registry_stand.hpp"

namespace {

using namespace registry_tests;

const std::string room = "/topic/a";
constexpr auto lease = 900ms;

using people = std::vector<participant>;
using runs = std::vector<std::string>;

/// Two nodes, each in a process of its own; alice is on a, alice and bob are on b.
struct two_nodes {
    two_nodes() {
        a.connect();
        b.connect();
        REQUIRE(a.hold(a1, lease) == error_code());
        REQUIRE(b.hold(b1, lease) == error_code());
        REQUIRE(!a.add(alice));
        REQUIRE(!a.join(room, alice));
        for (const session_record& one : {alice_too, bob}) {
            REQUIRE(!b.add(one));
            REQUIRE(!b.join(room, one));
        }
    }
    /// Nothing is left of the run.
    bool is_cleared_up(const node_incarnation& run) {
        const std::string name = redis::run_name(run);
        if (console({"EXISTS", "sc:" + options.cluster + ":nu:{" + name + "}"}).integer() != 0) return false;
        return console({"ZSCORE", "sc:{" + options.cluster + "}:dead", name}).is_nil();
    }

    const node_incarnation a1{"a", 1};
    const node_incarnation a2{"a", 2};
    const node_incarnation b1{"b", 1};
    const node_incarnation b2{"b", 2};
    const session_record alice{"s1", "alice", a1};
    const session_record alice_too{"s2", "alice", b1};
    const session_record bob{"s3", "bob", b1};

    boost::asio::io_context context;
    const redis_registry_options options = options_for_test();
    redis_console console{context};
    process a{context, options};
    process b{context, options};
};

} // namespace

TEST_CASE("two nodes with registries of their own see each other") {
    two_nodes at;
    CHECK(at.a.live() == runs{"a/0000000000000001", "b/0000000000000001"});
    CHECK(at.a.participants(room) == people{{"alice", 2}, {"bob", 1}});
    CHECK(at.b.participants(room) == people{{"alice", 2}, {"bob", 1}});
    CHECK(at.a.sessions_of("bob") == std::vector<session_record>{at.bob});
    CHECK(at.b.sessions_of("alice").size() == 2);
}

TEST_CASE("a node that is gone is declared dead, its sessions are forgotten, and those who watch are told") {
    two_nodes at;
    const session_record carol("s4", "carol", at.a1);
    REQUIRE(!at.a.add(carol));
    REQUIRE(!at.a.join(room, carol));
    const auto sink = std::make_shared<recording_sink>();
    CHECK(!wait_for(at.context, [&](auto done) { at.b.registry.async_watch_presence(room, sink, done); }));
    at.a.network.cut();
    at.a.network.refuse = true;
    REQUIRE(at.b.hold_until(at.b1, lease, [&] { return at.is_cleared_up(at.a1) && !sink->told.empty(); }));
    CHECK(sink->told == std::vector<std::string>{"-carol 2"});
    CHECK(at.b.live() == runs{"b/0000000000000001"});
    CHECK(at.b.participants(room) == people{{"alice", 1}, {"bob", 1}});
    CHECK(at.console({"EXISTS", "sc:" + at.options.cluster + ":s:{s1}", "sc:" + at.options.cluster + ":u:{carol}:s"}).integer() == 0);
}

TEST_CASE("a node that was declared dead and comes back is told so, and registers again without being counted twice") {
    two_nodes at;
    at.a.network.swallow = true;
    REQUIRE(at.b.hold_until(at.b1, lease, [&] { return at.b.live().size() == 1 && at.is_cleared_up(at.a1); }));
    at.a.network.cut();
    at.a.network.swallow = false;
    REQUIRE(support::run_until(at.context, [&] { return at.a.hold(at.a1, lease) == error::stale_incarnation; }));
    CHECK(at.a.add(at.alice) == error::stale_incarnation);
    CHECK(at.a.join(room, at.alice) == error::stale_incarnation);

    CHECK(!at.a.hold(at.a2, lease));
    const session_record again("s1", "alice", at.a2);
    CHECK(!at.a.add(again));
    CHECK(!at.a.join(room, again));
    CHECK(at.b.participants(room) == people{{"alice", 2}, {"bob", 1}});
    CHECK(at.b.view(room).count == 2);
}

TEST_CASE("who registers again before anybody has cleared up never left") {
    two_nodes at;
    const session_record carol("s4", "carol", at.a1);
    REQUIRE(!at.a.add(carol));
    REQUIRE(!at.a.join(room, carol));
    const auto sink = std::make_shared<recording_sink>();
    CHECK(!wait_for(at.context, [&](auto done) { at.b.registry.async_watch_presence(room, sink, done); }));
    CHECK(!at.a.hold(at.a2, lease));
    for (const session_record& one : {session_record("s1", "alice", at.a2), session_record("s4", "carol", at.a2)}) {
        CHECK(!at.a.add(one));
        CHECK(!at.a.join(room, one));
    }
    process& a = at.a;
    REQUIRE(a.hold_until(at.a2, lease, [&] {
        CHECK(at.b.hold(at.b1, lease) == error_code());
        return at.is_cleared_up(at.a1);
    }));
    CHECK(at.a.view(room).users == std::vector<std::string>{"alice", "bob", "carol"});
    CHECK(at.a.participants(room) == people{{"alice", 2}, {"bob", 1}, {"carol", 1}});
    CHECK(sink->told.empty());
}

TEST_CASE("a Redis that was emptied tells every node to register again, and then everything is there again") {
    two_nodes at;
    at.console({"FLUSHALL"});
    CHECK(at.a.hold(at.a1, lease) == error::stale_incarnation);
    CHECK(at.b.hold(at.b1, lease) == error::stale_incarnation);
    CHECK(at.b.add(at.bob) == error::stale_incarnation);
    CHECK(!at.a.hold(at.a2, lease));
    CHECK(!at.b.hold(at.b2, lease));
    // Once for each loss.
    CHECK(!at.a.hold(at.a2, lease));
    CHECK(!at.b.hold(at.b2, lease));
    const session_record again("s3", "bob", at.b2);
    CHECK(!at.b.add(again));
    CHECK(!at.b.join(room, again));
    CHECK(at.a.participants(room) == people{{"bob", 1}});
}

TEST_CASE("what is written between a loss of data and its discovery is cleared up behind") {
    two_nodes at;
    at.console({"FLUSHALL"});
    CHECK(!at.a.add(at.alice));
    CHECK(!at.a.join(room, at.alice));
    CHECK(at.b.participants(room).empty());
    CHECK(at.a.hold(at.a1, lease) == error::stale_incarnation);
    CHECK(!at.a.hold(at.a2, lease));
    REQUIRE(at.a.hold_until(at.a2, lease, [&] { return at.is_cleared_up(at.a1); }));
    CHECK(at.console.keys(at.options.cluster).empty());
}

TEST_CASE("another server, or the same one started anew, makes every node register again") {
    two_nodes at;
    services::tell("stop redis");
    services::tell("start redis");
    REQUIRE(support::run_until(at.context, [&] { return at.a.hold(at.a1, lease) != error::registry_unavailable; }));
    CHECK(at.a.hold(at.a1, lease) == error::stale_incarnation);
    REQUIRE(support::run_until(at.context, [&] { return at.b.hold(at.b1, lease) != error::registry_unavailable; }));
    CHECK(at.b.hold(at.b1, lease) == error::stale_incarnation);
    CHECK(!at.a.hold(at.a2, lease));
    CHECK(!at.b.hold(at.b2, lease));
}

TEST_CASE("a Redis that was held up for longer than a lease costs nobody his life") {
    two_nodes at;
    for (int i = 0; i != 8; ++i) {
        CHECK(!at.a.hold(at.a1, lease));
        CHECK(!at.b.hold(at.b1, lease));
        pass(at.context, lease / 5);
    }
    services::tell("hold redis");
    // Heart-beats go on, and lie in Redis's socket.
    const auto end = std::chrono::steady_clock::now() + lease * 3;
    while (std::chrono::steady_clock::now() < end) {
        at.a.registry.async_hold_lease(at.a1, node_status(), lease, [](error_code) {});
        at.b.registry.async_hold_lease(at.b1, node_status(), lease, [](error_code) {});
        pass(at.context, lease / 5);
    }
    services::tell("go_on redis");
    // a comes back at once, b takes its time.
    REQUIRE(at.a.hold_until(at.a1, lease, [&] { return at.a.live() == runs{"a/0000000000000001"} || at.a.live().size() == 2; }));
    CHECK(!at.a.hold(at.a1, lease));
    REQUIRE(support::run_until(at.context, [&] { return at.b.hold(at.b1, lease) != error::registry_unavailable; }));
    CHECK(!at.b.hold(at.b1, lease));
    CHECK(at.a.live().size() == 2);
    CHECK(at.a.participants(room) == people{{"alice", 2}, {"bob", 1}});
}

TEST_CASE("a change that Redis did not take is made up for when it is back, in order") {
    two_nodes at;
    CHECK(!at.a.hold(at.a1, 30s));
    CHECK(!at.b.hold(at.b1, 30s));
    at.a.network.cut();
    at.a.network.refuse = true;
    const session_record carol("s4", "carol", at.a1);
    CHECK(at.a.add(carol) == error::registry_unavailable);
    at.a.registry.async_join(room, carol, [](error_code) {});
    at.a.registry.async_join("/topic/b", carol, [](error_code) {});
    at.a.registry.async_leave(room, carol, [](error_code) {});
    at.a.network.refuse = false;
    REQUIRE(support::run_until(at.context, [&] { return !at.b.participants("/topic/b").empty(); }));
    CHECK(!at.a.hold(at.a1, 30s));
    CHECK(at.a.participants(room) == people{{"alice", 2}, {"bob", 1}});
    CHECK(at.a.participants("/topic/b") == people{{"carol", 1}});
}

TEST_CASE("when too many changes were dropped the node is told to register again") {
    boost::asio::io_context context;
    redis_registry_options options = options_for_test();
    options.max_changes = 10;
    process a(context, options);
    a.connect();
    const node_incarnation a1("a", 1);
    const node_incarnation a2("a", 2);
    REQUIRE(!a.hold(a1, lease));
    a.network.cut();
    a.network.refuse = true;
    for (int i = 0; i != 11; ++i) a.registry.async_add_session({"s" + std::to_string(i), "alice", a1}, [](error_code) {});
    support::run_ready(context);
    a.network.refuse = false;
    REQUIRE(support::run_until(context, [&] { return a.hold(a1, lease) == error::stale_incarnation; }));
    CHECK(!a.hold(a2, lease));
    CHECK(!a.add({"s1", "alice", a2}));
}

TEST_CASE("entries of a run that nobody knows are found and removed, others stay") {
    two_nodes at;
    const std::string rest = "sc:" + at.options.cluster + ":";
    // As Redis would have them after losing a part of its data.
    at.console({"HSET", rest + "nu:{x/0000000000000001}", "s8", "1 dave"});
    at.console({"HSET", rest + "s:{s8}", "n", "x/0000000000000001", "v", "1", "u", "dave", "r/topic/b", "2"});
    at.console({"HSET", rest + "s:{s9}", "n", "x/0000000000000002", "v", "1", "u", "eve", "r/topic/b", "2"});
    at.console({"HSET", rest + "u:{eve}:s", "s9", "x/0000000000000002 1"});
    at.console({"HSET", rest + "u:{frank}:s", "s7", "x/0000000000000003 1"});
    at.console({"HSET", rest + "r:{/topic/b}:o", "s9", "x/0000000000000002 2 eve"});
    at.console({"HSET", rest + "r:{/topic/b}:uc", "eve", "1"});
    at.console({"HSET", rest + "r:{/topic/b}:n", "x/0000000000000002", "1", "v", "100"});
    at.console({"HSET", rest + "r:{/topic/c}:o", "s6", "x/0000000000000004 2 grace"});
    at.console({"HSET", rest + "r:{/topic/c}:uc", "grace", "1"});
    at.console({"HSET", rest + "r:{/topic/c}:n", "x/0000000000000004", "1", "v", "100"});
    const auto before = at.console.keys(at.options.cluster).size();

    redis_registry_options options = at.options;
    options.sweep_interval = 1s;
    options.sweep_rate = 100'000;
    process c(at.context, options);
    c.connect();
    const node_incarnation c1("c", 1);
    REQUIRE(c.hold_until(c1, lease, [&] {
        CHECK(!at.a.hold(at.a1, lease));
        CHECK(!at.b.hold(at.b1, lease));
        return at.console.keys(at.options.cluster).size() == before - 11;
    }));
    CHECK(c.participants(room) == people{{"alice", 2}, {"bob", 1}});
    CHECK(c.sessions_of("alice").size() == 2);
    CHECK(c.view("/topic/b").count == 0);
}
