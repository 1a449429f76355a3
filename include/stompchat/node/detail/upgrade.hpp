// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_UPGRADE_HPP
#define STOMPCHAT_NODE_DETAIL_UPGRADE_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/detail/http_head.hpp>
#include <stompchat/node/options.hpp>

#include <span>
#include <string>
#include <string_view>

/** The server's part of the opening handshake (RFC 6455, 4.2), of request heads that are complete. Pure functions.
    Thread safety: safe to call from any thread. */
namespace stompchat::inline STOMPCHAT_ABI::node {

/// A response that says in one line of text what the status is about.
STOMPCHAT_DECL http_response plain_response(unsigned status, std::string text);

/// A target without its query.
inline std::string_view path_of(std::string_view target) noexcept { return target.substr(0, target.find('?')); }

/** What is wrong with an upgrade request, as the answer to it; status 101 when nothing is. `allowed_origins` is
    `chat_node_options::allowed_origins`. */
STOMPCHAT_DECL http_response check_upgrade(const http_head& request, std::span<const std::string> allowed_origins);

/// The octets that answer an upgrade request. An empty subprotocol is left out. Precondition: check_upgrade() found nothing.
STOMPCHAT_DECL std::string accept_upgrade(const http_head& request, std::string_view subprotocol);

} // namespace stompchat::inline STOMPCHAT_ABI::node

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/upgrade.ipp>
#endif

#endif
