// Boost Software License 1.0, see LICENSE

#include "registry_stand.hpp"

#include <boost/asio/bind_executor.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace contract {
namespace {

using namespace stompchat;

using nodes = std::vector<node_incarnation>;
using records = std::vector<session_record>;
using people = std::vector<participant>;

void finds_sessions(registry_stand& at) {
    fill(at);
    CHECK(at.sessions_of("alice") == records{alice, alice_too});
    CHECK(at.sessions_of("bob") == records{bob});
    CHECK(at.sessions_of("nobody").empty());
    CHECK(at.session("s3") == records{bob});
    CHECK(at.session("s4").empty());
    CHECK(at.live() == nodes{a1, b1});

    CHECK(!at.remove(alice));
    CHECK(at.sessions_of("alice") == records{alice_too});
    CHECK(at.session("s1").empty());
}

void counts_participants(registry_stand& at) {
    fill(at);
    CHECK(at.participants(room) == people{{"alice", 2}, {"bob", 1}});
    CHECK(at.participants(room, 1) == people{{"alice", 2}});
    CHECK(at.participants(room, 0).empty());
    CHECK(at.participants("/topic/empty").empty());
    CHECK(at.interested(room) == nodes{a1, b1});
    CHECK(at.interested("/topic/empty").empty());

    CHECK(!at.leave(room, alice));
    CHECK(at.participants(room) == people{{"alice", 1}, {"bob", 1}});
    CHECK(at.interested(room) == nodes{b1});
    CHECK(!at.remove(alice_too));
    CHECK(at.participants(room) == people{{"bob", 1}});
    CHECK(!at.leave(room, bob));
    CHECK(at.participants(room).empty());
    CHECK(at.interested(room).empty());
    // Who left is still there.
    CHECK(at.sessions_of("bob") == records{bob});
}

void repetition_is_harmless(registry_stand& at) {
    for (int i = 0; i != 2; ++i) fill(at);
    CHECK(at.sessions_of("alice").size() == 2);
    CHECK(at.participants(room) == people{{"alice", 2}, {"bob", 1}});
    for (int i = 0; i != 2; ++i) CHECK(!at.leave(room, alice));
    CHECK(at.participants(room) == people{{"alice", 1}, {"bob", 1}});
    CHECK(!at.leave("/topic/never", alice));
    for (int i = 0; i != 2; ++i) CHECK(!at.remove(alice));
    CHECK(!at.remove({"never", "carol", a1}));
    // Too late: the session is gone, so it leaves no trace.
    CHECK(!at.join(room, alice));
    CHECK(at.participants(room) == people{{"alice", 1}, {"bob", 1}});
    for (int i = 0; i != 2; ++i) CHECK(!at.release(b1));
    CHECK(at.participants(room).empty());
}

void names_are_opaque(registry_stand& at) {
    REQUIRE(!at.hold(a1));
    const std::vector<std::string> odd = {"",  ":", "{a}", "}:{", "a:b", "a/b", " ", "\xc3\xa9\xe2\x82\xac", std::string("x\0y", 3),
                                          "%", "*", "?[a]"};
    for (const std::string& name : odd) {
        const session_record session{"s" + name, name, a1};
        CHECK(!at.add(session));
        CHECK(!at.join(name, session));
    }
    for (const std::string& name : odd) {
        CHECK(at.sessions_of(name) == records{{"s" + name, name, a1}});
        CHECK(at.participants(name) == people{{name, 1}});
    }
}

void a_lease_ends(registry_stand& at) {
    fill(at);
    // Leases do not add up.
    for (int i = 0; i != 3; ++i) CHECK(!at.hold(a1));
    at.subject->pass(at.subject->lease() / 2);
    CHECK(!at.hold(b1));
    at.subject->pass(at.subject->lease() / 2 + std::chrono::milliseconds(1));
    // The lease of b was renewed, that of a has ended.
    CHECK(at.live() == nodes{b1});
    CHECK(at.sessions_of("alice") == records{alice_too});
    CHECK(at.session("s1").empty());
    CHECK(at.participants(room) == people{{"alice", 1}, {"bob", 1}});
    CHECK(at.interested(room) == nodes{b1});
}

void a_status_is_shown_to_others(registry_stand& at) {
    const node_status with_url(true, "wss://b.example/ws");
    CHECK(!at.hold(a1, node_status(false)));
    CHECK(!at.hold(b1, with_url));
    CHECK(at.live_nodes() == std::vector<live_node>{{a1, node_status(false)}, {b1, with_url}});
    // The last word counts.
    CHECK(!at.hold(a1, node_status(true, "ws://{a}:1/ws")));
    CHECK(!at.hold(b1, node_status(false)));
    CHECK(at.live_nodes() == std::vector<live_node>{{a1, node_status(true, "ws://{a}:1/ws")}, {b1, node_status(false)}});
    // Not that of a run that was replaced.
    CHECK(!at.hold(a2, with_url));
    CHECK(at.hold(a1, node_status(false)) == error::stale_incarnation);
    CHECK(at.live_nodes().front() == live_node(a2, with_url));
}

void a_loss_of_data_is_told(registry_stand& at) {
    fill(at);
    if (!at.subject->lose_data()) return;
    CHECK(at.session("s1").empty());
    CHECK(at.participants(room).empty());
    CHECK(at.hold(a1) == error::stale_incarnation);
    CHECK(at.add(bob) == error::stale_incarnation);
    CHECK(at.join(room, bob) == error::stale_incarnation);
    CHECK(at.live().empty());

    // Everybody registers again.
    const node_incarnation b2{"b", 2};
    for (const auto& node : {a2, b2}) CHECK(!at.hold(node));
    for (const auto& session : {session_record("s1", "alice", a2), session_record("s3", "bob", b2)}) {
        CHECK(!at.add(session));
        CHECK(!at.join(room, session));
    }
    CHECK(at.live() == nodes{a2, b2});
    CHECK(at.participants(room) == people{{"alice", 1}, {"bob", 1}});
}

void the_dead_may_not_write(registry_stand& at) {
    fill(at);
    bury_a(at);
    CHECK(at.hold(a1) == error::stale_incarnation);
    CHECK(at.add({"s9", "alice", a1}) == error::stale_incarnation);
    CHECK(at.join(room, alice) == error::stale_incarnation);
    CHECK(at.leave(room, alice) == error::stale_incarnation);
    CHECK(at.remove(alice) == error::stale_incarnation);
    CHECK(at.live() == nodes{b1});
    CHECK(at.participants(room) == people{{"alice", 1}, {"bob", 1}});

    // As a new incarnation it starts from nothing.
    CHECK(!at.hold(a2));
    CHECK(at.live() == nodes{a2, b1});
    CHECK(at.session("s1").empty());
    const session_record again{"s1", "alice", a2};
    CHECK(!at.add(again));
    CHECK(!at.join(room, again));
    CHECK(at.session("s1") == records{again});
    CHECK(at.participants(room) == people{{"alice", 2}, {"bob", 1}});
}

void a_new_incarnation_replaces_the_old_one(registry_stand& at) {
    fill(at);
    CHECK(!at.hold(a2));
    CHECK(at.live() == nodes{a2, b1});
    CHECK(at.session("s1").empty());
    CHECK(at.participants(room) == people{{"alice", 1}, {"bob", 1}});
    CHECK(at.hold(a1) == error::stale_incarnation);
    CHECK(at.add(alice) == error::stale_incarnation);
    CHECK(at.release(a1) == error::stale_incarnation);
    CHECK(at.live() == nodes{a2, b1});

    // What the old one says about a session of the new one changes nothing.
    const session_record again{"s1", "alice", a2};
    CHECK(!at.add(again));
    CHECK(!at.join(room, again));
    CHECK(at.remove(alice) == error::stale_incarnation);
    CHECK(at.leave(room, alice) == error::stale_incarnation);
    CHECK(at.session("s1") == records{again});
    CHECK(at.participants(room) == people{{"alice", 2}, {"bob", 1}});
}

void a_session_that_moved_is_counted_once(registry_stand& at) {
    fill(at);
    const session_record moved{"s1", "alice", b1};
    CHECK(!at.add(moved));
    CHECK(!at.join(room, moved));
    CHECK(at.session("s1") == records{moved});
    CHECK(at.sessions_of("alice") == records{moved, alice_too});
    CHECK(at.participants(room) == people{{"alice", 2}, {"bob", 1}});
    CHECK(at.interested(room) == nodes{b1});
    // The node that it left says so late.
    CHECK(!at.leave(room, alice));
    CHECK(!at.remove(alice));
    CHECK(at.session("s1") == records{moved});
    CHECK(at.participants(room) == people{{"alice", 2}, {"bob", 1}});
}

void without_a_lease_nothing_is_registered(registry_stand& at) {
    CHECK(at.add(alice) == error::stale_incarnation);
    CHECK(at.join(room, alice) == error::stale_incarnation);
    CHECK(at.session("s1").empty());
    CHECK(at.participants(room).empty());
    CHECK(at.live().empty());
}

void a_release_forgets(registry_stand& at) {
    fill(at);
    CHECK(!at.release(b1));
    CHECK(at.live() == nodes{a1});
    CHECK(at.sessions_of("alice") == records{alice});
    CHECK(at.sessions_of("bob").empty());
    CHECK(at.participants(room) == people{{"alice", 1}});
    CHECK(at.interested(room) == nodes{a1});
    CHECK(at.add(bob) == error::stale_incarnation);
    CHECK(at.hold(b1) == error::stale_incarnation);
}

void threads_at_once(registry_stand& at) {
    REQUIRE(!at.hold(a1));
    constexpr int thread_count = 4;
    constexpr int session_count = 50;
    std::atomic<int> completed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t != thread_count; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i != session_count; ++i) {
                const session_record one{std::to_string(t) + "." + std::to_string(i), "user" + std::to_string(i), a1};
                // Chained, because operations that run at once have no order.
                at.registry.async_add_session(
                    one, [&, one](error_code) { at.registry.async_join(room, one, [&](error_code) { ++completed; }); });
            }
        });
    const bool all = support::run_until(at.context, [&] { return completed == thread_count * session_count; });
    for (std::thread& thread : threads) thread.join();
    REQUIRE(all);
    const people found = at.participants(room);
    CHECK(found.size() == session_count);
    for (const participant& one : found) CHECK(one.sessions == thread_count);
}

