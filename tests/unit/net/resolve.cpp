// Boost Software License 1.0, see LICENSE

#include <doctest/doctest.h>
#include <stompchat/net/resolve.hpp>

#include <string>

namespace net = stompchat::net;
using stompchat::error;

namespace {

std::string parsed(std::string_view text) {
    const auto result = net::parse_host_and_port(text);
    return result ? result->host + " " + std::to_string(result->port) : "refused";
}

std::string resolved(std::string_view text) {
    const auto result = net::resolve_listen_address(text);
    if (!result) return "refused";
    std::string all;
    for (const auto& endpoint : *result) all += (all.empty() ? "" : " ") + net::to_string(endpoint);
    return all;
}

} // namespace

TEST_CASE("host and port are told apart") {
    CHECK(parsed("127.0.0.1:8080") == "127.0.0.1 8080");
    CHECK(parsed("[::1]:8080") == "::1 8080");
    CHECK(parsed("localhost:0") == "localhost 0");
    CHECK(parsed("chat.example.org:65535") == "chat.example.org 65535");
}

TEST_CASE("what is no address is refused, with a text that quotes it") {
    for (const std::string text : {"",
                                   ":",
                                   "8080",
                                   ":8080",
                                   "localhost",
                                   "localhost:",
                                   "localhost:http",
                                   "localhost:65536",
                                   "localhost:-1",
                                   "localhost:+1",
                                   "localhost: 1",
                                   "localhost:1 ",
                                   " localhost:1",
                                   "::1:8080",
                                   "::1",
                                   "[::1]",
                                   "[::1]8080",
                                   "[::1:8080",
                                   "[localhost]:1",
                                   "[]:1",
                                   "ws://localhost:1",
                                   "a b:1",
                                   "user@host:1",
                                   "localhost:8080/ws"}) {
        CAPTURE(text);
        const auto result = net::parse_host_and_port(text);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().code == error::bad_option);
        CHECK(result.error().text.find("'" + text + "'") != std::string::npos);
    }
    CHECK(net::parse_host_and_port("::1:8080").error().text.find("[::1]:8080") != std::string::npos);
    CHECK(net::parse_host_and_port(":8080").error().text.find("0.0.0.0") != std::string::npos);
}

TEST_CASE("addresses resolve to themselves") {
    CHECK(resolved("127.0.0.1:8080") == "127.0.0.1:8080");
    CHECK(resolved("0.0.0.0:0") == "0.0.0.0:0");
    CHECK(resolved("[::1]:8080") == "[::1]:8080");
    CHECK(resolved("[::]:1") == "[::]:1");
}

TEST_CASE("a malformed address is not taken for a name, nor for what inet_aton makes of it") {
    for (const char* text : {"127.0.0.256:1", "127.1:1", "1.2.3.4.5:1", "1:1", "[::g]:1", "[1:2]:1"}) {
        CAPTURE(text);
        CHECK(resolved(text) == "refused");
    }
}

TEST_CASE("localhost resolves to loopback addresses, each once") {
    const auto result = net::resolve_listen_address("localhost:1234");
    REQUIRE(result.has_value());
    CHECK_FALSE(result->empty());
    for (const auto& endpoint : *result) {
        CHECK(endpoint.address().is_loopback());
        CHECK(endpoint.port() == 1234);
    }
}

TEST_CASE("a name that does not exist is an error that quotes it") {
    const auto result = net::resolve_listen_address("no-such-host.invalid:80");
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code != error::bad_option);
    CHECK(result.error().text.find("'no-such-host.invalid:80'") != std::string::npos);
}
