// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_WEBSOCKET_HANDSHAKE_HPP
#define STOMPCHAT_WEBSOCKET_HANDSHAKE_HPP

#include <stompchat/config.hpp>

#include <span>
#include <string_view>

/** The parts of RFC 6455's opening handshake that need neither HTTP nor a hash. */
namespace stompchat::inline STOMPCHAT_ABI::websocket {

/// The subprotocols of STOMP, highest version first.
inline constexpr std::string_view subprotocols[] = {"v12.stomp", "v11.stomp", "v10.stomp"};

/** The highest of `subprotocols` that a `Sec-WebSocket-Protocol` header offers, or an empty view. Then the answer carries no such header:
    browsers fail when they offered some and get another, some clients fail when they get one unasked. The result is static memory. */
STOMPCHAT_DECL std::string_view choose_subprotocol(std::string_view offered) noexcept;
/// The same for a request with several `Sec-WebSocket-Protocol` lines, which mean the same as one with commas (RFC 6455, 11.3.4).
STOMPCHAT_DECL std::string_view choose_subprotocol(std::span<const std::string_view> offered) noexcept;

/// True for a `Sec-WebSocket-Key` that is the base64 of 16 octets (RFC 6455, 4.2.1).
STOMPCHAT_DECL bool is_valid_key(std::string_view key) noexcept;

/// True when a header whose value is a comma-separated list, such as `Connection`, contains the token, in whatever case.
STOMPCHAT_DECL bool has_token(std::string_view list, std::string_view token) noexcept;

} // namespace stompchat::inline STOMPCHAT_ABI::websocket

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/websocket/impl/handshake.ipp>
#endif

#endif
