// Boost Software License 1.0, see LICENSE

#include "registry_stand.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace contract {
namespace {

using names = std::vector<std::string>;

/// Remembers what it was told: `+alice 1`, `-bob 0`; the number is the count.
class recording_sink final : public presence_sink {
public:
    void on_presence(std::span<const presence_change> changes) override {
        for (const presence_change& one : changes) {
            told.push_back((one.joined ? '+' : '-') + one.user + ' ' + std::to_string(one.count));
            rooms.push_back(one.room);
            versions.push_back(one.version);
        }
    }
    void on_presence_interrupted() override { ++interruptions; }

    names told;
    names rooms;
    std::vector<std::uint64_t> versions;
    int interruptions = 0;
};

/** A registry that is watched. */
struct presence_stand : registry_stand {
    explicit presence_stand(const make_registry& make) : registry_stand(make) {
        for (const auto& node : {a1, b1}) REQUIRE(!hold(node));
        for (const auto& session : {alice, alice_too, bob}) REQUIRE(!add(session));
    }
    error_code watch(const std::string& name, const std::shared_ptr<recording_sink>& sink) {
        return change([&](auto done) { registry.async_watch_presence(name, sink, done); });
    }
    presence_view view(const std::string& name, std::size_t most = 1'000) {
        std::optional<presence_view> outcome;
        registry.async_presence(name, most, [&](error_code failure, presence_view found) {
            CHECK(!failure);
            outcome = std::move(found);
        });
        CHECK_MESSAGE(!outcome, "completed inside its initiation");
        REQUIRE(support::run_until(context, [&] { return outcome.has_value(); }));
        return *outcome;
    }
    /// Waits until so much was told, and sees that it is that.
    void expect(const std::shared_ptr<recording_sink>& by, const names& wanted) {
        CHECK(support::run_until(context, [&] { return by->told.size() >= wanted.size(); }));
        support::run_ready(context);
        CHECK(by->told == wanted);
    }

