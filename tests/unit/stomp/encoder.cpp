// Boost Software License 1.0, see LICENSE

#include "decoding.hpp"

#include <stompchat/stomp/encoder.hpp>

#include <doctest/doctest.h>

using namespace stompchat::stomp;
using stompchat_test::octets;

namespace {

std::string encoded(command cmd, std::vector<header> headers, std::string_view body = {}, version v = version::v1_2,
                    content_length policy = content_length::when_body) {
    std::string out;
    encode(out, cmd, headers, body, v, policy);
    return out;
}

} // namespace

TEST_CASE("a frame is command, headers, blank line, body and NUL with LF as end of line") {
    CHECK(encoded(command::receipt, {{"receipt-id", "77"}}) == octets("RECEIPT\nreceipt-id:77\n\n^@"));
    CHECK(encoded(command::message, {{"destination", "/a"}}, "hello") == octets("MESSAGE\ndestination:/a\ncontent-length:5\n\nhello^@"));
}

TEST_CASE("a header is escaped as the version asks") {
    const std::vector<header> headers = {{"a:b", "c:d\\e\nf"}};
    CHECK(encoded(command::message, headers, {}, version::v1_2) == octets("MESSAGE\na\\cb:c\\cd\\\\e\\nf\n\n^@"));
    CHECK(encoded(command::message, headers, {}, version::v1_1) == octets("MESSAGE\na\\cb:c\\cd\\\\e\\nf\n\n^@"));
    CHECK(encoded(command::message, {{"ab", "c:d\\e"}}, {}, version::v1_0) == octets("MESSAGE\nab:c:d\\e\n\n^@"));
}

TEST_CASE("a header that the version cannot express is left out, never written raw") {
    const std::vector<header> headers = {{"x", "a\nuser:admin"}, {"y", "b\rc"}, {"z", "kept"}};
    CHECK(encoded(command::message, headers, {}, version::v1_0) == octets("MESSAGE\nz:kept\n\n^@"));
    CHECK(encoded(command::message, headers, {}, version::v1_1) == octets("MESSAGE\nx:a\\nuser\\cadmin\nz:kept\n\n^@"));
    CHECK(encoded(command::message, headers, {}, version::v1_2) == octets("MESSAGE\nx:a\\nuser\\cadmin\ny:b\\rc\nz:kept\n\n^@"));
}

TEST_CASE("CONNECT, STOMP and CONNECTED are never escaped") {
    for (const auto cmd : {command::connect, command::stomp, command::connected}) {
        const std::string text = encoded(cmd, {{"passcode", "a\\c:b"}, {"bad", "x\ny"}, {"b:d", "z"}});
        CHECK(text == std::string(to_string(cmd)) + octets("\npasscode:a\\c:b\n\n^@"));
    }
}

TEST_CASE("content-length is written once, for a body, always, or only for a body with NUL") {
    const std::string nul = octets("a^@b");
    CHECK(encoded(command::send, {{"content-length", "999"}}, "abc") == octets("SEND\ncontent-length:3\n\nabc^@"));
    CHECK(encoded(command::send, {{"content-length", "999"}}) == octets("SEND\n\n^@"));
    CHECK(encoded(command::send, {}, {}, version::v1_2, content_length::always) == octets("SEND\ncontent-length:0\n\n^@"));
    CHECK(encoded(command::send, {}, "abc", version::v1_2, content_length::only_if_needed) == octets("SEND\n\nabc^@"));
    CHECK(encoded(command::send, {}, nul, version::v1_2, content_length::only_if_needed) == octets("SEND\ncontent-length:3\n\na^@b^@"));
}

TEST_CASE("encoding appends, and reserves what it needs at once") {
    std::string out = "before";
    const std::string body(10'000, 'x');
    const header headers[] = {{"a", "::::::::::"}};
    encode(out, command::message, headers, body, version::v1_2);
    CHECK(out.starts_with("beforeMESSAGE\na:\\c\\c"));
    CHECK(out.capacity() < out.size() + 64);
}
