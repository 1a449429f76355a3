// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_TLS_STREAM_HPP
#define STOMPCHAT_NET_TLS_STREAM_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/net/tls_context.hpp>

#include <string>

namespace stompchat::inline STOMPCHAT_ABI::net {

/** An encrypted stream over a connected socket, accepting side. The handshake happens inside the first reads and writes: until it is
    done they say would_block, or why it failed. The context may go away before the stream.
    Throws std::bad_alloc, and for the first stream of an io_context (unless open_acceptors() was there before) what the system has against
    an epoll descriptor; the socket is then closed. */
STOMPCHAT_DECL stream_ptr make_tls_server_stream(connected_socket socket, const tls_context& context, const socket_options& options = {});

/** The connecting side. `host` is the name or address that the certificate must be valid for, if the context verifies.
    Throws std::bad_alloc, and for the first stream of an io_context (unless open_acceptors() was there before) what the system has against
    an epoll descriptor; the socket is then closed. */
STOMPCHAT_DECL stream_ptr make_tls_client_stream(connected_socket socket, const tls_context& context, const std::string& host,
                                                 const socket_options& options = {});

} // namespace stompchat::inline STOMPCHAT_ABI::net

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/tls_stream.ipp>
#endif

#endif
