// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_TCP_STREAM_HPP
#define STOMPCHAT_NET_TCP_STREAM_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/net/connected_socket.hpp>
#include <stompchat/net/socket_options.hpp>

namespace stompchat::inline STOMPCHAT_ABI::net {

/** A plain stream over a connected socket. Options that the system refuses are ignored: the connection may be gone already.
    Throws std::bad_alloc, and for the first stream of an io_context (unless open_acceptors() was there before) what the system has against
    an epoll descriptor; the socket is then closed. */
STOMPCHAT_DECL stream_ptr make_tcp_stream(connected_socket socket, const socket_options& options = {});

} // namespace stompchat::inline STOMPCHAT_ABI::net

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/tcp_stream.ipp>
#endif

#endif
