// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_HTTP_CONNECTION_HPP
#define STOMPCHAT_NODE_DETAIL_HTTP_CONNECTION_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/detail/connection.hpp>
#include <stompchat/node/detail/http_head.hpp>
#include <stompchat/node/options.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** The beginning of a connection on a WebSocket listener: plain HTTP requests are answered one after the other, an upgrade makes a session
    of the connection. A request must be complete within the handshake time limit, which begins anew with each one.
    Thread safety: for the shard's thread. Memory: one request head and one response. */
class http_connection final : public connection {
public:
    STOMPCHAT_DECL http_connection(shard& home, net::stream_ptr stream);

    STOMPCHAT_DECL void start() override;
    STOMPCHAT_DECL void on_readable(error_code ec) override;
    STOMPCHAT_DECL void on_writable(error_code ec) override;
    STOMPCHAT_DECL void on_deadline(time_point now) override;
    STOMPCHAT_DECL void on_stop() override { abort(); }
    STOMPCHAT_DECL void abort() override;

private:
    void take(std::span<char> octets);
    void upgrade(std::span<char> rest);
    http_response answer() const;
    void respond(const http_response& response, bool keep_alive);
    void write();

    http_head head_;
    std::string out_;
    std::size_t written_ = 0;
    time_point until_;
    bool closing_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
