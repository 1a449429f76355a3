// Boost Software License 1.0, see LICENSE

#include "decoding.hpp"

#include <stompchat/stomp/problem.hpp>

#include <doctest/doctest.h>

using namespace stompchat::stomp;
using namespace stompchat_test;
using stompchat::error;
using stompchat::error_code;

namespace {

std::string error_frame(error_code code, std::string_view detail, std::string_view receipt_id, version v, bool negotiated) {
    std::string out;
    append_error_frame(out, code, detail, receipt_id, v, negotiated);
    return out;
}

owned_frame decoded_error(const std::string& text, version v) {
    decoding how;
    how.writer = peer::server;
    how.version = v;
    const auto r = decode(text, how);
    REQUIRE(r.frames.size() == 1);
    return r.frames[0];
}

} // namespace

TEST_CASE("an ERROR has message, receipt-id, content-type, content-length and a body") {
    CHECK(error_frame(error::missing_header, "SEND needs the header 'destination'", "77", version::v1_2, true)
          == octets("ERROR\nmessage:a required header is missing\nreceipt-id:77\ncontent-type:text/plain\ncontent-length:35\n\n"
                    "SEND needs the header 'destination'^@"));
}

TEST_CASE("an ERROR without detail has its message as the body, and without a receipt no receipt-id") {
    const auto frame = decoded_error(error_frame(error::not_authorized, {}, {}, version::v1_2, true), version::v1_2);
    CHECK(frame["message"] == "not authorized");
    CHECK(frame.body == "not authorized");
    CHECK(frame["receipt-id"] == "(absent)");
}

TEST_CASE("the ERROR for no common version lists the versions spoken here") {
    CHECK(decoded_error(error_frame(error::no_common_version, {}, {}, version::v1_0, false), version::v1_0)["version"] == "1.0,1.1,1.2");
    CHECK(decoded_error(error_frame(error::rejected, {}, {}, version::v1_0, false), version::v1_0)["version"] == "(absent)");
}

TEST_CASE("before CONNECTED the message of every ERROR is plain ASCII without colon and backslash") {
    for (int code = 100; code != 800; ++code) {
        const error_code ec(code, stompchat::error_category());
        const auto frame = decoded_error(error_frame(ec, "detail: with colon", {}, version::v1_2, false), version::v1_0);
        const std::string message = frame["message"];
        CHECK(message.find_first_of(":\\\r\n") == std::string::npos);
        CHECK(std::all_of(message.begin(), message.end(), [](char c) { return c >= 0x20 && c < 0x7F; }));
        CHECK(frame.body == "detail: with colon");
    }
}

TEST_CASE("a receipt-id is escaped after negotiation") {
    CHECK(decoded_error(error_frame(error::rejected, {}, "a:b\\", version::v1_2, true), version::v1_2)["receipt-id"] == "a:b\\");
}

TEST_CASE("errors of other libraries are not told to the peer") {
    const auto text = error_frame(make_error_code(boost::system::errc::connection_refused), {}, {}, version::v1_2, true);
    CHECK(text.find("refused") == std::string::npos);
    CHECK(text.find("internal error") != std::string::npos);
}

TEST_CASE("what the peer wrote is quoted shortened and printable") {
    problem p;
    p.code = error::bad_header;
    const std::string written = "evil\n\x01\xFF" + std::string(100, 'x');
    p.subject = written;
    p.reason = "has no colon";
    CHECK(describe(p) == "header line 'evil???" + std::string(41, 'x') + "...' has no colon");
}

TEST_CASE("every error has a sentence of its own") {
    for (int code = 100; code <= 118; ++code) {
        problem p;
        p.code = static_cast<error>(code);
        CHECK_FALSE(describe(p).empty());
        CHECK(describe(p).find("unknown stompchat error") == std::string::npos);
    }
}
