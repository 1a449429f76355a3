// Boost Software License 1.0, see LICENSE

#include "decoding.hpp"

#include <doctest/doctest.h>

using namespace stompchat::stomp;
using namespace stompchat_test;
using stompchat::error;

namespace {

constexpr version all_versions[] = {version::v1_0, version::v1_1, version::v1_2};

/// Decodes in every split and checks that nothing depends on it. Returns what came out.
decoded decode_everywhere(std::string_view text, const decoding& how = {}) {
    const decoded whole = decode(text, how);
    for_each_split(text, [&](const pieces& p) {
        const decoded r = decode(p, how);
        CHECK(r.frames == whole.frames);
        CHECK(r.beats == whole.beats);
        CHECK(r.error == whole.error);
        CHECK(r.receipt == whole.receipt);
    });
    return whole;
}

decoding in(version v) {
    decoding how;
    how.version = v;
    return how;
}

std::optional<error> error_of(std::string_view text, version v) { return decode_everywhere(octets(text), in(v)).error; }

} // namespace

TEST_CASE("a frame is read wherever the network cuts it") {
    const auto text = octets("SEND\ndestination:/queue/a\ncontent-type:text/plain\n\nhello queue a^@");
    for (const auto v : all_versions) {
        const auto r = decode_everywhere(text, in(v));
        REQUIRE(r.frames.size() == 1);
        CHECK(r.frames[0].cmd == command::send);
        CHECK(r.frames[0]["destination"] == "/queue/a");
        CHECK(r.frames[0]["content-type"] == "text/plain");
        CHECK(r.frames[0].body == "hello queue a");
        CHECK_FALSE(r.frames[0].has_content_length);
        CHECK_FALSE(r.error);
    }
}

TEST_CASE("several frames and heart-beats in any cut") {
    const auto text = octets("\n\nSEND\na:1\n\nx^@\n\n^@\r\nSEND\ncontent-length:3\n\na^@b^@ABORT\n\n^@\nSEND\n\n\n\n^@");
    const auto r = decode_everywhere(text);
    REQUIRE(r.frames.size() == 4);
    CHECK(r.frames[1].body == octets("a^@b"));
    CHECK(r.frames[1].has_content_length);
    CHECK(r.frames[2].headers.empty());
    CHECK(r.frames[3].body == "\n\n");
    CHECK(r.beats);
    for_random_two_cuts(text, 1, 500, [&](const pieces& p) { CHECK(decode(p).frames == r.frames); });
}

TEST_CASE("content-length counts octets whatever they are, on every command") {
    const auto r = decode_everywhere(octets("SEND\ncontent-length:6\n\n^@\xFF\n\n^@^@^@UNSUBSCRIBE\nid:1\ncontent-length:0\n\n^@"));
    REQUIRE(r.frames.size() == 2);
    CHECK(r.frames[0].body == octets("^@\xFF\n\n^@^@"));
    CHECK(r.frames[1].has_content_length);
}

TEST_CASE("an octet behind the announced body that is not NUL is an error that names the likely cause") {
    for (const auto v : all_versions) {
        const auto r = decode_everywhere(octets("SEND\nreceipt:7\ncontent-length:3\n\nabcd^@"), in(v));
        CHECK(r.error == error::body_not_terminated);
        CHECK(r.receipt == "7");
        CHECK(r.sentence.find("the 3 octets that content-length announces") != std::string::npos);
    }
}

TEST_CASE("a content-length that is not a decimal number is an error") {
    for (const char* bad : {"", "-1", "+1", "1a", "0x1", "1.0", "1,1", "99999999999999999999999999"}) {
        const auto text = std::string("SEND\nreceipt:r\ncontent-length:") + bad + octets("\n\n^@");
        const auto r = decode_everywhere(text);
        CHECK_MESSAGE(r.error == error::bad_content_length, bad);
        CHECK(r.receipt == "r");
    }
    CHECK(error_of("SEND\ncontent-length: 1\n\na^@", version::v1_2) == error::bad_content_length);
    CHECK(error_of("SEND\ncontent-length: 1 \n\na^@", version::v1_0) == std::nullopt);
}

TEST_CASE("the first of two content-length headers counts") {
    const auto r = decode_everywhere(octets("SEND\ncontent-length:2\ncontent-length:5\n\nab^@"));
    REQUIRE(r.frames.size() == 1);
    CHECK(r.frames[0].body == "ab");
}

