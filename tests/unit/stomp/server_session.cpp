// Boost Software License 1.0, see LICENSE

#include "conversation.hpp"

using namespace stompchat::stomp;
using namespace stompchat_test;
using namespace std::chrono_literals;
using stompchat::error;

TEST_CASE("CONNECT is answered with the highest common version and the server's own heart-beat bounds") {
    for (const char* cmd : {"CONNECT", "STOMP"}) {
        conversation c;
        const auto ev = c.write(std::string(cmd) + "\naccept-version:1.2,1.1,1.0\nheart-beat:10000,10000\nlogin:ann\n\n^@");
        REQUIRE(ev.kind == event_kind::connect);
        CHECK(ev.frame.value_of("login") == "ann");
        CHECK(c.server.version() == version::v1_2);
        CHECK_FALSE(c.server.connected());
        const header extra[] = {{"soft-errors", "true"}};
        const std::string text(c.server.accept("s-1", "ann", extra, c.now));
        CHECK(text
              == octets("CONNECTED\nversion:1.2\nsession:s-1\nserver:stompchat/" + std::string(stompchat::version_text)
                        + "\nheart-beat:1000,1000\nuser-name:ann\nsoft-errors:true\n\n^@"));
        CHECK(c.server.connected());
    }
}

TEST_CASE("each version is negotiated, and 1.0 gets neither version nor heart-beat") {
    conversation v10;
    const auto frame = v10.connect("", "heart-beat:1,1\n");
    CHECK(frame["version"] == "(absent)");
    CHECK(frame["heart-beat"] == "(absent)");
    CHECK(frame["session"] == "s-1");
    CHECK(v10.server.heart_beat_send_interval() == 0ms);
    conversation v11;
    CHECK(v11.connect("1.0, 1.1")["version"] == "1.1");
    conversation v12;
    CHECK(v12.connect("1.2")["version"] == "1.2");
}

TEST_CASE("no common version is an ERROR that lists the versions spoken here") {
    conversation c;
    const auto frame = c.fail("CONNECT\naccept-version:2.0,3\n\n^@", error::no_common_version);
    CHECK(frame["version"] == "1.0,1.1,1.2");
    CHECK(frame["content-type"] == "text/plain");
    CHECK(frame.body.find("'2.0,3'") != std::string::npos);
}

TEST_CASE("the first frame must be CONNECT or STOMP") {
    for (const char* cmd : {"SEND\ndestination:/topic/a\n", "SUBSCRIBE\nid:1\ndestination:/topic/a\n", "DISCONNECT\n", "ACK\nid:1\n"}) {
        conversation c;
        c.fail(std::string(cmd) + "receipt:r-1\n\n^@", error::not_connected);
    }
    conversation http;
    http.fail("GET /ws HTTP/1.1\nHost:localhost\n\n", error::bad_command);
    conversation beats;
    CHECK(beats.write("\n\r\n\n").kind == event_kind::need_more);
    CHECK(beats.write("CONNECT\n\n^@").kind == event_kind::connect);
}

TEST_CASE("a second CONNECT is an ERROR, and receipt on CONNECT is ignored") {
    conversation c;
    const auto first = c.write("CONNECT\naccept-version:1.2\nreceipt:r-0\n\n^@");
    CHECK(first.receipt.empty());
    c.server.accept("s", "ann", {}, c.now);
    const auto frame = c.fail("STOMP\naccept-version:1.2\nreceipt:r-2\n\n^@", error::already_connected);
    CHECK(frame["receipt-id"] == "(absent)");
}

TEST_CASE("a malformed heart-beat is an ERROR, but 1.0 ignores the header") {
    for (const char* bad : {"1", "a,b", "-1,0", "1,2,3", ""}) {
        conversation c;
        const auto frame = c.fail(std::string("CONNECT\naccept-version:1.1\nheart-beat:") + bad + "\n\n^@", error::bad_header_value);
        CHECK(frame.body.find("heart-beat") != std::string::npos);
        conversation old;
        CHECK(old.write(std::string("CONNECT\nheart-beat:") + bad + "\n\n^@").kind == event_kind::connect);
    }
}

TEST_CASE("a body on CONNECT is an ERROR from 1.1 on, and a bare CR in 1.2") {
    conversation v11;
    v11.fail("CONNECT\naccept-version:1.1\n\nbody^@", error::unexpected_body);
    conversation v10;
    CHECK(v10.write("CONNECT\n\nbody^@").kind == event_kind::connect);
    conversation v12;
    v12.fail("CONNECT\naccept-version:1.2\nlogin:a\rb\n\n^@", error::bad_header);
}

TEST_CASE("a user name that CONNECTED cannot carry is a failed login") {
    for (const char* name : {"ann\nrole:admin", "ann\r"}) {
        conversation c;
        c.write("CONNECT\naccept-version:1.2\n\n^@");
        const auto frame = c.read(c.server.accept("s-1", name, {}, c.now));
        CHECK(frame.cmd == command::error);
        CHECK(frame["role"] == "(absent)");
        CHECK_FALSE(c.server.connected());
        CHECK(c.server.closed());
    }
    conversation c;
    c.write("CONNECT\naccept-version:1.2\n\n^@");
    const header extra[] = {{"a:b", "c"}};
    CHECK(c.read(c.server.accept("s-1", "ann", extra, c.now)).cmd == command::error);
    conversation raw;
    raw.write("CONNECT\naccept-version:1.2\n\n^@");
    CHECK(raw.read(raw.server.accept("s-1", "a:\\c", {}, raw.now))["user-name"] == "a:\\c");
}