    std::shared_ptr<recording_sink> sink = std::make_shared<recording_sink>();
};

void a_view_names_each_user_once(presence_stand& at) {
    const presence_view empty = at.view(room);
    CHECK(empty.count == 0);
    CHECK(empty.users.empty());
    for (const auto& session : {bob, alice_too, alice}) CHECK(!at.join(room, session));
    const presence_view found = at.view(room);
    CHECK(found.count == 2);
    CHECK(found.users == names{"alice", "bob"});
    CHECK(found.version > empty.version);
    CHECK(found.version < std::uint64_t(1) << 53);
    CHECK(at.view(room, 2) == found);
    const presence_view big = at.view(room, 1);
    CHECK(big.count == 2);
    CHECK(big.users.empty());
    CHECK(big.version == found.version);
}

void changes_are_told(presence_stand& at) {
    CHECK(!at.watch(room, at.sink));
    CHECK(!at.watch(room, at.sink));
    for (const auto& session : {alice, alice_too, bob, bob}) CHECK(!at.join(room, session));
    CHECK(!at.join("/topic/b", bob));
    CHECK(!at.leave(room, alice));
    CHECK(!at.leave(room, alice_too));
    CHECK(!at.leave(room, alice_too));
    const presence_view found = at.view(room);
    CHECK(!at.remove(bob));
    at.expect(at.sink, {"+alice 1", "+bob 2", "-alice 1", "-bob 0"});
    CHECK(at.sink->rooms == names(4, room));
    for (std::size_t i = 1; i != at.sink->versions.size(); ++i) CHECK(at.sink->versions[i] == at.sink->versions[i - 1] + 1);
    CHECK(found.version == at.sink->versions.at(2));
}

void every_watcher_is_told_until_it_stops(presence_stand& at) {
    const auto other = std::make_shared<recording_sink>();
    CHECK(!at.watch(room, at.sink));
    CHECK(!at.watch(room, other));
    CHECK(!at.watch("/topic/b", other));
    CHECK(!at.join(room, alice));
    at.expect(at.sink, {"+alice 1"});
    at.expect(other, {"+alice 1"});
    at.registry.unwatch_presence(room, at.sink);
    at.registry.unwatch_presence("/topic/never", at.sink);
    CHECK(!at.join(room, bob));
    CHECK(!at.join("/topic/b", bob));
    at.expect(other, {"+alice 1", "+bob 2", "+bob 1"});
    at.expect(at.sink, {"+alice 1"});
}

void versions_do_not_step_back(presence_stand& at) {
    CHECK(!at.watch(room, at.sink));
    std::uint64_t last = 0;
    for (int i = 0; i != 20; ++i) {
        CHECK(!at.join(room, alice));
        CHECK(!at.leave(room, alice));
        // Also the version of a room that is empty.
        const std::uint64_t now = at.view(room).version;
        CHECK(now > last);
        last = now;
    }
    CHECK(support::run_until(at.context, [&] { return at.sink->told.size() == 40; }));
    CHECK(std::is_sorted(at.sink->versions.begin(), at.sink->versions.end(), std::less_equal<>()));
}

void who_is_back_in_time_never_left(presence_stand& at) {
    CHECK(!at.watch(room, at.sink));
    CHECK(!at.join(room, alice));
    CHECK(!at.mark_leaving(alice));
    // The session is gone for all but the room.
    CHECK(at.session("s1").empty());
    CHECK(at.sessions_of("alice") == std::vector<session_record>{alice_too});
    CHECK(at.view(room).users == names{"alice"});
    CHECK(!at.join(room, alice_too));
    CHECK(!at.remove(alice));
    CHECK(at.view(room).users == names{"alice"});
    at.expect(at.sink, {"+alice 1"});
    CHECK(!at.leave(room, alice_too));
    at.expect(at.sink, {"+alice 1", "-alice 0"});
}

void who_is_not_back_has_left(presence_stand& at) {
    CHECK(!at.watch(room, at.sink));
    CHECK(!at.join(room, alice));
    CHECK(!at.join(room, bob));
    CHECK(!at.mark_leaving(alice));
    CHECK(!at.mark_leaving(alice));
    CHECK(!at.mark_leaving({"never", "carol", a1}));
    CHECK(!at.remove(alice));
    at.expect(at.sink, {"+alice 1", "+bob 2", "-alice 1"});
    CHECK(at.view(room).users == names{"bob"});
}

void a_new_session_takes_the_place_of_a_lost_one(presence_stand& at) {
    CHECK(!at.watch(room, at.sink));
    CHECK(!at.join(room, alice));
    CHECK(!at.join("/topic/b", alice));
    CHECK(!at.mark_leaving(alice));
    CHECK(!at.join(room, alice_too));
    // Who leaves by his own will is gone at once, although the lost session still has time.
    CHECK(!at.leave(room, alice_too));
    at.expect(at.sink, {"+alice 1", "-alice 0"});
    CHECK(at.view(room).count == 0);
    CHECK(at.view("/topic/b").users == names{"alice"});
    CHECK(!at.remove(alice));
    CHECK(at.view("/topic/b").count == 0);
    at.expect(at.sink, {"+alice 1", "-alice 0"});
}

void a_dead_node_leaves(presence_stand& at) {
    for (const auto& session : {alice, alice_too, bob}) CHECK(!at.join(room, session));
    const session_record carol{"s4", "carol", a1};
    CHECK(!at.add(carol));
    CHECK(!at.join(room, carol));
    CHECK(!at.mark_leaving(carol));
    CHECK(!at.watch(room, at.sink));
    bury_a(at);
    at.expect(at.sink, {"-carol 2"});
    CHECK(at.view(room).users == names{"alice", "bob"});
    CHECK(at.view(room).version == at.sink->versions.at(0));
}

void a_release_leaves(presence_stand& at) {
    for (const auto& session : {alice, alice_too, bob}) CHECK(!at.join(room, session));
    CHECK(!at.watch(room, at.sink));
    CHECK(!at.release(b1));
    at.expect(at.sink, {"-bob 1"});
    CHECK(!at.hold(a2));
    at.expect(at.sink, {"-bob 1", "-alice 0"});
}

void only_who_lives_may_say_who_is_leaving(presence_stand& at) {
    CHECK(!at.join(room, alice));
    bury_a(at);
    CHECK(at.mark_leaving(alice) == error::stale_incarnation);
    CHECK(!at.hold(a2));
    const session_record again{"s1", "alice", a2};
    CHECK(!at.add(again));
    // Late words of another node about it.
    CHECK(!at.mark_leaving({"s1", "alice", b1}));
    CHECK(at.session("s1") == std::vector<session_record>{again});
}

void names_of_watched_rooms_are_opaque(presence_stand& at) {
    const names odd = {"", ":", "{a}", "}:{", "a/b", "*", "?[a]", "\xc3\xa9", std::string("x\0y", 3), "\"\\"};
    for (const std::string& name : odd) {
        const auto sink = std::make_shared<recording_sink>();
        const session_record session{"s" + name, name, a1};
        CHECK(!at.watch(name, sink));
        CHECK(!at.add(session));
        CHECK(!at.join(name, session));
        at.expect(sink, {'+' + name + " 1"});
        CHECK(sink->rooms == names{name});
        CHECK(at.view(name).users == names{name});
    }
}

void an_outage_ends_the_watching(presence_stand& at) {
    CHECK(!at.watch(room, at.sink));
    CHECK(!at.watch("/topic/b", at.sink));
    CHECK(!at.join(room, alice));
    // What is still on its way when the outage begins may be lost.
    at.expect(at.sink, {"+alice 1"});
    if (!at.subject->set_available(false)) return;
    CHECK(support::run_until(at.context, [&] { return at.sink->interruptions != 0; }));
    support::run_ready(at.context);
    CHECK(at.sink->interruptions == 1);
    at.expect(at.sink, {"+alice 1"});
    CHECK(at.watch(room, at.sink) == error::registry_unavailable);
    std::optional<error_code> outcome;
    at.registry.async_presence(room, 10, [&](error_code failure, const presence_view&) { outcome = failure; });
    REQUIRE(support::run_until(at.context, [&] { return outcome.has_value(); }));
    CHECK(*outcome == error::registry_unavailable);
    at.subject->set_available(true);
    for (const auto& node : {a1, b1}) CHECK(!at.hold(node));
    CHECK(!at.watch(room, at.sink));
    CHECK(!at.join(room, bob));
    at.expect(at.sink, {"+alice 1", "+bob 2"});
    CHECK(at.view(room).users == names{"alice", "bob"});
}

} // namespace

