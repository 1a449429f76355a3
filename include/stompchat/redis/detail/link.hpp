// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_LINK_HPP
#define STOMPCHAT_REDIS_DETAIL_LINK_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/net/connected_socket.hpp>
#include <stompchat/net/resolve.hpp>
#include <stompchat/net/tls_context.hpp>
#include <stompchat/ports/observer.hpp>
#include <stompchat/redis/detail/command.hpp>
#include <stompchat/redis/detail/reply_reader.hpp>
#include <stompchat/redis/options.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI::redis {

namespace asio = boost::asio;

/** What all connections of a client share. */
struct link_setup {
    /// Throws system_error when a file for TLS cannot be used.
    STOMPCHAT_DECL link_setup(redis_options from, observer* log_to);

    void log(severity how, const std::string& text) const {
        if (told != nullptr) told->on_log(how, text);
    }

    redis_options options;
    /// None without encryption.
    std::optional<net::tls_context> tls;
    /// May be null.
    observer* told;
};

/** Whom a link tells. Called from the link's executor, never from within a call of the link. */
class link_listener {
public:
    /// Connected. TLS may still have to agree.
    virtual void on_open() = 0;
    virtual void on_reply(reply& what) = 0;
    /// All answers that were there have been told.
    virtual void on_replies_end() = 0;
    /// Nothing comes any more.
    virtual void on_closed(error_code ec, const std::string& text) = 0;

protected:
    ~link_listener() = default;
};

/** One connection to a Redis or a sentinel, from the look-up of its name to its end: commands out, answers in.
    Thread safety: for the thread that runs the executor. Lifetime: shared with the operations that Asio holds; close() before the listener
    goes away. Memory: 16 KiB to read into, what waits for the socket, an answer under way. */
class link final : private net::stream_listener, public std::enable_shared_from_this<link> {
public:
    using executor_type = asio::io_context::executor_type;

    STOMPCHAT_DECL link(const executor_type& executor, std::shared_ptr<const link_setup> setup, net::host_and_port to,
                        link_listener& listener);
    link(const link&) = delete;
    STOMPCHAT_DECL ~link();

    STOMPCHAT_DECL void open();
    /// Precondition: on_open() was called. Appends a command; flush() sends what was appended.
    void write(const command& what, std::span<const std::string_view> before = {}) { what.encode(out_, before); }
    STOMPCHAT_DECL void flush();
    /// Tells the listener nothing any more.
    STOMPCHAT_DECL void close();

    const net::host_and_port& to() const noexcept { return to_; }

private:
    using resolver = asio::ip::basic_resolver<asio::ip::tcp, executor_type>;

    void on_readable(error_code ec) override;
    void on_writable(error_code ec) override;
    void connect(const resolver::results_type& endpoints);
    void on_connected();
    void take_replies();
    void end(error_code ec, const std::string& text);

    executor_type executor_;
    const std::shared_ptr<const link_setup> setup_;
    const net::host_and_port to_;
    link_listener* listener_;
    resolver resolver_;
    net::tcp_socket socket_;
    net::stream_ptr stream_;
    reply_reader reader_;
    std::string out_;
    std::size_t written_ = 0; // of out_
    bool closed_ = false;
    std::array<char, 16 * 1024> in_;
};

/// `host:port`, with brackets where the host has colons.
STOMPCHAT_DECL std::string to_string(const net::host_and_port& where);

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/link.ipp>
#endif

#endif
