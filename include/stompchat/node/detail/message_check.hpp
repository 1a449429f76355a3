// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_MESSAGE_CHECK_HPP
#define STOMPCHAT_NODE_DETAIL_MESSAGE_CHECK_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/stomp/limits.hpp>
#include <stompchat/utf8.hpp>

#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::node {

/// Whether a header can carry it: UTF-8, and no NUL octet, which STOMP cannot escape.
inline bool is_header_text(std::string_view octets) noexcept { return octets.find('\0') == octets.npos && is_utf8(octets); }

/// What is wrong with a header that the service wants to send, by the rules that hold for clients.
inline error_code header_problem(std::string_view name, std::string_view value, const stomp::decode_limits& limits) noexcept {
    if (name.empty()) return error::bad_header;
    if (name.size() + 1 + value.size() > limits.header_line) return error::header_line_too_long;
    if (!is_header_text(name) || !is_header_text(value)) return error::bad_header_value;
    return {};
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
