// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_URL_IPP
#define STOMPCHAT_CLIENT_IMPL_URL_IPP

#include <stompchat/client/url.hpp>
#include <stompchat/net/resolve.hpp>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI::client {
namespace detail {

struct scheme {
    std::string_view name;
    bool websocket;
    bool tls;
    std::uint16_t port;
};

inline constexpr scheme schemes[] = {
    {"ws", true, false, 80},           {"wss", true, true, 443},          {"stomp", false, false, 61613}, {"tcp", false, false, 61613},
    {"stomp+ssl", false, true, 61614}, {"stomp+tls", false, true, 61614}, {"ssl", false, true, 61614},    {"tls", false, true, 61614},
};

inline std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return out;
}

inline net::failure bad_url(std::string_view text, std::string_view reason) {
    return {error::bad_option, "'" + std::string(text) + "' is no URL of a server: " + std::string(reason)};
}

} // namespace detail

STOMPCHAT_DECL std::string url::authority() const {
    std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
    const std::uint16_t usual = websocket ? (tls ? 443 : 80) : (tls ? 61614 : 61613);
    if (port != usual) text += ':' + std::to_string(port);
    return text;
}

STOMPCHAT_DECL net::result<url> parse_url(std::string_view text) {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return detail::bad_url(text, "expected ws://, wss://, stomp:// or stomp+ssl://");
    const std::string name = detail::lower_case(text.substr(0, colon));
    const auto* const known =
        std::find_if(std::begin(detail::schemes), std::end(detail::schemes), [&](const detail::scheme& one) { return one.name == name; });
    if (known == std::end(detail::schemes)) return detail::bad_url(text, "its scheme must be ws, wss, stomp or stomp+ssl");
    // What goes into the first line of a request must not be able to end it.
    if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; }))
        return detail::bad_url(text, "there is a space or control character in it");
    if (text.find('#') != std::string_view::npos) return detail::bad_url(text, "a fragment has no meaning for a server");

    url found;
    found.websocket = known->websocket;
    found.tls = known->tls;
    std::string_view rest = text.substr(colon + 3);
    const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
    std::string authority(rest.substr(0, slash));
    const std::string_view target = rest.substr(slash);
    if (authority.find('@') != std::string::npos) return detail::bad_url(text, "a user goes into the options, not into the URL");
    if (!found.websocket && !target.empty() && target != "/") return detail::bad_url(text, "STOMP over TCP has no path");
    if (found.websocket) found.target = target.starts_with('/') ? std::string(target) : '/' + std::string(target);

    const std::size_t host_end = authority.starts_with('[') ? authority.find(']') : 0;
    if (host_end == std::string::npos || authority.find(':', host_end) == std::string::npos) authority += ':' + std::to_string(known->port);
    const auto where = net::parse_host_and_port(authority);
    if (!where) return detail::bad_url(text, "its host or port is malformed");
    if (where->port == 0) return detail::bad_url(text, "nobody can be reached at port 0");
    found.host = where->host;
    found.port = where->port;
    return found;
}

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
