// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_UPGRADE_IPP
#define STOMPCHAT_CLIENT_IMPL_UPGRADE_IPP

#include <stompchat/client/detail/upgrade.hpp>
#include <stompchat/client/impl/url.ipp>
#include <stompchat/net/websocket_accept.hpp>
#include <stompchat/websocket/handshake.hpp>

#include <charconv>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client::detail {

inline constexpr std::size_t longest_answer = 16 * 1024;

inline std::chrono::seconds seconds_from(std::string_view text) noexcept {
    std::uint32_t seconds = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc{}) return {};
    return std::chrono::seconds(seconds);
}

STOMPCHAT_DECL std::chrono::seconds retry_after_of(std::string_view reason) noexcept {
    constexpr std::string_view name = "retry-after=";
    const std::size_t at = reason.find(name);
    return at == std::string_view::npos ? std::chrono::seconds(0) : seconds_from(reason.substr(at + name.size()));
}

STOMPCHAT_DECL upgrade::upgrade(const url& to, std::string key, const header_list& more, stomp::version lowest, stomp::version highest)
    : key_(std::move(key)) {
    for (const auto v : {stomp::version::v1_2, stomp::version::v1_1, stomp::version::v1_0}) {
        if (v < lowest || v > highest) continue;
        if (!offered_.empty()) offered_ += ", ";
        offered_ += websocket::subprotocols[static_cast<std::size_t>(stomp::version::v1_2) - static_cast<std::size_t>(v)];
    }
    request_ = "GET " + to.target + " HTTP/1.1\r\nHost: " + to.authority()
               + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key_
               + "\r\nSec-WebSocket-Protocol: " + offered_ + "\r\n";
    for (const auto& [name, value] : more) {
        // A line end in a value would be a header of its own.
        if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) request_ += name + ": " + value + "\r\n";
    }
    request_ += "\r\n";
}

STOMPCHAT_DECL upgrade::status upgrade::feed(std::string_view octets, std::size_t& taken) {
    const std::size_t before = head_.size();
    head_ += octets.substr(0, longest_answer - before);
    taken = head_.size() - before;
    const std::size_t end = head_.find("\r\n\r\n");
    if (end == std::string::npos) {
        // What is no HTTP need not be read for long.
        constexpr std::string_view begin = "HTTP/1.1 ";
        if (head_.substr(0, begin.size()) != begin.substr(0, head_.size()))
            return fail(error::websocket_bad_handshake, "the answer to the upgrade request is not HTTP/1.1");
        if (head_.size() >= longest_answer) return fail(error::websocket_bad_handshake, "the answer to the upgrade request has no end");
        return status::need_more;
    }
    taken = end + 4 - before;
    head_.resize(end + 2);
    return read_head();
}

STOMPCHAT_DECL std::string_view upgrade::value_of(std::string_view name) const {
    std::string_view rest = head_;
    while (!rest.empty()) {
        const std::size_t end = rest.find("\r\n");
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || lower_case(line.substr(0, colon)) != name) continue;
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
        while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
        return value;
    }
    return {};
}

STOMPCHAT_DECL upgrade::status upgrade::read_head() {
    const std::string_view first = std::string_view(head_).substr(0, head_.find("\r\n"));
    if (!first.starts_with("HTTP/1.1 ")) return fail(error::websocket_bad_handshake, "the answer to the upgrade request is not HTTP/1.1");
    const std::string_view code = first.substr(9, 3);
    if (code != "101") {
        retry_after_ = seconds_from(value_of("retry-after"));
        const bool refused = code == "401" || code == "403";
        return fail(refused ? error::not_authenticated : error::websocket_bad_handshake,
                    "the server answers the upgrade request with " + std::string(first.substr(9, 64)));
    }
    if (!websocket::has_token(value_of("upgrade"), "websocket") || !websocket::has_token(value_of("connection"), "upgrade"))
        return fail(error::websocket_bad_handshake, "the server does not upgrade to WebSocket");
    if (value_of("sec-websocket-accept") != net::websocket_accept(key_))
        return fail(error::websocket_bad_handshake, "the server's Sec-WebSocket-Accept does not answer the key");
    const std::string_view protocol = value_of("sec-websocket-protocol");
    if (!protocol.empty() && !websocket::has_token(offered_, protocol))
        return fail(error::websocket_bad_handshake, "the server chose a subprotocol that was not offered");
    if (!value_of("sec-websocket-extensions").empty())
        return fail(error::websocket_bad_handshake, "the server chose an extension that was not offered");
    return status::done;
}

STOMPCHAT_DECL upgrade::status upgrade::fail(error_code ec, std::string text) {
    ec_ = ec;
    text_ = std::move(text);
    return status::failed;
}

} // namespace stompchat::inline STOMPCHAT_ABI::client::detail

#endif
