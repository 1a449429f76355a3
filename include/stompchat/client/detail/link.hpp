// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_DETAIL_LINK_HPP
#define STOMPCHAT_CLIENT_DETAIL_LINK_HPP

#include <stompchat/client/detail/upgrade.hpp>
#include <stompchat/client/options.hpp>
#include <stompchat/client/persistent_session.hpp>
#include <stompchat/client/url.hpp>
#include <stompchat/config.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/net/connected_socket.hpp>
#include <stompchat/net/tls_context.hpp>
#include <stompchat/websocket/decoder.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::client::detail {

namespace asio = boost::asio;

/** Whom a link tells. Called from the link's executor, never from within a call of the link. */
class link_listener {
public:
    virtual void on_open() = 0;
    /// Octets of STOMP; they die on return.
    virtual void on_octets(std::string_view octets) = 0;
    /// All that was waiting has gone to the socket.
    virtual void on_drained() = 0;
    /// Nothing comes any more.
    virtual void on_closed(const transport_end& end) = 0;

protected:
    ~link_listener() = default;
};

/** One transport connection to a server: resolves, connects, encrypts, upgrades, and carries STOMP octets.
    Thread safety: for the thread that runs the executor. Lifetime: shared with the operations that Asio holds; close() before the listener
    goes away. Memory: 16 KiB to read into, and what waits for the socket. */
class link final : private net::stream_listener, public std::enable_shared_from_this<link> {
public:
    using executor_type = asio::io_context::executor_type;

    /// `tls` is null for a URL without. `options` must outlive the link.
    STOMPCHAT_DECL link(const executor_type& executor, const url& to, const net::tls_context* tls, const connection_options& options,
                        link_listener& listener);
    link(const link&) = delete;
    STOMPCHAT_DECL ~link();

    STOMPCHAT_DECL void open();

    /// Writes one frame: over WebSocket it becomes a message. Precondition: on_open() was called. What the socket does not take waits.
    STOMPCHAT_DECL void write(std::string_view frame);
    STOMPCHAT_DECL void flush();
    /// Octets that wait.
    std::size_t waiting() const noexcept { return out_.size() - written_; }

    /// While paused nothing is read.
    STOMPCHAT_DECL void pause(bool paused);

    /// Says goodbye if it can at once, closes, and tells the listener nothing any more.
    STOMPCHAT_DECL void close();

private:
    enum class state : std::uint8_t {
        connecting,
        upgrading,
        open,
        closed,
    };

    void on_readable(error_code ec) override;
    void on_writable(error_code ec) override;
    void connect(const asio::ip::basic_resolver<asio::ip::tcp, executor_type>::results_type& endpoints);
    void on_connected();
    void be_open();
    void take(std::span<char> octets);
    void take_upgrade(std::span<char> octets);
    void take_websocket(std::span<char> octets);
    void write_control(websocket::control_frame frame);
    websocket::mask_key new_mask();
    void end(error_code ec, std::string text, std::chrono::seconds retry_after = {});

    executor_type executor_;
    url to_;
    const net::tls_context* tls_;
    const connection_options& options_;
    link_listener* listener_;
    asio::ip::basic_resolver<asio::ip::tcp, executor_type> resolver_;
    net::tcp_socket socket_;
    net::stream_ptr stream_;
    std::optional<upgrade> upgrade_;
    websocket::decoder_options websocket_options_;
    websocket::decoder websocket_;
    std::random_device random_;
    std::string out_;
    std::size_t written_ = 0; // of out_
    std::array<char, 16 * 1024> in_;
    state state_ = state::connecting;
    bool paused_ = false;
    bool said_goodbye_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::client::detail

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/link.ipp>
#endif

#endif
