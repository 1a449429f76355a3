// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_ESCAPE_IPP
#define STOMPCHAT_STOMP_IMPL_ESCAPE_IPP

#include <stompchat/stomp/escape.hpp>

namespace stompchat::inline STOMPCHAT_ABI::stomp {
namespace detail {

/// The letter behind the backslash that `v` writes for `c`, or zero when `c` stands for itself.
constexpr char escape_letter(char c, version v) noexcept {
    if (v == version::v1_0) return 0;
    switch (c) {
    case '\n': return 'n';
    case ':': return 'c';
    case '\\': return '\\';
    case '\r': return v == version::v1_2 ? 'r' : '\0'; // STOMP 1.1 has no sequence for CR
    default: return 0;
    }
}

/// Octets that stand for something else in some version, or that some version cannot write.
inline constexpr std::string_view special_octets("\n\r:\\\0", 5);

inline std::size_t escaped_size(std::string_view text, version v) noexcept {
    std::size_t size = text.size();
    if (v == version::v1_0) return size;
    for (const char c : text) size += escape_letter(c, v) != 0;
    return size;
}

} // namespace detail

STOMPCHAT_DECL void append_escaped(std::string& out, std::string_view text, version v) {
    if (v != version::v1_0) {
        std::size_t plain = 0;
        for (std::size_t i = 0; i != text.size(); ++i) {
            const char letter = detail::escape_letter(text[i], v);
            if (letter == 0) continue;
            out.append(text, plain, i - plain);
            out.push_back('\\');
            out.push_back(letter);
            plain = i + 1;
        }
        text.remove_prefix(plain);
    }
    out.append(text);
}

STOMPCHAT_DECL bool append_unescaped(std::string& out, std::string_view text, version v) {
    if (v == version::v1_0) {
        out.append(text);
        return true;
    }
    const std::size_t before = out.size();
    for (;;) {
        const auto backslash = text.find('\\');
        out.append(text.substr(0, backslash));
        if (backslash == std::string_view::npos) return true;
        const char letter = backslash + 1 < text.size() ? text[backslash + 1] : '\0';
        if (letter == 'n') {
            out.push_back('\n');
        } else if (letter == 'c') {
            out.push_back(':');
        } else if (letter == '\\') {
            out.push_back('\\');
        } else if (letter == 'r' && v == version::v1_2) {
            out.push_back('\r');
        } else {
            // STOMP 1.1 and 1.2, "Value Encoding": undefined escape sequences are a fatal protocol error.
            out.resize(before);
            return false;
        }
        text.remove_prefix(backslash + 2);
    }
}

STOMPCHAT_DECL bool expressible(std::string_view name, std::string_view value, version v) noexcept {
    constexpr auto npos = std::string_view::npos;
    if (name.empty()) return false;
    switch (v) {
    case version::v1_0: {
        constexpr std::string_view line("\n\r\0", 3);
        return name.find_first_of(std::string_view("\n\r:\0", 4)) == npos && value.find_first_of(line) == npos;
    }
    case version::v1_1: {
        constexpr std::string_view never("\r\0", 2);
        return name.find_first_of(never) == npos && value.find_first_of(never) == npos;
    }
    case version::v1_2: break;
    }
    return name.find('\0') == npos && value.find('\0') == npos;
}

STOMPCHAT_DECL bool needs_escaping(std::string_view name, std::string_view value) noexcept {
    return name.empty() || name.find_first_of(detail::special_octets) != std::string_view::npos
           || value.find_first_of(detail::special_octets) != std::string_view::npos;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
