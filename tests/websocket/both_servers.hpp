// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_WEBSOCKET_BOTH_SERVERS_HPP
#define STOMPCHAT_TESTS_WEBSOCKET_BOTH_SERVERS_HPP

#include <doctest/doctest.h>
#include <stompchat/net/websocket_accept.hpp>
#include <websocket/raw_peer.hpp>
#include <websocket/servers.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace websocket_test {

/// For the opening handshake; long enough for a request that drips in.
inline constexpr std::chrono::seconds handshake_timeout{3};
/// The node's limit is a mebibyte, and so is the echo server's here.
inline constexpr std::size_t max_message = 1024 * 1024;

/** What is tested: a server, and a client that it must go on serving whatever others do to it. */
class server_under_test {
public:
    server_under_test(const char* name, std::uint16_t port, bool node) : name(name), port(port), is_node(node), witness_(port) {
        witness_.upgrade("/ws");
        if (!is_node) return;
        say("CONNECT\naccept-version:1.2\nhost:x\nheart-beat:0,0\n\n");
        REQUIRE(hear().starts_with("CONNECTED\n"));
        say("SUBSCRIBE\nid:0\ndestination:/topic/witness\nreceipt:subscribed\n\n");
        REQUIRE(hear().starts_with("RECEIPT\n"));
    }

    /// The witness gets its answer in time: a STOMP message through the node, or an echo.
    void check_serves_others() {
        const std::string text = "round " + std::to_string(++rounds_);
        const auto began = clock::now();
        if (is_node) {
            say("SEND\ndestination:/topic/witness\n\n" + text);
            const std::string message = hear();
            CHECK(message.starts_with("MESSAGE\n"));
            CHECK(message.find("\n\n" + text) != std::string::npos);
        } else {
            say(text);
            CHECK(hear() == text + '\0');
        }
        CHECK(clock::now() - began < milliseconds(2000));
    }

    const char* const name;
    const std::uint16_t port;
    const bool is_node;

private:
    void say(std::string text) { REQUIRE(witness_.send(client_frame(0x81, std::move(text) + '\0'))); }
    std::string hear() { return witness_.read_frame().payload; }

    raw_peer witness_;
    int rounds_ = 0;
};

/** Runs `f(server)` for the echo server and for the node, which live as long as the test program. */
template <class F>
void for_each_server(F f) {
    // OpenSSL cleans up in the order in which it was used first: behind the threads of the servers, which use it.
    static const std::string first_use = stompchat::net::websocket_accept("");
    static running_echo echo([] {
        echo_options options;
        options.limits.max_message = max_message;
        options.handshake_timeout = handshake_timeout;
        options.allowed_origins = {"https://chat.example"};
        return options;
    }());
    static running_node node([] {
        stompchat::chat_node_options options;
        options.max_websocket_message = max_message;
        options.handshake_timeout = handshake_timeout;
        options.allowed_origins = {"https://chat.example"};
        return options;
    }());
    static server_under_test servers[] = {{"echo server", echo.port(), false}, {"chat_node", node.port(), true}};
    for (server_under_test& one : servers) {
        CAPTURE(one.name);
        f(one);
    }
}

} // namespace websocket_test

#endif
