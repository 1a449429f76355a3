// Boost Software License 1.0, see LICENSE

#include <doctest/doctest.h>
#include <stompchat/net/websocket_accept.hpp>
#include <stompchat/websocket/handshake.hpp>

namespace net = stompchat::net;

TEST_CASE("the example of RFC 6455, 1.3, is answered as it says") {
    CHECK(net::websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("a key is the base64 of its octets and valid") {
    const unsigned char nonce[16] = {'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'};
    CHECK(net::websocket_key(nonce) == "dGhlIHNhbXBsZSBub25jZQ==");
    const unsigned char ones[16] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    CHECK(stompchat::websocket::is_valid_key(net::websocket_key(ones)));
}
