// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_PLATFORM_HPP
#define STOMPCHAT_NET_PLATFORM_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/net/socket_options.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <span>

/** Every call of the operating system that Asio does not cover, or not without a detour. Linux; a port to another system begins and ends
 * here. */
namespace stompchat::inline STOMPCHAT_ABI::net::platform {

namespace asio = boost::asio;

/// Reads without blocking. Returns 0 with an error: would_block, eof, or the system's.
STOMPCHAT_DECL std::size_t receive(int socket, std::span<char> into, error_code& ec) noexcept;

/// Writes all buffers in order, without blocking and without SIGPIPE. Returns less than their sum when more would block, 0 with an error.
STOMPCHAT_DECL std::size_t send(int socket, std::span<const asio::const_buffer> from, error_code& ec) noexcept;

/// Ends the outgoing direction of a connection.
STOMPCHAT_DECL void shutdown_send(int socket) noexcept;

/// The address of the peer; a default-constructed one when there is no peer any more.
STOMPCHAT_DECL asio::ip::tcp::endpoint remote_endpoint(int socket) noexcept;

/// What has become of a socket that is watched.
struct socket_event {
    void* whose = nullptr; ///< what poll_add() was given
    bool readable = false; ///< or at its end
    bool writable = false; ///< takes octets
    bool ended = false; ///< the peer says nothing more, or the connection is broken: `readable` too, and for good
};

/// A descriptor that tells which of many sockets are ready, and is readable itself when one is. Returns -1 with an error.
STOMPCHAT_DECL int open_poll(error_code& ec) noexcept;
/** Watches a socket for edges: it is told once when it becomes readable, with `for_writing` also when it becomes writable. What it is at
    the time of the call counts as an edge. */
STOMPCHAT_DECL void poll_add(int poll, int socket, void* whose, bool for_writing, error_code& ec) noexcept;
/// The same for a socket that is watched already: what it is now is told again.
STOMPCHAT_DECL void poll_change(int poll, int socket, void* whose, bool for_writing, error_code& ec) noexcept;
/// Watches a socket no more. Harmless for one that is not watched.
STOMPCHAT_DECL void poll_remove(int poll, int socket) noexcept;
/// Takes events that are there, without blocking. Returns how many; as many as fit mean that there may be more.
STOMPCHAT_DECL std::size_t poll_take(int poll, std::span<socket_event> into) noexcept;

/// Takes a connection from a listening socket, non-blocking and closed on exec. Returns -1 with an error, such as would_block.
STOMPCHAT_DECL int accept(int listening, error_code& ec) noexcept;

/// Closes a socket that no Asio object owns.
STOMPCHAT_DECL void close(int socket) noexcept;

/// What a failed accept() calls for.
enum class accept_failure {
    none_waiting,    ///< wait
    connection_gone, ///< that connection is lost, go on with the next
    shortage,        ///< of descriptors or memory, or unknown: pause, it would only fail again
};
/// Reads the error of accept().
STOMPCHAT_DECL accept_failure classify_accept_failure(const error_code& ec) noexcept;

/// Sets what the options say; what the system refuses stays as it was.
STOMPCHAT_DECL void apply(int socket, const socket_options& options) noexcept;

/// Lets several sockets listen on one address (SO_REUSEPORT), among which the system spreads connections.
STOMPCHAT_DECL void set_reuse_port(int socket, error_code& ec) noexcept;

/** Raises the process's limit of open descriptors towards `wanted`, as far as its hard limit lets it; never lowers it.
    Returns the limit that holds then, or 0 if the system does not tell. */
STOMPCHAT_DECL std::size_t raise_descriptor_limit(std::size_t wanted) noexcept;

/// Names the calling thread for ps, top and debuggers; Linux keeps 15 characters.
STOMPCHAT_DECL void set_thread_name(const char* name) noexcept;

} // namespace stompchat::inline STOMPCHAT_ABI::net::platform

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/platform.ipp>
#endif

#endif
