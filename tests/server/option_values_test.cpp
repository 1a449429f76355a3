// Boost Software License 1.0, see LICENSE

#include "option_error.hpp"
#include "option_values.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stompchat_server;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

constexpr range<milliseconds> any_time{0ms, 1000h};
constexpr range<std::size_t> any_size{0, std::size_t{1} << 40};

/// The text of the error, or "accepted".
template <class Parse>
std::string refusal(Parse parse) {
    try {
        parse();
    } catch (const option_error& wrong) {
        return wrong.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

} // namespace

TEST_CASE("a duration is a number and a unit") {
    CHECK(parse_duration("500ms", any_time) == 500ms);
    CHECK(parse_duration("5s", any_time) == 5s);
    CHECK(parse_duration("2m", any_time) == 2min);
    CHECK(parse_duration("1h", any_time) == 1h);
    CHECK(parse_duration("0s", any_time) == 0ms);
    for (const char* wrong : {"", "5", "s", "-5s", "+5s", "5 s", " 5s", "5s ", "1.5s", "5S", "5sec", "0x5s", "5s5s"}) {
        CAPTURE(wrong);
        CHECK(contains(refusal([&] { parse_duration(wrong, any_time); }), "for example 500ms"));
    }
}

TEST_CASE("a size is octets, or a number and a binary unit") {
    CHECK(parse_size("4096", any_size) == 4096);
    CHECK(parse_size("64KiB", any_size) == 65536);
    CHECK(parse_size("1MiB", any_size) == 1048576);
    CHECK(parse_size("2GiB", any_size) == std::size_t{2} << 30);
    for (const char* wrong : {"", "KiB", "64KB", "64kib", "64K", "-1", "1.5MiB", "64 KiB", "0x10"}) {
        CAPTURE(wrong);
        CHECK(contains(refusal([&] { parse_size(wrong, any_size); }), "for example 4096"));
    }
}

TEST_CASE("values outside their range say the range, however large they are") {
    CHECK(contains(refusal([] { parse_size("1KiB", {4096, 65536}); }), "too small: write a value from 4KiB to 64KiB"));
    CHECK(contains(refusal([] { parse_size("1MiB", {4096, 65536}); }), "too large"));
    CHECK(contains(refusal([] { parse_size("99999999999999999999GiB", {4096, 65536}); }), "too large"));
    CHECK(contains(refusal([] { parse_size("18446744073709551615KiB", {4096, 65536}); }), "too large"));
    CHECK(contains(refusal([] { parse_duration("9999999999999999h", {1s, 1h}); }), "from 1s to 1h"));
    CHECK(contains(refusal([] { parse_count("18446744073709551616", {1, 256}); }), "from 1 to 256"));
    CHECK(parse_count("256", {1, 256}) == 256);
    CHECK(contains(refusal([] { parse_count("257", {1, 256}); }), "too large"));
    CHECK(contains(refusal([] { parse_count("1KiB", {1, 256}); }), "not a number"));
}

TEST_CASE("what is shown can be read back and is the shortest way to write it") {
    for (const milliseconds value : {0ms, 1ms, 999ms, 1000ms, 1001ms, 60000ms, 90000ms, 3600000ms, 86400000ms}) {
        CAPTURE(value.count());
        CHECK(parse_duration(show_duration(value), any_time) == value);
    }
    CHECK(show_duration(90s) == "90s");
    CHECK(show_duration(120s) == "2m");
    for (const std::size_t value : {0ul, 1ul, 1023ul, 1024ul, 1536ul, 1048576ul, 1ul << 30, (1ul << 30) + 1024}) {
        CAPTURE(value);
        CHECK(parse_size(show_size(value), any_size) == value);
    }
    CHECK(show_size(262144) == "256KiB");
}

TEST_CASE("a listener is an address of IPv4 or IPv6 and a port") {
    CHECK(parse_listener("127.0.0.1:8080") == listener_address{"127.0.0.1:8080", true});
    CHECK(parse_listener("0.0.0.0:1") == listener_address{"0.0.0.0:1", false});
    CHECK(parse_listener("127.1.2.3:0") == listener_address{"127.1.2.3:0", true});
    CHECK(parse_listener("[::1]:65535") == listener_address{"[::1]:65535", true});
    CHECK(parse_listener("[::]:80") == listener_address{"[::]:80", false});
    CHECK(parse_listener("localhost:80") == listener_address{"127.0.0.1:80", true});
    CHECK(parse_listener("none") == listener_address{});
    for (const char* wrong :
         {"", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[127.0.0.1]:80",
          "[::1]", "[::1:80", "example.org:80", "127.0.0.1:80/ws", "ws://127.0.0.1:80", "*:80"}) {
        CAPTURE(wrong);
        CHECK(contains(refusal([&] { parse_listener(wrong); }), "write HOST:PORT"));
    }
}

TEST_CASE("the address of a WebSocket has its scheme, a host, and nothing that could end a header or a string") {
    for (const std::string right : {"ws://127.0.0.1:8080/ws", "wss://chat.example.org/ws", "ws://[::1]:1/ws", "wss://chat.example.org"})
        CHECK(parse_websocket_url(right) == right);
    for (const std::string wrong : {"", "chat.example.org", "http://chat.example.org/ws", "ws://", "ws:///ws", "ws://a b/ws", "ws://a/\"",
                                    "ws://u:p@a/ws", "ws://a/ws#x", "ws://a/\n"}) {
        CAPTURE(wrong);
        CHECK(contains(refusal([&] { parse_websocket_url(wrong); }), "write for example wss://"));
    }
}

TEST_CASE("an origin is a scheme and a host") {
    CHECK(parse_origin("https://chat.example.org") == "https://chat.example.org");
    CHECK(parse_origin("http://localhost:3000") == "http://localhost:3000");
    for (const char* wrong :
         {"", "*.example.org", "example.org", "https://", "://x", "https://example.org/", "https://a b", "https://u@h"}) {
        CAPTURE(wrong);
        CHECK(contains(refusal([&] { parse_origin(wrong); }), "write scheme and host"));
    }
}

TEST_CASE("a wrong value is quoted in one line, and not at any length") {
    CHECK(in_quotes("a\nb\x1b[31m\x7f") == "\"a\\x0ab\\x1b[31m\\x7f\"");
    CHECK(in_quotes(std::string(1000, 'x')) == "\"" + std::string(80, 'x') + "...\"");
    CHECK(in_quotes("büro") == "\"büro\"");
}

TEST_CASE("a misspelling finds what was meant, something else does not") {
    const std::string_view words[] = {"listen", "tls-listen", "threads"};
    CHECK(nearest("lisen", words) == "listen");
    CHECK(nearest("thread", words) == "threads");
    CHECK(nearest("tls_listen", words) == "tls-listen");
    CHECK(nearest("frobnicate", words) == "");
    CHECK(nearest("", words) == "");
}
