// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_IMPL_POSITION_IPP
#define STOMPCHAT_PORTS_IMPL_POSITION_IPP

#include <stompchat/ports/position.hpp>

#include <charconv>
#include <concepts>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL position_token::position_token(const position& at, std::uint32_t check) noexcept {
    char* out = text_.data();
    char* const end = out + text_.size();
    out = std::to_chars(out, end, at.epoch, 16).ptr;
    *out++ = '-';
    out = std::to_chars(out, end, at.partition, 16).ptr;
    *out++ = '-';
    out = std::to_chars(out, end, static_cast<std::uint64_t>(at.offset) + 1, 16).ptr; // -1 stands before the first record
    *out++ = '-';
    out = std::to_chars(out, end, check, 16).ptr;
    length_ = static_cast<std::uint8_t>(out - text_.data());
}

STOMPCHAT_DECL system::result<parsed_token> parse_token(std::string_view text) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto number = [&](std::unsigned_integral auto& value, bool last) {
        const auto [next, failure] = std::from_chars(at, end, value, 16);
        if (failure != std::errc{} || next == at || (last ? next != end : next == end || *next != '-')) return false;
        // One spelling per position: tokens are compared as text.
        if (next - at > 1 && *at == '0') return false;
        for (const char* c = at; c != next; ++c)
            if (*c >= 'A' && *c <= 'F') return false;
        at = last ? next : next + 1;
        return true;
    };
    parsed_token token;
    std::uint64_t unsigned_offset = 0;
    if (!number(token.at.epoch, false) || !number(token.at.partition, false) || !number(unsigned_offset, false)
        || !number(token.check, true) || unsigned_offset > static_cast<std::uint64_t>(INT64_MAX) + 1)
        return make_error_code(error::bad_header_value);
    token.at.offset = static_cast<offset>(unsigned_offset - 1);
    return token;
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
