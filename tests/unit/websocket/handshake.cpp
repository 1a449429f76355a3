// Boost Software License 1.0, see LICENSE

#include <doctest/doctest.h>
#include <stompchat/websocket/handshake.hpp>

#include <string>

namespace ws = stompchat::websocket;

TEST_CASE("the highest STOMP version offered as a subprotocol is chosen, in whatever order") {
    CHECK(ws::choose_subprotocol("v12.stomp, v11.stomp, v10.stomp") == "v12.stomp");
    CHECK(ws::choose_subprotocol("v10.stomp,v11.stomp") == "v11.stomp");
    CHECK(ws::choose_subprotocol("v10.stomp") == "v10.stomp");
    CHECK(ws::choose_subprotocol(" \t mqtt ,, v11.stomp\t") == "v11.stomp");
}

TEST_CASE("no subprotocol is chosen when none of STOMP's is offered") {
    CHECK(ws::choose_subprotocol("").empty());
    CHECK(ws::choose_subprotocol(" , ,").empty());
    CHECK(ws::choose_subprotocol("mqtt, chat").empty());
    CHECK(ws::choose_subprotocol("V12.STOMP").empty());
    CHECK(ws::choose_subprotocol("v12.stomp2, xv12.stomp, v13.stomp").empty());
}

TEST_CASE("several header lines count as one list") {
    const std::string_view lines[] = {"v10.stomp", "mqtt, v12.stomp", "v11.stomp"};
    CHECK(ws::choose_subprotocol(lines) == "v12.stomp");
    CHECK(ws::choose_subprotocol(std::span<const std::string_view>()).empty());
}

TEST_CASE("a key is the base64 of 16 octets") {
    CHECK(ws::is_valid_key("dGhlIHNhbXBsZSBub25jZQ=="));
    CHECK(ws::is_valid_key("++//++//++//++//++//+w=="));
    CHECK_FALSE(ws::is_valid_key(""));
    CHECK_FALSE(ws::is_valid_key("dGhlIHNhbXBsZSBub25jZQ="));
    CHECK_FALSE(ws::is_valid_key("dGhlIHNhbXBsZSBub25jZQ==="));
    CHECK_FALSE(ws::is_valid_key("dGhlIHNhbXBsZSBub25jZQAA"));
    CHECK_FALSE(ws::is_valid_key("dGhlIHNhbXBsZSBub25j=Q=="));
    CHECK_FALSE(ws::is_valid_key("dGhlIHNhbXBsZSBub25j Q=="));
    CHECK_FALSE(ws::is_valid_key("dGhlIHNhbXBsZSBub25j-Q=="));
}

TEST_CASE("a token is found in a list in whatever case, and only as a whole") {
    CHECK(ws::has_token("keep-alive, Upgrade", "upgrade"));
    CHECK(ws::has_token("UPGRADE", "upgrade"));
    CHECK_FALSE(ws::has_token("upgraded, no upgrade", "upgrade"));
    CHECK_FALSE(ws::has_token("", "upgrade"));
}
