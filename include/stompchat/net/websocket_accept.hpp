// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_WEBSOCKET_ACCEPT_HPP
#define STOMPCHAT_NET_WEBSOCKET_ACCEPT_HPP

#include <stompchat/config.hpp>

#include <span>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::net {

/** The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455, 4.2.2). Here and not in websocket/, which knows no hash.
    Thread safety: safe to call from any thread. */
STOMPCHAT_DECL std::string websocket_accept(std::string_view key);

/// A `Sec-WebSocket-Key` made of 16 random octets (RFC 6455, 4.1). Thread safety: safe to call from any thread.
STOMPCHAT_DECL std::string websocket_key(std::span<const unsigned char, 16> random);

} // namespace stompchat::inline STOMPCHAT_ABI::net

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/websocket_accept.ipp>
#endif

#endif
