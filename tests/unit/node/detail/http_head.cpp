// Boost Software License 1.0, see LICENSE

#include <stompchat/node/detail/http_head.hpp>
#include <support/split.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace stompchat;
using namespace std::string_literals;
using node::http_head;
using status = http_head::status;

namespace {

const std::string upgrade =
    "GET /ws?x=1 HTTP/1.1\r\nHost: chat.example:8080\r\nUpgrade: websocket\r\nConnection: keep-alive\r\n"
    "connection: Upgrade\r\nSec-WebSocket-Protocol: v12.stomp\r\nSec-WebSocket-Protocol: v11.stomp\r\nEmpty:\r\n\r\n";

status feed_all(http_head& head, std::string_view text, std::size_t& consumed) { return head.feed(text, consumed); }

unsigned refusal_of(std::string_view text) {
    http_head head;
    std::size_t consumed = 0;
    REQUIRE(feed_all(head, text, consumed) == status::bad);
    return head.answer_status();
}

} // namespace

TEST_CASE("a request head is read whole, however it is cut, and what stands behind it is left") {
    const std::string behind = "\x81\x85 the first frame";
    const std::string octets = upgrade + behind;
    stompchat_test::for_each_split(octets, [&](const stompchat_test::pieces& pieces) {
        http_head head;
        std::size_t fed = 0;
        bool complete = false;
        for (const std::string_view piece : pieces) {
            std::size_t consumed = 0;
            const auto result = head.feed(piece, consumed);
            REQUIRE(result != status::bad);
            REQUIRE(consumed <= piece.size());
            fed += consumed;
            if (result == status::need_more) {
                REQUIRE(consumed == piece.size());
                continue;
            }
            complete = true;
            break;
        }
        REQUIRE(complete);
        REQUIRE(fed == upgrade.size());
        CHECK(head.method() == "GET");
        CHECK(head.target() == "/ws?x=1");
        CHECK(head.field("host") == "chat.example:8080");
        CHECK(head.fields("Connection").size() == 2);
        CHECK(head.fields("sec-websocket-protocol").size() == 2);
        CHECK(head.has("empty"));
        CHECK(head.field("empty").empty());
        CHECK_FALSE(head.has("absent"));
        CHECK(head.field("absent").empty());
        CHECK(head.modern());
        CHECK_FALSE(head.announces_body());
    });
}

TEST_CASE("one head after the other can be read") {
    http_head head;
    for (int i = 0; i != 3; ++i) {
        std::size_t consumed = 0;
        const std::string text = "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
        REQUIRE(head.feed(text, consumed) == status::complete);
        CHECK(consumed == text.size());
        CHECK(head.target() == "/" + std::to_string(i));
        head.reset();
    }
}

TEST_CASE("keep-alive follows the version and the Connection header") {
    const auto keeps = [](const std::string& text) {
        http_head head;
        std::size_t consumed = 0;
        REQUIRE(head.feed(text, consumed) == status::complete);
        return head.keep_alive();
    };
    CHECK(keeps("GET / HTTP/1.1\r\n\r\n"));
    CHECK_FALSE(keeps("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"));
    CHECK_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
    CHECK(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("a body is noticed, also one that the method does not expect") {
    const auto announces = [](const std::string& headers) {
        http_head head;
        std::size_t consumed = 0;
        const std::string text = "GET / HTTP/1.1\r\n" + headers + "\r\n";
        REQUIRE(head.feed(text, consumed) == status::complete);
        return head.announces_body();
    };
    CHECK_FALSE(announces(""));
    CHECK_FALSE(announces("Content-Length: 0\r\n"));
    CHECK(announces("Content-Length: 5\r\n"));
    CHECK(announces("Transfer-Encoding: chunked\r\n"));
}

TEST_CASE("a head beyond the limit is refused as soon as it is known, in whatever pieces it comes") {
    const std::string long_value = "GET / HTTP/1.1\r\nX: " + std::string(http_head::max_head, 'a');
    CHECK(refusal_of(long_value + "\r\n\r\n") == 431);
    CHECK(refusal_of("GET /" + std::string(http_head::max_head + 1, 'a')) == 431);
    for (const char* begin : {"GET / HTTP/1.1\r\nX: ", "GET /", "GET / HTTP/1.1\r\n"}) {
        http_head head;
        std::size_t consumed = 0;
        std::size_t fed = std::string_view(begin).size();
        auto result = head.feed(begin, consumed);
        // Many short lines, or one long one.
        const std::string piece = begin == "GET / HTTP/1.1\r\n"s ? "A: b\r\n" : "aaaaaa";
        while (result == status::need_more && fed < 3 * http_head::max_head) {
            fed += piece.size();
            result = head.feed(piece, consumed);
        }
        CHECK(result == status::bad);
        CHECK(head.answer_status() == 431);
        CHECK(fed <= http_head::max_head + 64);
    }
}

TEST_CASE("what is no HTTP request is refused") {
    for (const std::string& text :
         {"CONNECT\naccept-version:1.2\n\n\0"s, "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03"s, "GET  HTTP/1.1\r\n\r\n"s,
          "GET / HTTP/9.1\r\n\r\n"s, "GET / HTP/1.1\r\n\r\n"s, "G\x01T / HTTP/1.1\r\n\r\n"s, "GET / HTTP/1.1\r\nbad header\r\n\r\n"s,
          "GET / HTTP/1.1\r\n: empty\r\n\r\n"s, "GET / HTTP/1.1\r\nA\0: b\r\n\r\n"s, "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"s,
          "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"s, "HTTP/1.1 200 OK\r\n\r\n"s}) {
        CAPTURE(text);
        CHECK(refusal_of(text) == 400);
    }
}

TEST_CASE("a response tells its length, its type and whether the connection stays") {
    http_response response(200, "text/html", std::make_shared<const std::string>("<p>hi"));
    response.headers.emplace_back("Cache-Control", "no-store");
    CHECK(node::serialize(response, true, false)
          == "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nCache-Control: no-store\r\nConnection: "
             "keep-alive\r\n\r\n<p>hi");
    CHECK(node::serialize(response, false, true)
          == "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
    http_response empty;
    empty.status = 404;
    CHECK(node::serialize(empty, true, false)
          == "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    http_response unchanged;
    unchanged.status = 304;
    CHECK(node::serialize(unchanged, true, false) == "HTTP/1.1 304 Not Modified\r\nConnection: keep-alive\r\n\r\n");
}