TEST_CASE("a rejected CONNECT is an ERROR with a plain message, and then nothing more") {
    conversation c;
    c.write("CONNECT\naccept-version:1.2\nreceipt:1\n\n^@");
    const auto frame = c.read(c.server.fail(error::not_authenticated, "wrong passcode"));
    CHECK(frame["message"] == "authentication failed");
    CHECK(frame.body == "wrong passcode");
    CHECK(c.server.fail(error::rejected).empty());
    CHECK(c.server.receipt("1").empty());
    CHECK(c.write("SEND\ndestination:/topic/a\n\n^@").kind == event_kind::closed);
}

TEST_CASE("an ERROR in answer to CONNECT needs no unescaping, whatever version was chosen") {
    conversation c;
    c.write("CONNECT\naccept-version:1.2\n\n^@");
    const std::string text(c.server.fail(error::outcome_unknown));
    CHECK(text.find("message:outcome unknown, the message may or may not have been published\n") != std::string::npos);
    conversation later;
    later.connect("1.2");
    later.was_connected = true;
    CHECK(later.read(later.server.fail(error::outcome_unknown))["message"].starts_with("outcome unknown: the message"));
}

TEST_CASE("frames behind CONNECT wait for its answer and are then decoded by the rules of the version") {
    conversation c;
    CHECK(c.write("CONNECT\naccept-version:1.2\n\n^@\nSEND\ndestination:/topic/a\nx:\\c\n\n1^@SEND\ndesti").kind == event_kind::connect);
    CHECK(c.server.next().kind == event_kind::waiting);
    CHECK(c.write("nation:/topic/b\n\n2^@").kind == event_kind::waiting);
    c.written.clear(); // what was fed is kept
    CHECK(c.server.has_held());
    c.server.accept("s", "ann", {}, c.now);
    CHECK(c.server.has_held());
    parse_scratch other;
    c.server.resume(other);
    const auto first = c.server.next();
    CHECK(first.kind == event_kind::send);
    CHECK(first.frame.value_of("x") == ":");
    const auto second = c.server.next();
    CHECK(second.destination == "/topic/b");
    CHECK(c.server.next().kind == event_kind::need_more);
    CHECK_FALSE(c.server.has_held());
}

TEST_CASE("what is sent before CONNECT is answered is bounded") {
    session_options options;
    options.limits.body_before_connect = 100;
    conversation c(options);
    c.write("CONNECT\naccept-version:1.2\n\n^@");
    CHECK(c.write(std::string(200, '\n')).kind == event_kind::waiting);
    c.fail("\n", error::body_too_long);
}

TEST_CASE("a session can be stopped in the middle of its input") {
    conversation c;
    c.connect("1.2");
    CHECK(c.write("SEND\ndestination:1\n\n^@SEND\ndestination:2\n\n^@SEND\ndest").destination == "1");
    CHECK_FALSE(c.server.has_held());
    c.server.hold();
    CHECK(c.server.has_held());
    c.written.clear();
    c.server.resume(c.scratch);
    CHECK(c.server.next().destination == "2");
    CHECK(c.server.next().kind == event_kind::need_more);
    CHECK_FALSE(c.server.has_held());
    CHECK(c.write("ination:3\n\n^@").destination == "3");
}

TEST_CASE("errors of the decoder become an ERROR that keeps the receipt") {
    const auto fails = [](std::string_view text, error code) {
        conversation c;
        c.connect("1.2");
        return c.fail(text, code);
    };
    fails("HELLO\nreceipt:r-1\n\n^@", error::bad_command);
    fails("SEND\nreceipt:r-1\nx:\\t\n\n^@", error::bad_escape);
    fails("SEND\nreceipt:r-1\ncontent-length:x\n\n^@", error::bad_content_length);
    fails("SEND\nreceipt:r-1\ncontent-length:1\n\nab^@", error::body_not_terminated);
    fails("ACK\nreceipt:r-1\n\nbody^@", error::unexpected_body);
    fails("SEND\nreceipt:r-1\nx:" + std::string(9000, 'x') + "\n\n^@", error::header_line_too_long);
    const auto frame = fails("SEND\nreceipt:r-1\ncontent-length:300000\n\n", error::body_too_long);
    CHECK(frame.body == "the body has 300000 octets, the limit is 262144");
}

TEST_CASE("DISCONNECT is the last frame; its receipt can still be answered") {
    conversation c;
    c.connect("1.2");
    const auto ev = c.write("DISCONNECT\nreceipt:77\n\n^@SEND\ndestination:/topic/a\n\n^@");
    CHECK(ev.kind == event_kind::disconnect);
    CHECK(ev.receipt == "77");
    CHECK(c.server.next().kind == event_kind::closed);
    CHECK(c.write("GARBAGE").kind == event_kind::closed);
    c.server.hold();
    CHECK_FALSE(c.server.has_held());
    CHECK(c.read(c.server.receipt("77"))["receipt-id"] == "77");
}

TEST_CASE("a receipt is escaped, carries extra headers, and is nothing when none was asked for") {
    conversation c;
    c.connect("1.2");
    const header extra[] = {{"message-id", "a-1"}, {"x", "b\nc"}};
    const auto frame = c.read(c.server.receipt("a:b", extra));
    CHECK(frame.cmd == command::receipt);
    CHECK(frame["receipt-id"] == "a:b");
    CHECK(frame["x"] == "b\nc");
    CHECK(c.server.receipt("").empty());
    CHECK(c.write("SEND\ndestination:/topic/a\nreceipt:\n\n^@").receipt.empty());
}

TEST_CASE("an idle session is small") {
    conversation c;
    c.connect("1.2");
    c.write("SUBSCRIBE\nid:sub-0\ndestination:/topic/general\n\n^@");
    c.write("\n");
    CHECK(sizeof(server_session) + c.server.heap_octets() <= 224);
}