void handlers_run_where_they_live(registry_stand& at) {
    boost::asio::io_context other;
    std::optional<std::thread::id> ran_on;
    at.registry.async_live_nodes(boost::asio::bind_executor(
        other.get_executor(), [&](error_code, const std::vector<live_node>&) { ran_on = std::this_thread::get_id(); }));
    std::thread elsewhere([&] { other.run(); });
    const auto expected = elsewhere.get_id();
    CHECK(support::run_until(at.context, [&] { return other.stopped(); }));
    elsewhere.join();
    CHECK(ran_on == expected);
}

void an_outage_is_told(registry_stand& at) {
    fill(at);
    if (!at.subject->set_available(false)) return;
    CHECK(at.hold(a1) == error::registry_unavailable);
    CHECK(at.remove(alice) == error::registry_unavailable);
    std::optional<error_code> outcome;
    at.registry.async_participants(room, 10, [&](error_code failure, const people&) { outcome = failure; });
    REQUIRE(support::run_until(at.context, [&] { return outcome.has_value(); }));
    CHECK(*outcome == error::registry_unavailable);
    CHECK(*outcome == condition::unavailable);
    at.subject->set_available(true);
    CHECK(!at.hold(a1));
    CHECK(at.participants(room).size() == 2);
}

} // namespace

