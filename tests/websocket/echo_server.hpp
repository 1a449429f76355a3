// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_WEBSOCKET_ECHO_SERVER_HPP
#define STOMPCHAT_TESTS_WEBSOCKET_ECHO_SERVER_HPP

#include <stompchat/net/listen_socket.hpp>
#include <stompchat/websocket/decoder.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace websocket_test {

struct echo_options {
    stompchat::websocket::decoder_options limits{16 * 1024 * 1024};
    /// For the opening handshake; then the connection is closed.
    std::chrono::milliseconds handshake_timeout{10000};
    /// For the peer's part of the closing handshake.
    std::chrono::milliseconds close_timeout{2000};
    std::vector<std::string> allowed_origins;
};

/** Sends every message back, with the same type and octets, and offers no subprotocol. Nothing but the library's own parts see the octets:
    the streams of net/, the opening handshake of node/, the framing of websocket/.
    Thread safety: everything on the thread that runs the context. */
class echo_server final : private stompchat::net::accept_listener {
public:
    /// Listens on a free port of 127.0.0.1.
    echo_server(boost::asio::io_context& context, echo_options options);
    ~echo_server();

    std::uint16_t port() const { return loop_->local_endpoint().port(); }

    /// Begins the closing handshake of every connection.
    void close_all(std::uint16_t code, std::string_view reason);

private:
    class connection;

    void on_accepted(stompchat::net::connected_socket socket) override;
    void on_accept_error(stompchat::error_code) override {}

    boost::asio::io_context& context_;
    echo_options options_;
    std::unordered_set<std::shared_ptr<connection>> connections_;
    std::unique_ptr<stompchat::net::accept_loop> loop_;
};

} // namespace websocket_test

#endif