TEST_CASE("only SEND may have a body from 1.1 on; 1.0 lets others pass") {
    for (const auto v : {version::v1_1, version::v1_2}) {
        CHECK(error_of("SUBSCRIBE\nid:1\n\nx^@", v) == error::unexpected_body);
        CHECK(error_of("ACK\ncontent-length:1\n\nx^@", v) == error::unexpected_body);
    }
    CHECK(error_of("SUBSCRIBE\nid:1\n\nx^@", version::v1_0) == std::nullopt);
    const auto r = decode(octets("ACK\nreceipt:1\ncontent-length:1000\n\n"));
    CHECK(r.error == error::unexpected_body); // known before the body comes
    CHECK(r.sentence == "ACK may not have a body");
}

TEST_CASE("a CR before the LF is no part of the line, in any version and mixed with bare LF") {
    for (const auto v : all_versions) {
        const auto r = decode_everywhere(octets("SEND\r\ndestination:/a\nfoo:bar\r\n\r\nbody\r\n^@"), in(v));
        REQUIRE(r.frames.size() == 1);
        CHECK(r.frames[0]["destination"] == "/a");
        CHECK(r.frames[0]["foo"] == "bar");
        CHECK(r.frames[0].body == "body\r\n");
    }
}

TEST_CASE("a CR inside a line is an error in 1.2 and data before") {
    CHECK(error_of("SEND\na:b\rc\n\n^@", version::v1_2) == error::bad_header);
    CHECK(error_of("SEND\na\r:b\n\n^@", version::v1_2) == error::bad_header);
    CHECK(error_of("SEND\na:b\r\r\n\n^@", version::v1_2) == error::bad_header);
    for (const auto v : {version::v1_0, version::v1_1}) {
        const auto r = decode_everywhere(octets("SEND\na:b\rc\n\n^@"), in(v));
        REQUIRE(r.frames.size() == 1);
        CHECK(r.frames[0]["a"] == "b\rc");
    }
}

TEST_CASE("a header line is split at its first colon") {
    for (const auto v : all_versions) {
        const auto r = decode_everywhere(octets("SEND\nurl:http://a:80/\nempty:\n\n^@"), in(v));
        REQUIRE(r.frames.size() == 1);
        CHECK(r.frames[0]["url"] == "http://a:80/");
        CHECK(r.frames[0]["empty"].empty());
    }
}

TEST_CASE("a header line without a colon or with an empty name is an error") {
    for (const auto v : all_versions) {
        CHECK(error_of("SEND\ndestination\n\n^@", v) == error::bad_header);
        CHECK(error_of("SEND\n:value\n\n^@", v) == error::bad_header);
    }
    CHECK(error_of("SEND\n \t:value\n\n^@", version::v1_0) == error::bad_header);
}

TEST_CASE("names and values are unescaped by the negotiated version") {
    const auto text = octets("SEND\na\\cb:c\\nd\\\\e\\c\nplain:x\nlast:\\\\n\n\n^@");
    for (const auto v : {version::v1_1, version::v1_2}) {
        const auto r = decode_everywhere(text, in(v));
        REQUIRE(r.frames.size() == 1);
        CHECK(r.frames[0]["a:b"] == "c\nd\\e:");
        CHECK(r.frames[0]["plain"] == "x");
        CHECK(r.frames[0]["last"] == "\\n");
    }
    CHECK(decode_everywhere(text, in(version::v1_0)).frames.at(0)["a\\cb"] == "c\\nd\\\\e\\c");
    CHECK(decode_everywhere(octets("SEND\na:b\\rc\n\n^@")).frames.at(0)["a"] == "b\rc");
}

TEST_CASE("an undefined escape sequence is an error that keeps the frame's receipt") {
    for (const char* bad : {"\\t", "\\", "a\\"}) {
        for (const auto v : {version::v1_1, version::v1_2}) {
            const auto text = std::string("SEND\nx:") + bad + octets("\nreceipt:a\\cb\n\n^@");
            const auto r = decode_everywhere(text, in(v));
            CHECK(r.error == error::bad_escape);
            CHECK(r.receipt == "a:b");
        }
    }
    CHECK(error_of("SEND\nx:\\r\n\n^@", version::v1_1) == error::bad_escape);
    CHECK(error_of("SEND\n\\x:1\n\n^@", version::v1_2) == error::bad_escape);
}

TEST_CASE("CONNECT, STOMP and CONNECTED are never unescaped, before and after negotiation") {
    for (const char* cmd : {"CONNECT", "STOMP"}) {
        decoding how;
        how.version.reset();
        const auto text = std::string(cmd) + octets("\naccept-version:1.2\npasscode:a\\c\\t\\\n\n^@");
        CHECK(decode_everywhere(text, how).frames.at(0)["passcode"] == "a\\c\\t\\");
        how.version = version::v1_2;
        CHECK(decode_everywhere(text, how).frames.at(0)["passcode"] == "a\\c\\t\\");
    }
    decoding client;
    client.writer = peer::server;
    CHECK(decode_everywhere(octets("CONNECTED\nuser-name:a\\cb\n\n^@"), client).frames.at(0)["user-name"] == "a\\cb");
}