void check_registry(const make_registry& make) {
    registry_stand at(make);
    SUBCASE("sessions are found by user and by id") { finds_sessions(at); }
    SUBCASE("participants are counted by user, sorted and bounded") { counts_participants(at); }
    SUBCASE("an operation repeated changes nothing") { repetition_is_harmless(at); }
    SUBCASE("names may hold any octets") { names_are_opaque(at); }
    SUBCASE("nothing of a node is shown when its lease has ended") { a_lease_ends(at); }
    SUBCASE("what a node says with its lease is shown to the others") { a_status_is_shown_to_others(at); }
    SUBCASE("a registry that has lost its data tells every node to register again") { a_loss_of_data_is_told(at); }
    SUBCASE("a node that was declared dead may write no more, a new incarnation starts from nothing") { the_dead_may_not_write(at); }
    SUBCASE("a new incarnation replaces the old one at once") { a_new_incarnation_replaces_the_old_one(at); }
    SUBCASE("a session that moved is counted once, and late words of its old node do nothing") { a_session_that_moved_is_counted_once(at); }
    SUBCASE("without a lease nothing is registered") { without_a_lease_nothing_is_registered(at); }
    SUBCASE("a release forgets all of the node") { a_release_forgets(at); }
    SUBCASE("many threads may register at once") { threads_at_once(at); }
    SUBCASE("a handler runs on its own executor") { handlers_run_where_they_live(at); }
    SUBCASE("an outage is told as such and passes") { an_outage_is_told(at); }
}

} // namespace contract
