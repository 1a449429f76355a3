// Boost Software License 1.0, see LICENSE

#include <stompchat/client/detail/upgrade.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace stompchat;
using client::detail::upgrade;
using stomp::version;

namespace {

// The key and its answer of RFC 6455, 1.3.
const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string good = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
                         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n";

upgrade make(client::header_list more = {}, version lowest = version::v1_0, version highest = version::v1_2) {
    return {*client::parse_url("ws://chat.example:8080/ws?a=b"), key, more, lowest, highest};
}

std::string without(std::string text, const std::string& part, const std::string& instead = {}) {
    const auto at = text.find(part);
    REQUIRE(at != std::string::npos);
    return text.replace(at, part.size(), instead);
}

} // namespace

TEST_CASE("the request asks for WebSocket and offers the subprotocols of the versions") {
    CHECK(make().request()
          == "GET /ws?a=b HTTP/1.1\r\nHost: chat.example:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v12.stomp, v11.stomp, v10.stomp\r\n\r\n");
    CHECK(make({}, version::v1_1, version::v1_1).request().find("Protocol: v11.stomp\r\n") != std::string::npos);
    const std::string request = make({{"Cookie", "a=b"}, {"X", "y\r\nZ: evil"}}).request();
    CHECK(request.ends_with("\r\nCookie: a=b\r\n\r\n"));
}

TEST_CASE("a good answer is understood at every cut, and what follows it is left") {
    const std::string octets = good + "\x81\x01x";
    for (std::size_t cut = 0; cut <= good.size(); ++cut) {
        CAPTURE(cut);
        upgrade shake = make();
        std::size_t taken = 0;
        std::size_t total = 0;
        if (cut != good.size()) {
            REQUIRE(shake.feed(std::string_view(octets).substr(0, cut), taken) == upgrade::status::need_more);
            REQUIRE(taken == cut);
            total = cut;
        }
        REQUIRE(shake.feed(std::string_view(octets).substr(total), taken) == upgrade::status::done);
        CHECK(total + taken == good.size());
    }
}

TEST_CASE("an answer that does not follow RFC 6455 is refused") {
    const std::string bad[] = {
        without(good, "upgrade: WebSocket\r\n"),
        without(good, ", Upgrade"),
        without(good, "s3pP", "s3pQ"),
        without(good, "v12.stomp", "soap"),
        without(good, "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol"),
        "HTTP/1.0 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 101 " + std::string(20'000, 'x'),
    };
    for (const std::string& answer : bad) {
        CAPTURE(answer.substr(0, 200));
        upgrade shake = make();
        std::size_t taken = 0;
        REQUIRE(shake.feed(answer, taken) == upgrade::status::failed);
        CHECK(shake.ec() == error::websocket_bad_handshake);
        CHECK_FALSE(shake.text().empty());
    }
    upgrade plain = make();
    std::size_t taken = 0;
    CHECK(plain.feed(without(good, "Sec-WebSocket-Protocol: v12.stomp\r\n"), taken) == upgrade::status::done);
}

TEST_CASE("a refusal tells the status, the login that is wanted, and when to come again") {
    upgrade busy = make();
    std::size_t taken = 0;
    REQUIRE(busy.feed("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 17\r\n\r\n", taken) == upgrade::status::failed);
    CHECK(busy.text().find("503 Service Unavailable") != std::string::npos);
    CHECK(busy.retry_after() == std::chrono::seconds(17));
    CHECK(busy.ec() == error::websocket_bad_handshake);
    upgrade refused = make();
    REQUIRE(refused.feed("HTTP/1.1 401 Unauthorized\r\n\r\n", taken) == upgrade::status::failed);
    CHECK(refused.ec() == error::not_authenticated);
    CHECK(refused.retry_after() == std::chrono::seconds(0));
}

TEST_CASE("a close reason may say when to come again") {
    using client::detail::retry_after_of;
    CHECK(retry_after_of("retry-after=7") == std::chrono::seconds(7));
    CHECK(retry_after_of("restarting; retry-after=30 please") == std::chrono::seconds(30));
    for (const char* const none : {"", "retry-after=", "retry-after=-1", "retry-after=99999999999", "later"})
        CHECK(retry_after_of(none) == std::chrono::seconds(0));
}