TEST_CASE("1.0 trims padding, later versions never do") {
    const auto text = octets("SEND\n a : b \nc:\td\n\n^@");
    CHECK(decode_everywhere(text, in(version::v1_0)).frames.at(0)["a"] == "b");
    CHECK(decode_everywhere(text, in(version::v1_0)).frames.at(0)["c"] == "d");
    CHECK(decode_everywhere(text, in(version::v1_1)).frames.at(0)[" a "] == " b ");
    CHECK(decode_everywhere(text, in(version::v1_2)).frames.at(0)["c"] == "\td");
}

TEST_CASE("a CONNECT is trimmed exactly when it can only become 1.0") {
    decoding how;
    how.version.reset();
    CHECK(decode_everywhere(octets("CONNECT\nlogin: ann \n\n^@"), how).frames.at(0)["login"] == "ann");
    CHECK(decode_everywhere(octets("CONNECT\nlogin: ann \naccept-version:1.0\n\n^@"), how).frames.at(0)["login"] == "ann");
    CHECK(decode_everywhere(octets("CONNECT\nlogin: ann \naccept-version:1.0,1.1\n\n^@"), how).frames.at(0)["login"] == " ann ");
    how.writer = peer::server;
    CHECK(decode_everywhere(octets("CONNECTED\nsession: x\n\n^@"), how).frames.at(0)["session"] == "x");
    CHECK(decode_everywhere(octets("CONNECTED\nversion:1.2\nsession: x\n\n^@"), how).frames.at(0)["session"] == " x");
}

TEST_CASE("headers must be UTF-8, bodies may be anything") {
    for (const auto v : all_versions) {
        CHECK(error_of("SEND\na:\xFF\n\n^@", v) == error::bad_utf8);
        CHECK(error_of("SEND\n\xC3:a\n\n^@", v) == error::bad_utf8);
        CHECK(error_of("SEND\na:\xED\xA0\x80\n\n^@", v) == error::bad_utf8);
        CHECK(error_of("SEND\nn\xC3\xA4me:\xF0\x9F\x98\x80\n\n\xFF\xFE^@", v) == std::nullopt);
    }
}

TEST_CASE("a NUL in a command or header line is an error as soon as it arrives") {
    for (const auto v : all_versions) {
        CHECK(error_of("SEND\ndestination:/a^@", v) == error::unexpected_nul);
        CHECK(error_of("SEND\ndestination:/a\n^@", v) == error::unexpected_nul);
        CHECK(error_of("SEND\nde^@st:/a\nb:c", v) == error::unexpected_nul);
        CHECK(error_of("SEND\na:b^@c\n\nbody", v) == error::unexpected_nul);
        CHECK(error_of("SEND^@", v) == error::unexpected_nul);
    }
}

TEST_CASE("unknown commands and commands of the other side are errors that keep the receipt") {
    for (const char* bad : {"HELLO", "send", "MESSAGE", "CONNECTED", "SEND "}) {
        const auto r = decode_everywhere(std::string(bad) + octets("\nreceipt:r-1\n\n^@"));
        CHECK(r.error == error::bad_command);
        CHECK(r.receipt == "r-1");
        CHECK(r.sentence.find(std::string("unknown command '") + bad) == 0);
    }
}

TEST_CASE("the frames of a server are decoded in the same way") {
    decoding how;
    how.writer = peer::server;
    const auto r = decode_everywhere(
        octets("MESSAGE\nsubscription:0\nmessage-id:7\n\nhi^@\nRECEIPT\nreceipt-id:1\n\n^@ERROR\nmessage:m\n\nwhy^@"), how);
    REQUIRE(r.frames.size() == 3);
    CHECK(r.frames[2].cmd == command::error);
    CHECK(r.frames[2].body == "why");
    CHECK(decode_everywhere(octets("SEND\n\n^@"), how).error == error::bad_command);
}

TEST_CASE("after an error nothing more is decoded") {
    const decode_limits limits;
    parse_scratch scratch;
    decoder d(peer::client, limits);
    frame_view frame;
    const auto bad = octets("NONSENSE\n\n^@");
    d.feed(bad, scratch);
    CHECK(d.next(frame) == decode_status::error);
    const auto good = octets("SEND\n\n^@");
    d.feed(good, scratch);
    CHECK(d.next(frame) == decode_status::error);
}
