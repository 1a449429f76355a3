// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_WEBSOCKET_IMPL_HANDSHAKE_IPP
#define STOMPCHAT_WEBSOCKET_IMPL_HANDSHAKE_IPP

#include <stompchat/websocket/handshake.hpp>

#include <algorithm>
#include <cstddef>

namespace stompchat::inline STOMPCHAT_ABI::websocket {
namespace detail {

inline char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Calls f for each element of a comma-separated list, without the white space around it (RFC 9110, 5.6.1).
template <class F>
void for_each_element(std::string_view list, F f) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view element = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
        while (!element.empty() && is_space(element.front())) element.remove_prefix(1);
        while (!element.empty() && is_space(element.back())) element.remove_suffix(1);
        if (!element.empty()) f(element);
    }
}

} // namespace detail

STOMPCHAT_DECL std::string_view choose_subprotocol(std::string_view offered) noexcept {
    return choose_subprotocol(std::span<const std::string_view>(&offered, 1));
}

STOMPCHAT_DECL std::string_view choose_subprotocol(std::span<const std::string_view> offered) noexcept {
    std::size_t best = std::size(subprotocols);
    for (const std::string_view line : offered) {
        detail::for_each_element(line, [&best](std::string_view element) {
            const auto* found = std::find(std::begin(subprotocols), std::end(subprotocols), element);
            best = std::min(best, static_cast<std::size_t>(found - std::begin(subprotocols)));
        });
    }
    return best == std::size(subprotocols) ? std::string_view{} : subprotocols[best];
}

STOMPCHAT_DECL bool is_valid_key(std::string_view key) noexcept {
    if (key.size() != 24 || key.substr(22) != "==") return false;
    return std::all_of(key.begin(), key.begin() + 22, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    });
}

STOMPCHAT_DECL bool has_token(std::string_view list, std::string_view token) noexcept {
    bool found = false;
    detail::for_each_element(list, [&](std::string_view element) {
        found = found || (element.size() == token.size() && std::equal(element.begin(), element.end(), token.begin(), [](char a, char b) {
                              return detail::lower(a) == detail::lower(b);
                          }));
    });
    return found;
}

} // namespace stompchat::inline STOMPCHAT_ABI::websocket

#endif
