// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_PRESENCE_BODY_HPP
#define STOMPCHAT_DELIVERY_PRESENCE_BODY_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/presence.hpp>

#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/// Appends a JSON string (RFC 8259, "Strings"): quotation mark, reverse solidus and control characters escaped, all else as it is.
/// Precondition: `text` is UTF-8.
inline void append_json_string(std::string& to, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    to += '"';
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet < 0x20)
            to.append("\\u00") += {digits[octet >> 4], digits[octet & 15]};
        else if (c == '"' || c == '\\')
            to.append(1, '\\') += c;
        else
            to += c;
    }
    to += '"';
}

/// The JSON text that a client gets.
inline std::string presence_body(const presence_message& message) {
    const auto numbers = [&message] {
        return ",\"version\":" + std::to_string(message.version) + ",\"count\":" + std::to_string(message.count);
    };
    std::string result;
    switch (message.what) {
    case presence_message::kind::unavailable: return R"({"type":"unavailable"})";
    case presence_message::kind::join:
    case presence_message::kind::leave:
        result = message.what == presence_message::kind::join ? R"({"type":"join","user":)" : R"({"type":"leave","user":)";
        append_json_string(result, message.user);
        result += numbers();
        break;
    case presence_message::kind::snapshot:
        result = R"({"type":"snapshot")" + numbers();
        if (message.users == nullptr) break;
        result += ",\"users\":[";
        for (const std::string& user : *message.users) {
            if (result.back() != '[') result += ',';
            append_json_string(result, user);
        }
        result += ']';
    }
    return result += '}';
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
