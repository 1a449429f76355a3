// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_LISTEN_SOCKET_HPP
#define STOMPCHAT_NET_LISTEN_SOCKET_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/net/connected_socket.hpp>
#include <stompchat/net/failure.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>

#include <memory>
#include <span>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::net {

/// A listening socket whose executor is not type-erased.
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

/// How to listen.
struct listen_options {
    /// Connections that the system keeps until they are accepted; it may clip the number (Linux: net.core.somaxconn).
    int backlog = 4096;
};

/** Opens one listening socket for each io_context, all on the same address, among which the system spreads the connections (SO_REUSEPORT).
    The first is bound without SO_REUSEPORT: a port that somebody else listens on, even another server that shares it, is an error. Port 0
   picks a free port, the same for all: see local_endpoint() of the result. An IPv6 socket takes IPv6 only, so that 0.0.0.0 and [::] can
   both be bound. Errors: the system's; the text names the address and the reason. Precondition: at least one context. */
STOMPCHAT_DECL result<std::vector<tcp_acceptor>>
open_acceptors(const asio::ip::tcp::endpoint& address, std::span<asio::io_context* const> contexts, const listen_options& options = {});

/// What an accept_loop tells. Called on the acceptor's executor.
class accept_listener {
public:
    /// A connection, non-blocking.
    virtual void on_accepted(connected_socket socket) = 0;
    /** The system lacks descriptors or memory for more connections. Told once, then tried again after a pause, until one is accepted. */
    virtual void on_accept_error(error_code ec) = 0;

protected:
    ~accept_listener() = default;
};

/** Accepts connections of one listening socket, many in a turn.
    When descriptors or memory run out it pauses instead of spinning; a connection that is gone before it is accepted counts for nothing.
    Thread safety: distinct objects are independent; one object belongs to the thread that runs its executor.
    Lifetime: the listener must outlive the loop, or live until stop(). Must be destroyed before the io_context. */
class accept_loop {
public:
    /// Does nothing before start().
    STOMPCHAT_DECL accept_loop(tcp_acceptor acceptor, accept_listener& listener);
    STOMPCHAT_DECL ~accept_loop();
    accept_loop(accept_loop&&) = delete;

    /// Begins to accept. Precondition: called once.
    STOMPCHAT_DECL void start();

    /** Closes the listening socket; connections that nobody accepted yet are reset. The listener is not called any more. May be called from
       within the listener, and more than once. */
    STOMPCHAT_DECL void stop() noexcept;

    /// Where it listens, with the port that the system chose for 0.
    STOMPCHAT_DECL asio::ip::tcp::endpoint local_endpoint() const noexcept;

private:
    struct core;
    std::shared_ptr<core> core_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::net

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/listen_socket.ipp>
#endif

#endif
