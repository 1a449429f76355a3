// Boost Software License 1.0, see LICENSE

#include "conversation.hpp"

using namespace stompchat::stomp;
using namespace stompchat_test;
using namespace std::chrono_literals;
using due = server_session::due;
using stompchat::error;

TEST_CASE("a session without CONNECT ends after its time, however much is sent") {
    conversation c;
    const auto start = c.now;
    CHECK(c.server.next_deadline() == start + 10s);
    c.now += 9999ms;
    c.write("\n\nCONN");
    CHECK(c.server.on_time(c.now) == due::nothing);
    c.now += 1ms;
    CHECK(c.server.on_time(c.now) == due::connect_timeout);
    const auto frame = c.read(c.server.fail(error::connect_timeout));
    CHECK(frame["message"] == "no CONNECT frame in time");
    CHECK(c.server.on_time(c.now + 1h) == due::nothing);
    CHECK(c.server.next_deadline() == server_session::time_point::max());
}

TEST_CASE("the time that an authenticator takes is not the client's") {
    conversation c;
    c.write("CONNECT\naccept-version:1.2\nheart-beat:1000,1000\n\n^@");
    CHECK(c.server.next_deadline() == server_session::time_point::max());
    c.now += 1min;
    CHECK(c.server.on_time(c.now) == due::nothing);
    c.server.accept("s", "ann", {}, c.now);
    CHECK(c.server.on_time(c.now) == due::nothing);
    CHECK(c.server.next_deadline() == c.now + 850ms);
}

TEST_CASE("both intervals are the larger of what the sides say, and none when one says zero") {
    const auto intervals = [](const char* client, std::chrono::milliseconds send, std::chrono::milliseconds receive) {
        session_options options;
        options.heart_beat_send = 2000ms;
        options.heart_beat_receive = 5000ms;
        conversation c(options);
        CHECK(c.connect("1.1", client)["heart-beat"] == "2000,5000");
        CHECK(c.server.heart_beat_send_interval() == send);
        CHECK(c.server.heart_beat_receive_interval() == receive);
    };
    intervals("heart-beat:10000,20000\n", 20s, 10s);
    intervals("heart-beat:1,1\n", 2s, 5s);
    intervals("heart-beat:0,1\n", 2s, 0s);
    intervals("heart-beat:1,0\n", 0s, 5s);
    intervals("heart-beat:0,0\n", 0s, 0s);
    intervals("", 0s, 0s);

    session_options silent;
    silent.heart_beat_send = silent.heart_beat_receive = 0ms;
    conversation c(silent);
    CHECK(c.connect("1.2", "heart-beat:1000,1000\n")["heart-beat"] == "0,0");
    CHECK(c.server.next_deadline() == server_session::time_point::max());
}

TEST_CASE("a heart-beat is sent when nothing else was") {
    conversation c;
    c.connect("1.2", "heart-beat:0,1000\n");
    c.now += 849ms;
    CHECK(c.server.on_time(c.now) == due::nothing);
    c.now += 1ms;
    CHECK(c.server.on_time(c.now) == due::send_heart_beat);
    CHECK(c.server.on_time(c.now) == due::send_heart_beat);
    c.server.note_sent(c.now);
    CHECK(c.server.on_time(c.now) == due::nothing);
    CHECK(c.server.next_deadline() == c.now + 850ms);
}

TEST_CASE("any octet from the client keeps it alive, three silent intervals do not") {
    conversation c;
    c.connect("1.2", "heart-beat:2000,0\n");
    c.now += 5s;
    c.write("\n");
    c.now += 5s;
    c.write("SEND\ndest"); // a part of a frame is a sign of life too
    c.now += 5s;
    c.server.note_received(c.now); // and so is a pong
    c.now += 5999ms;
    CHECK(c.server.on_time(c.now) == due::nothing);
    c.now += 1ms;
    CHECK(c.server.on_time(c.now) == due::dead);
    CHECK(c.read(c.server.fail(error::heart_beat_timeout)).cmd == command::error);
    CHECK(c.server.on_time(c.now) == due::nothing);
}

TEST_CASE("death is told before a heart-beat that is due too") {
    conversation c;
    c.connect("1.2", "heart-beat:1000,1000\n");
    c.now += 3s;
    CHECK(c.server.on_time(c.now) == due::dead);
}

TEST_CASE("a client that is not read cannot be silent") {
    conversation c;
    c.connect("1.2", "heart-beat:1000,0\n");
    c.server.suspend_receive_deadline(true, c.now);
    c.now += 1min;
    CHECK(c.server.on_time(c.now) == due::nothing);
    c.server.suspend_receive_deadline(false, c.now);
    CHECK(c.server.next_deadline() == c.now + 3s);
}

TEST_CASE("after DISCONNECT the client may be silent, but still gets heart-beats until its receipt") {
    conversation c;
    c.connect("1.2", "heart-beat:1000,1000\n");
    c.write("DISCONNECT\nreceipt:1\n\n^@");
    c.now += 1h;
    CHECK(c.server.on_time(c.now) == due::send_heart_beat);
}
