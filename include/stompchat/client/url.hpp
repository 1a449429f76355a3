// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_URL_HPP
#define STOMPCHAT_CLIENT_URL_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/failure.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::client {

/** Where a server is and how to speak to it. Thread safety: a value type. */
struct url {
    /// Over WebSocket, else over TCP.
    bool websocket = false;
    /// Encrypted.
    bool tls = false;
    std::string host; ///< a name or an address, without brackets
    /// Never 0.
    std::uint16_t port = 0;
    std::string target; ///< of WebSocket: path and query, `/` when the URL has none

    /// `host:port`, the port left out where it is the scheme's own, as the header `Host` wants it.
    STOMPCHAT_DECL std::string authority() const;
};

/** Reads a URL:

    | scheme | is | port |
    |---|---|---|
    | `ws://`, `wss://` | STOMP over WebSocket (RFC 6455, 3), `wss` with TLS | 80, 443 |
    | `stomp://`, also `tcp://` | STOMP over TCP | 61613 |
    | `stomp+ssl://`, also `ssl://`, `tls://`, `stomp+tls://` | STOMP over TLS | 61614 |

    Schemes are read without regard to case. A user in the URL is refused, because URLs are written into logs; so is a fragment.
    Errors: error::bad_option, with a text that quotes the input. */
STOMPCHAT_DECL net::result<url> parse_url(std::string_view text);

} // namespace stompchat::inline STOMPCHAT_ABI::client

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/url.ipp>
#endif

#endif
