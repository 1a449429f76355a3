// Boost Software License 1.0, see LICENSE

#include <stompchat/memory/local_registry.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <malloc.h>

#include <random>
#include <set>

// What every registry must do is in tests/contract; here is what only this one does.

using namespace stompchat;

namespace {

struct stand {
    template <class Start>
    error_code run(Start start) {
        error_code outcome = error::bad_option;
        start([&](error_code failure) { outcome = failure; });
        context.restart();
        context.run();
        return outcome;
    }
    error_code hold(const node_incarnation& node) {
        return run([&](auto done) { subject.async_hold_lease(node, node_status(), std::chrono::seconds(5), done); });
    }
    error_code add(const session_record& session) {
        return run([&](auto done) { subject.async_add_session(session, done); });
    }
    error_code join(const std::string& room, const session_record& session) {
        return run([&](auto done) { subject.async_join(room, session, done); });
    }
    std::vector<participant> participants(const std::string& room) {
        std::vector<participant> found;
        subject.async_participants(room, 1'000, [&](error_code, std::vector<participant> result) { found = std::move(result); });
        context.restart();
        context.run();
        return found;
    }

    std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
    asio::io_context context;
    local_registry subject{context.get_executor(), {[this] { return now; }}};
};

const node_incarnation a1{"a", 1};
const node_incarnation b1{"b", 1};
const session_record alice{"s1", "alice", a1};

} // namespace

TEST_CASE("a lease that has ended can be taken up again while no other node has seen it, with all that was registered") {
    stand at;
    CHECK(!at.hold(a1));
    CHECK(!at.add(alice));
    CHECK(!at.join("/topic/a", alice));
    at.now += std::chrono::hours(1);
    CHECK(at.participants("/topic/a").empty());
    CHECK(!at.hold(a1));
    CHECK(at.participants("/topic/a") == std::vector<participant>{{"alice", 1}});
}

TEST_CASE("a lease lasts to its last moment and no longer") {
    stand at;
    CHECK(!at.hold(a1));
    CHECK(!at.add(alice));
    CHECK(!at.join("/topic/a", alice));
    at.now += std::chrono::milliseconds(4'999);
    CHECK(!at.hold(b1));
    CHECK(at.participants("/topic/a").size() == 1);
    at.now += std::chrono::milliseconds(1);
    CHECK(at.participants("/topic/a").empty());
    CHECK(!at.hold(b1));
    CHECK(at.hold(a1) == error::stale_incarnation);
}

TEST_CASE("what a dead node registered is forgotten, not only hidden") {
    stand at;
    CHECK(!at.hold(a1));
    for (int i = 0; i != 100; ++i) {
        const session_record one{std::to_string(i), "user", a1};
        CHECK(!at.add(one));
        CHECK(!at.join("/topic/" + std::to_string(i % 10), one));
    }
    CHECK(at.subject.sessions() == 100);
    CHECK(at.subject.rooms() == 10);
    at.now += std::chrono::seconds(5);
    CHECK(!at.hold(b1));
    CHECK(at.subject.sessions() == 0);
    CHECK(at.subject.rooms() == 0);
}

TEST_CASE("random joins, leaves and moves leave the counts that a plain model has") {
    stand at;
    const std::vector<node_incarnation> nodes = {a1, b1};
    for (const auto& node : nodes) CHECK(!at.hold(node));
    std::mt19937 random(3);
    std::map<std::string, session_record> sessions;
    std::map<std::string, std::set<std::string>> rooms;
    for (int round = 0; round != 3'000; ++round) {
        const std::string id = std::to_string(random() % 12);
        const std::string room = "/topic/" + std::to_string(random() % 3);
        const session_record record{id, "user" + std::to_string(random() % 4), nodes[random() % 2]};
        const auto known = sessions.find(id);
        const bool exact = known != sessions.end() && known->second == record;
        const auto forget = [&] {
            for (auto& [name, members] : rooms) members.erase(id);
        };
        switch (random() % 4) {
        case 0:
            CHECK(!at.add(record));
            if (!exact) forget();
            sessions[id] = record;
            break;
        case 1:
            CHECK(!at.run([&](auto done) { at.subject.async_remove_session(record, done); }));
            if (exact) {
                forget();
                sessions.erase(id);
            }
            break;
        case 2:
            CHECK(!at.join(room, record));
            if (exact) rooms[room].insert(id);
            break;
        default:
            CHECK(!at.run([&](auto done) { at.subject.async_leave(room, record, done); }));
            if (exact) rooms[room].erase(id);
        }
        std::map<std::string, std::uint32_t> counts;
        for (const std::string& member : rooms[room]) ++counts[sessions.at(member).user];
        std::vector<participant> expected;
        for (const auto& [user, count] : counts) expected.emplace_back(user, count);
        CHECK(at.participants(room) == expected);
    }
    CHECK(at.subject.sessions() == sessions.size());
}

TEST_CASE("a session of a user of its own in a room of many costs at most 256 octets of the heap") {
    stand at;
    CHECK(!at.hold(a1));
    constexpr int count = 1'000;
    const auto add = [&](int from) {
        for (int i = from; i != from + count; ++i) {
            const session_record one{"1a20ec5f1a79edb-0-" + std::to_string(i), "user-" + std::to_string(i), a1};
            CHECK(!at.add(one));
            CHECK(!at.join("/topic/a", one));
        }
    };
    // As many before as then come, so that the tables have grown and have room.
    add(0);
    const std::size_t before = ::mallinfo2().uordblks;
    if (before == 0) return; // a sanitizer's heap
    add(count);
    const std::size_t each = (::mallinfo2().uordblks - before) / count;
    MESSAGE("octets for each session: " << each);
    CHECK(each <= 256);
}