void check_registry_presence(const make_registry& make) {
    presence_stand at(make);
    SUBCASE("a view names each user once, and none when there are too many") { a_view_names_each_user_once(at); }
    SUBCASE("a change is told when a user comes or goes, not a session") { changes_are_told(at); }
    SUBCASE("every watcher is told, until it stops watching") { every_watcher_is_told_until_it_stops(at); }
    SUBCASE("versions grow, over times in which the room is empty too") { versions_do_not_step_back(at); }
    SUBCASE("who comes back before the lost session is removed never left") { who_is_back_in_time_never_left(at); }
    SUBCASE("who does not come back has left when the lost session is removed") { who_is_not_back_has_left(at); }
    SUBCASE("a new session takes the place of a lost one") { a_new_session_takes_the_place_of_a_lost_one(at); }
    SUBCASE("when a node is found dead its users have left, but for those who are elsewhere too") { a_dead_node_leaves(at); }
    SUBCASE("so they have when it is released or replaced") { a_release_leaves(at); }
    SUBCASE("only the node that holds a session may say that it is leaving") { only_who_lives_may_say_who_is_leaving(at); }
    SUBCASE("names of rooms and users may hold any octets") { names_of_watched_rooms_are_opaque(at); }
    SUBCASE("an outage is told to the watchers and ends their watching") { an_outage_ends_the_watching(at); }
}

} // namespace contract
