// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/cursor.hpp>

#include <doctest/doctest.h>

using stompchat::delivery::cursor;
using verdict = cursor::verdict;

namespace {

constexpr auto room = [] { return true; };
constexpr auto full = [] { return false; };

cursor live_at(stompchat::offset at) {
    cursor c;
    c.begin(at, at);
    return c;
}

} // namespace

TEST_CASE("a pending cursor takes nothing") {
    cursor c;
    CHECK(c.pending());
    CHECK(c.on_live(5, room) == verdict::skip);
    CHECK(c.on_read(5, room) == verdict::skip);
    CHECK_FALSE(c.on_missed(5, 5));
    CHECK_FALSE(c.end_read(9, 0));
    CHECK(c.pending());
}

TEST_CASE("a cursor that begins at or above the shard's position is live, below it behind") {
    cursor at;
    at.begin(10, 10);
    CHECK(at.live());
    cursor above;
    above.begin(12, 10);
    CHECK(above.live());
    CHECK(above.next() == 12);
    cursor below;
    below.begin(9, 10);
    CHECK(below.behind());
    CHECK(below.next() == 9);
}

TEST_CASE("a live cursor takes records as they come, whatever holes their offsets have") {
    cursor c = live_at(10);
    CHECK(c.on_live(10, room) == verdict::take);
    CHECK(c.next() == 11);
    CHECK(c.on_live(40, room) == verdict::take);
    CHECK(c.next() == 41);
    CHECK(c.live());
}

TEST_CASE("a live cursor skips what a faster reader has shown it, without asking for room") {
    cursor c;
    c.begin(20, 10);
    bool asked = false;
    const auto asking = [&] { return asked = true; };
    CHECK(c.on_live(10, asking) == verdict::skip);
    CHECK(c.on_live(19, asking) == verdict::skip);
    CHECK_FALSE(asked);
    CHECK(c.on_live(20, asking) == verdict::take);
    CHECK(asked);
}

TEST_CASE("a live cursor without room falls behind at exactly that record") {
    cursor c = live_at(10);
    CHECK(c.on_live(15, full) == verdict::no_room);
    CHECK(c.behind());
    CHECK(c.next() == 15);
    CHECK(c.on_live(16, room) == verdict::skip);
    CHECK(c.next() == 15);
}

TEST_CASE("a live cursor that missed records falls behind at the first of them") {
    cursor c = live_at(10);
    CHECK(c.on_missed(15, 20));
    CHECK(c.behind());
    CHECK(c.next() == 15);
    CHECK_FALSE(c.on_missed(25, 30));
    CHECK(c.next() == 15);
}

TEST_CASE("missed records that a cursor has had already change nothing, those it has had in part are read from where it is") {
    cursor c;
    c.begin(20, 10);
    CHECK_FALSE(c.on_missed(12, 19));
    CHECK(c.live());
    CHECK(c.on_missed(12, 20));
    CHECK(c.next() == 20);
}

TEST_CASE("reads feed a cursor that is behind, as far as it has room") {
    cursor c;
    c.begin(5, 100);
    CHECK(c.on_read(7, room) == verdict::take);
    CHECK(c.on_read(7, room) == verdict::skip);
    CHECK(c.on_read(6, room) == verdict::skip);
    CHECK(c.next() == 8);
    CHECK(c.on_read(20, full) == verdict::no_room);
    CHECK(c.behind());
    CHECK(c.next() == 20);
    CHECK(c.on_read(20, room) == verdict::take);
    CHECK(c.next() == 21);
}

TEST_CASE("a live cursor takes nothing from a read") {
    cursor c = live_at(10);
    CHECK(c.on_read(12, room) == verdict::skip);
    CHECK(c.end_read(5, 99));
    CHECK(c.next() == 10);
}

TEST_CASE("the end of a read makes a cursor live when it reaches the shard's position") {
    cursor c;
    c.begin(5, 100);
    CHECK_FALSE(c.end_read(99, 100));
    CHECK(c.next() == 99);
    CHECK_FALSE(c.end_read(50, 100));
    CHECK(c.next() == 99);
    CHECK(c.end_read(100, 100));
    CHECK(c.live());
    CHECK(c.on_live(100, room) == verdict::take);
}

TEST_CASE("a read may go beyond the shard's position: what comes live of it later is skipped") {
    cursor c;
    c.begin(5, 100);
    CHECK(c.on_read(110, room) == verdict::take);
    CHECK(c.end_read(120, 100));
    CHECK(c.on_live(110, room) == verdict::skip);
    CHECK(c.on_live(119, room) == verdict::skip);
    CHECK(c.on_live(120, room) == verdict::take);
}

TEST_CASE("a live cursor has seen everything below the shard's position, one behind only what is below its own") {
    cursor c = live_at(10);
    CHECK(c.next_unseen(50) == 50);
    CHECK(c.next_unseen(5) == 10);
    c.on_live(60, full);
    CHECK(c.next_unseen(100) == 60);
}
