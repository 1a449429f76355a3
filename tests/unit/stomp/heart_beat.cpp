// Boost Software License 1.0, see LICENSE

#include <stompchat/stomp/heart_beat.hpp>

#include <doctest/doctest.h>

using namespace stompchat::stomp;
using namespace std::chrono_literals;
using time_point = heart_beat_clock::time_point;

TEST_CASE("a heart-beat header is two decimal numbers with a comma between them") {
    const auto parsed = parse_heart_beat("500,60000");
    REQUIRE(parsed);
    CHECK(parsed->send == 500);
    CHECK(parsed->receive == 60000);
    CHECK(parse_heart_beat("0,0"));
    for (const char* bad : {"", ",", "1", "1,", ",1", "-1,0", "+1,0", "1.5,0", "a,b", "1,2,3", "1;2", " 1,2", "1, 2", "1,2 ", "0x1,2"}) {
        CHECK_MESSAGE(!parse_heart_beat(bad), bad);
    }
}

TEST_CASE("a heart-beat too large for the type is its maximum") {
    const auto parsed = parse_heart_beat("4294967296,99999999999999999999999999");
    REQUIRE(parsed);
    CHECK(parsed->send == 0xFFFFFFFF);
    CHECK(parsed->receive == 0xFFFFFFFF);
}

TEST_CASE("the interval is the larger number, or none when one side says zero") {
    CHECK(heart_beat_interval(0, 1000) == 0);
    CHECK(heart_beat_interval(1000, 0) == 0);
    CHECK(heart_beat_interval(1000, 20000) == 20000);
    CHECK(heart_beat_interval(5000, 1) == 5000);
}

TEST_CASE("a heart-beat is due shortly before the interval is over, counted from the last octet sent") {
    const time_point t0{};
    heart_beat_clock clock(t0);
    CHECK(clock.send_deadline() == time_point::max());
    clock.start(1000, 0, t0);
    CHECK(clock.send_deadline() == t0 + 850ms);
    clock.note_sent(t0 + 700ms);
    CHECK(clock.send_deadline() == t0 + 1550ms);
    CHECK(clock.receive_deadline(3) == time_point::max());
}

TEST_CASE("the peer is dead after the tolerated number of silent intervals") {
    const time_point t0{};
    heart_beat_clock clock(t0);
    clock.start(0, 2000, t0);
    CHECK(clock.receive_deadline(3) == t0 + 6s);
    CHECK(clock.receive_deadline(1.5) == t0 + 3s);
    clock.note_received(t0 + 5s);
    CHECK(clock.receive_deadline(3) == t0 + 11s);
}

TEST_CASE("the receive deadline stands still while nothing is read and starts anew afterwards") {
    const time_point t0{};
    heart_beat_clock clock(t0);
    clock.start(1000, 1000, t0);
    clock.suspend_receive(true, t0 + 1s);
    CHECK(clock.receive_deadline(3) == time_point::max());
    CHECK(clock.send_deadline() == t0 + 850ms);
    clock.suspend_receive(true, t0 + 2s);
    clock.suspend_receive(false, t0 + 100s);
    CHECK(clock.receive_deadline(3) == t0 + 103s);
    clock.suspend_receive(false, t0 + 200s);
    CHECK(clock.receive_deadline(3) == t0 + 103s);
}

TEST_CASE("intervals of weeks do not overflow") {
    const time_point t0{};
    heart_beat_clock clock(t0);
    clock.start(0xFFFFFFFF, 0xFFFFFFFF, t0);
    CHECK(clock.send_deadline() > t0 + 24h * 40);
    CHECK(clock.receive_deadline(3) > t0 + 24h * 100);
}
