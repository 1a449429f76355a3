// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_UPGRADE_IPP
#define STOMPCHAT_NODE_IMPL_UPGRADE_IPP

#include <stompchat/net/websocket_accept.hpp>
#include <stompchat/node/detail/upgrade.hpp>
#include <stompchat/websocket/handshake.hpp>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {
namespace detail {

inline std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

// A header that is a list may be spread over several lines (RFC 9110, 5.3).
inline bool lists(const http_head& request, std::string_view name, std::string_view token) {
    const std::vector<std::string_view> lines = request.fields(name);
    return std::any_of(lines.begin(), lines.end(), [token](std::string_view line) { return websocket::has_token(line, token); });
}

inline bool origin_allowed(const http_head& request, std::span<const std::string> allowed) {
    // RFC 6455, 10.2: a browser tells which page connects; other clients tell nothing, and could tell anything.
    if (!request.has("Origin")) return true;
    const std::string origin = lower(request.field("Origin"));
    if (!allowed.empty())
        return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) { return one == "*" || lower(one) == origin; });
    const auto scheme = origin.find("://");
    return scheme != std::string::npos && origin.substr(scheme + 3) == lower(request.host());
}

} // namespace detail

STOMPCHAT_DECL http_response plain_response(unsigned status, std::string text) {
    return {status, "text/plain; charset=utf-8", std::make_shared<const std::string>(std::move(text) + '\n')};
}

STOMPCHAT_DECL http_response check_upgrade(const http_head& request, std::span<const std::string> allowed_origins) {
    // RFC 9110, 15.5.6 and 15.5.22: these answers name what would have been right.
    const auto refused = [](unsigned status, std::string text, std::string name, std::string value) {
        http_response answer = plain_response(status, std::move(text));
        answer.headers.emplace_back(std::move(name), std::move(value));
        return answer;
    };
    if (request.method() != "GET") return refused(405, "A WebSocket begins with GET.", "Allow", "GET");
    if (request.fields("Host").size() != 1 || request.host().empty()) return plain_response(400, "A request has one Host header.");
    if (!detail::lists(request, "Upgrade", "websocket"))
        return refused(426, "This is a WebSocket: connect with a STOMP client.", "Upgrade", "websocket");
    if (!request.modern() || !detail::lists(request, "Connection", "upgrade"))
        return plain_response(400, "A WebSocket needs HTTP/1.1 and `Connection: Upgrade`.");
    if (request.fields("Sec-WebSocket-Version").size() != 1 || request.field("Sec-WebSocket-Version") != "13") {
        http_response answer = refused(426, "Sec-WebSocket-Version must be 13.", "Upgrade", "websocket");
        answer.headers.emplace_back("Sec-WebSocket-Version", "13");
        return answer;
    }
    if (request.fields("Sec-WebSocket-Key").size() != 1 || !websocket::is_valid_key(request.field("Sec-WebSocket-Key")))
        return plain_response(400, "Sec-WebSocket-Key must be the base64 of 16 octets.");
    if (request.announces_body()) return plain_response(400, "A WebSocket request has no body.");
    if (!detail::origin_allowed(request, allowed_origins)) return plain_response(403, "This Origin may not connect here.");
    return {101, {}, nullptr};
}

STOMPCHAT_DECL std::string accept_upgrade(const http_head& request, std::string_view subprotocol) {
    std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                         + net::websocket_accept(request.field("Sec-WebSocket-Key")) + "\r\n";
    if (!subprotocol.empty()) answer.append("Sec-WebSocket-Protocol: ").append(subprotocol).append("\r\n");
    answer.append("\r\n");
    return answer;
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
