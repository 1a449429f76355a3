// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_RESOLVE_IPP
#define STOMPCHAT_NET_IMPL_RESOLVE_IPP

#include <stompchat/net/resolve.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <charconv>

namespace stompchat::inline STOMPCHAT_ABI::net {
namespace detail {

inline failure bad_address(std::string_view text, const char* reason) {
    return {error::bad_option, "'" + std::string(text) + "' is not an address to listen on: " + reason};
}

} // namespace detail

STOMPCHAT_DECL result<host_and_port> parse_host_and_port(std::string_view text) {
    std::string_view host;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return detail::bad_address(text, "']' is missing");
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.starts_with(':')) return detail::bad_address(text, "':PORT' is missing behind ']'");
        port.remove_prefix(1);
        if (host.find(':') == std::string_view::npos) return detail::bad_address(text, "brackets are for IPv6 addresses");
    } else {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) return detail::bad_address(text, "expected HOST:PORT");
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (port.find(':') != std::string_view::npos)
            return detail::bad_address(text, "an IPv6 address goes into brackets, as in [::1]:8080");
    }
    if (host.empty()) return detail::bad_address(text, "the host is missing; 0.0.0.0 or [::] stands for all addresses");
    if (host.find_first_of(" \t\r\n/@") != std::string_view::npos || host.find('\0') != std::string_view::npos) {
        return detail::bad_address(text, "the host has a character that hosts do not have");
    }
    host_and_port parsed;
    parsed.host = host;
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
    if (port.empty() || ec != std::errc() || end != port.data() + port.size()) {
        return detail::bad_address(text, "the port is a number from 0 to 65535");
    }
    return parsed;
}

STOMPCHAT_DECL result<std::vector<asio::ip::tcp::endpoint>> resolve_listen_address(std::string_view text) {
    using tcp = asio::ip::tcp;
    const result<host_and_port> parsed = parse_host_and_port(text);
    if (!parsed) return parsed.error();

    error_code ec;
    const asio::ip::address address = asio::ip::make_address(parsed->host, ec);
    if (!ec) return std::vector<tcp::endpoint>{{address, parsed->port}};
    // An IPv6 address can only be an address: no need to ask anybody.
    if (parsed->host.find(':') != std::string::npos) return detail::bad_address(text, "malformed IPv6 address");
    // inet_aton, and so the resolver, takes 127.1 and 0x7f.1 for addresses; whoever writes digits and dots means what they look like.
    if (parsed->host.find_first_not_of("0123456789.") == std::string::npos) return detail::bad_address(text, "malformed IPv4 address");

    asio::io_context context(1);
    tcp::resolver resolver(context);
    const auto answers =
        resolver.resolve(parsed->host, std::to_string(parsed->port), tcp::resolver::passive | tcp::resolver::numeric_service, ec);
    std::vector<tcp::endpoint> endpoints;
    for (const auto& answer : answers) {
        if (std::find(endpoints.begin(), endpoints.end(), answer.endpoint()) == endpoints.end()) endpoints.push_back(answer.endpoint());
    }
    if (!ec && endpoints.empty()) ec = asio::error::host_not_found;
    if (ec) return failure{ec, "cannot resolve '" + std::string(text) + "': " + ec.message()};
    return endpoints;
}

STOMPCHAT_DECL std::string to_string(const asio::ip::tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
