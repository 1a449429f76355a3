// Boost Software License 1.0, see LICENSE

#include <stompchat/client/url.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace stompchat;
using client::parse_url;
using client::url;

namespace {

struct meaning {
    const char* text;
    bool websocket;
    bool tls;
    const char* host;
    std::uint16_t port;
    const char* target;
    const char* authority;
};

const meaning meanings[] = {
    {"ws://chat.example", true, false, "chat.example", 80, "/", "chat.example"},
    {"wss://chat.example/ws", true, true, "chat.example", 443, "/ws", "chat.example"},
    {"WSS://Chat.example:443/a/b?c=d", true, true, "Chat.example", 443, "/a/b?c=d", "Chat.example"},
    {"ws://127.0.0.1:8080?x", true, false, "127.0.0.1", 8080, "/?x", "127.0.0.1:8080"},
    {"ws://[::1]/ws", true, false, "::1", 80, "/ws", "[::1]"},
    {"wss://[::1]:8443/", true, true, "::1", 8443, "/", "[::1]:8443"},
    {"stomp://chat.example", false, false, "chat.example", 61613, "", "chat.example"},
    {"tcp://chat.example:7000/", false, false, "chat.example", 7000, "", "chat.example:7000"},
    {"stomp+ssl://chat.example", false, true, "chat.example", 61614, "", "chat.example"},
    {"stomp+tls://chat.example", false, true, "chat.example", 61614, "", "chat.example"},
    {"ssl://chat.example:1", false, true, "chat.example", 1, "", "chat.example:1"},
    {"tls://chat.example:65535", false, true, "chat.example", 65535, "", "chat.example:65535"},
};

} // namespace

TEST_CASE("a URL says where a server is and how to speak to it") {
    for (const meaning& wanted : meanings) {
        CAPTURE(wanted.text);
        const auto got = parse_url(wanted.text);
        REQUIRE(got.has_value());
        CHECK(got->websocket == wanted.websocket);
        CHECK(got->tls == wanted.tls);
        CHECK(got->host == wanted.host);
        CHECK(got->port == wanted.port);
        CHECK(got->target == wanted.target);
        CHECK(got->authority() == wanted.authority);
    }
}

TEST_CASE("what is no URL of a server is refused with a text that quotes it") {
    for (const char* const text : {"", "chat.example", "http://chat.example", "ws:/chat.example", "ws://", "ws://:80", "ws://a:0",
                                   "ws://a:65536", "ws://a:b", "ws://a:80:90", "ws://[::1", "ws://user@a", "ws://user:word@a/",
                                   "ws://a/#top", "ws://a b", "ws://a/\r\nX: y", "stomp://a/topic", "stomp://a?x", "ws://[::1]80"}) {
        CAPTURE(text);
        const auto got = parse_url(text);
        REQUIRE_FALSE(got.has_value());
        CHECK(got.error().code == error::bad_option);
        CHECK(got.error().text.find(text) != std::string::npos);
    }
}
