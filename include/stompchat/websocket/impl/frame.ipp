// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_WEBSOCKET_IMPL_FRAME_IPP
#define STOMPCHAT_WEBSOCKET_IMPL_FRAME_IPP

#include <stompchat/websocket/frame.hpp>

#include <bit>
#include <cassert>
#include <cstring>

namespace stompchat::inline STOMPCHAT_ABI::websocket {

namespace detail {

// The four octets of a key as one word in the order of memory, turned so that its first octet is the one for `offset`.
inline std::uint32_t turned_key(mask_key key, std::size_t offset) noexcept {
    std::uint32_t word;
    std::memcpy(&word, key.data(), 4);
    const int bits = static_cast<int>(offset & 3u) * 8;
    return std::endian::native == std::endian::little ? std::rotr(word, bits) : std::rotl(word, bits);
}

} // namespace detail

STOMPCHAT_DECL void mask(std::span<char> octets, mask_key key, std::size_t offset) noexcept {
    const std::uint32_t half = detail::turned_key(key, offset);
    const std::uint64_t word_key = std::uint64_t{half} << 32 | half;
    char* at = octets.data();
    std::size_t left = octets.size();
    const auto one_word = [word_key](char* place) noexcept {
        std::uint64_t word;
        std::memcpy(&word, place, 8);
        word ^= word_key;
        std::memcpy(place, &word, 8);
    };
    for (; left >= 32; left -= 32, at += 32) {
        one_word(at);
        one_word(at + 8);
        one_word(at + 16);
        one_word(at + 24);
    }
    for (; left >= 8; left -= 8, at += 8) one_word(at);
    unsigned char rest[8];
    std::memcpy(rest, &word_key, 8);
    for (std::size_t i = 0; i != left; ++i) at[i] = static_cast<char>(static_cast<unsigned char>(at[i]) ^ rest[i]);
}

struct control_frame_writer {
    static control_frame write(opcode op, std::string_view first, std::string_view second, const mask_key* key) noexcept {
        const std::size_t length = first.size() + second.size();
        assert(length <= max_control_payload);
        control_frame frame;
        char* const out = frame.octets_.data();
        const std::size_t head = key != nullptr ? write_masked_header(out, op, length, *key) : write_header(out, op, length);
        if (!first.empty()) std::memcpy(out + head, first.data(), first.size());
        if (!second.empty()) std::memcpy(out + head + first.size(), second.data(), second.size());
        if (key != nullptr) mask({out + head, length}, *key);
        frame.size_ = static_cast<std::uint8_t>(head + length);
        return frame;
    }

    static control_frame write_close(std::uint16_t code, std::string_view reason, const mask_key* key) noexcept {
        if (code == close_no_status) return write(opcode::close, {}, {}, key);
        if (reason.size() > max_close_reason) {
            std::size_t cut = max_close_reason;
            // An octet of the form 10xxxxxx is not the first of its code point: cut before the code point that does not fit.
            while (cut != 0 && (static_cast<unsigned char>(reason[cut]) & 0xC0) == 0x80) --cut;
            reason = reason.substr(0, cut);
        }
        const char octets[2] = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
        return write(opcode::close, {octets, 2}, reason, key);
    }
};

STOMPCHAT_DECL control_frame encode_control(opcode op, std::string_view payload) noexcept {
    return control_frame_writer::write(op, payload, {}, nullptr);
}

STOMPCHAT_DECL control_frame encode_control(opcode op, std::string_view payload, mask_key key) noexcept {
    return control_frame_writer::write(op, payload, {}, &key);
}

STOMPCHAT_DECL control_frame encode_close(std::uint16_t code, std::string_view reason) noexcept {
    return control_frame_writer::write_close(code, reason, nullptr);
}

STOMPCHAT_DECL control_frame encode_close(std::uint16_t code, std::string_view reason, mask_key key) noexcept {
    return control_frame_writer::write_close(code, reason, &key);
}

STOMPCHAT_DECL close_code close_code_for(const error_code& ec) noexcept {
    if (!ec) return close_normal;
    if (ec.category() != error_category()) return close_internal_error;
    switch (static_cast<error>(ec.value())) {
    case error::websocket_bad_utf8:
    case error::bad_utf8: return close_bad_data;
    case error::websocket_message_too_long:
    case error::header_line_too_long:
    case error::too_many_headers:
    case error::body_too_long:
    case error::transaction_too_long:
    case error::message_too_large: return close_too_big;
    case error::heart_beat_timeout:
    case error::rejected: return close_policy;
    // The client may come again and go on where it was, here or at another node.
    case error::messages_lost:
    case error::stopped: return close_restart;
    default: break;
    }
    if (ec == condition::protocol_violation) return close_protocol_error;
    if (ec == condition::limit_exceeded || ec == condition::unauthorized) return close_policy;
    if (ec == condition::unavailable) return close_restart;
    return close_internal_error;
}

} // namespace stompchat::inline STOMPCHAT_ABI::websocket

#endif
