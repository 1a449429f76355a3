// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_WEBSOCKET_IMPL_DECODER_IPP
#define STOMPCHAT_WEBSOCKET_IMPL_DECODER_IPP

#include <stompchat/websocket/decoder.hpp>
#include <stompchat/websocket/impl/frame.ipp>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>

namespace stompchat::inline STOMPCHAT_ABI::websocket {
namespace detail {

// Room for the longest thing that is held: a control payload (125); a header has at most 14 octets.
inline constexpr std::size_t held_capacity = 128;

inline unsigned octet(const char* at, std::size_t i) noexcept { return static_cast<unsigned char>(at[i]); }

inline std::size_t header_size(const char* head) noexcept {
    const unsigned length = octet(head, 1) & 0x7F;
    return 2 + (length == 126 ? 2u : length == 127 ? 8u : 0u) + ((octet(head, 1) & 0x80) != 0 ? 4u : 0u);
}

} // namespace detail

STOMPCHAT_DECL decoder::decoder(role side, const decoder_options& options) noexcept
    : options_(&options), server_(side == role::server), fin_(false), in_message_(false), text_(false) {}

STOMPCHAT_DECL void decoder::feed(std::span<char> octets) noexcept {
    assert(size_ == 0);
    assert(octets.size() <= std::numeric_limits<std::uint32_t>::max());
    at_ = octets.data();
    size_ = static_cast<std::uint32_t>(octets.size());
}

STOMPCHAT_DECL event decoder::next() {
    for (;;) {
        switch (state_) {
        case state::header: {
            char* head = peek(2);
            if (head == nullptr) return need_more();
            if (const auto broken = check_start(head)) return fail(*broken);
            const std::size_t size = detail::header_size(head);
            head = peek(size);
            if (head == nullptr) return need_more();
            if (const auto broken = begin_frame(head)) return fail(*broken);
            drop(size);
            break;
        }
        case state::data: {
            if (size_ == 0 && remaining_ != 0) return need_more();
            bool silent = false;
            event piece = take_data(silent);
            if (!silent) return piece;
            break;
        }
        case state::control: {
            if (remaining_ == 0) return take_control(nullptr);
            char* const payload = peek(remaining_);
            if (payload == nullptr) return need_more();
            return take_control(payload);
        }
        case state::closed: return need_more();
        case state::failed: return fail(static_cast<error>(remaining_));
        }
    }
}

// Returns that many octets in one piece: in the input if they are all there, else collected in held_; null while some have not come.
STOMPCHAT_DECL char* decoder::peek(std::size_t octets) {
    if (held_size_ == 0 && size_ >= octets) return at_;
    if (held_size_ < octets) {
        if (size_ == 0) return nullptr;
        if (held_ == nullptr) held_ = std::make_unique_for_overwrite<char[]>(detail::held_capacity);
        const std::size_t taken = std::min<std::size_t>(octets - held_size_, size_);
        std::memcpy(held_.get() + held_size_, at_, taken);
        held_size_ = static_cast<std::uint8_t>(held_size_ + taken);
        at_ += taken;
        size_ -= static_cast<std::uint32_t>(taken);
    }
    return held_size_ >= octets ? held_.get() : nullptr;
}

STOMPCHAT_DECL void decoder::drop(std::size_t octets) noexcept {
    if (held_size_ != 0) {
        held_size_ = 0;
        return;
    }
    at_ += octets;
    size_ -= static_cast<std::uint32_t>(octets);
}

// What the first two octets of a header say; the rest of it may not have come yet.
STOMPCHAT_DECL std::optional<error> decoder::check_start(const char* head) const noexcept {
    const unsigned first = detail::octet(head, 0);
    const unsigned second = detail::octet(head, 1);
    const bool fin = (first & 0x80) != 0;
    if ((first & 0x70) != 0) return error::websocket_reserved_bits;
    switch (static_cast<opcode>(first & 0x0F)) {
    case opcode::continuation:
        if (!in_message_) return error::websocket_bad_continuation;
        break;
    case opcode::text:
    case opcode::binary:
        if (in_message_) return error::websocket_bad_continuation;
        break;
    case opcode::close:
    case opcode::ping:
    case opcode::pong:
        if (!fin || (second & 0x7F) > max_control_payload) return error::websocket_bad_control;
        break;
    default: return error::websocket_bad_opcode;
    }
    if (((second & 0x80) != 0) != server_) return error::websocket_not_masked;
    return {};
}

STOMPCHAT_DECL std::optional<error> decoder::begin_frame(const char* head) noexcept {
    std::uint64_t length = detail::octet(head, 1) & 0x7F;
    std::size_t at = 2;
    if (length >= 126) {
        const std::size_t octets = length == 126 ? 2 : 8;
        length = 0;
        for (std::size_t i = 0; i != octets; ++i) length = length << 8 | detail::octet(head, at + i);
        at += octets;
        // RFC 6455, 5.2: "the minimal number of bytes MUST be used", "the most significant bit MUST be 0".
        if (length <= (octets == 2 ? 125u : 0xFFFFu) || length >> 63 != 0) return error::websocket_bad_length;
    }

    const auto op = static_cast<opcode>(detail::octet(head, 0) & 0x0F);
    const bool control = op >= opcode::close;
    if (!control) {
        const std::uint64_t limit = std::min<std::uint64_t>(options_->max_message, std::numeric_limits<std::uint32_t>::max());
        if (op != opcode::continuation) message_size_ = 0;
        if (length > limit || message_size_ > limit - length) return error::websocket_message_too_long;
        message_size_ += static_cast<std::uint32_t>(length);
        fin_ = (detail::octet(head, 0) & 0x80) != 0;
        if (op != opcode::continuation) {
            in_message_ = true;
            text_ = op == opcode::text;
        }
    }
    if (server_) std::memcpy(key_.data(), head + at, key_.size());
    opcode_ = op;
    remaining_ = static_cast<std::uint32_t>(length);
    state_ = control ? state::control : state::data;
    return {};
}

STOMPCHAT_DECL event decoder::take_data(bool& silent) noexcept {
    const std::uint32_t taken = std::min(size_, remaining_);
    const std::span<char> piece{at_, taken};
    if (server_) {
        mask(piece, key_);
        if (taken != remaining_) {
            const std::uint32_t turned = detail::turned_key(key_, taken);
            std::memcpy(key_.data(), &turned, 4);
        }
    }
    at_ += taken;
    size_ -= taken;
    remaining_ -= taken;

    event result;
    result.type = event_type::data;
    result.text = text_;
    result.message_end = remaining_ == 0 && fin_;
    result.payload = {piece.data(), piece.size()};
    // Before the piece is handed out: nobody is to act on octets that make the message invalid.
    if (text_ && (!utf8_.feed(result.payload) || (result.message_end && !utf8_.complete()))) return fail(error::websocket_bad_utf8);
    if (remaining_ == 0) state_ = state::header;
    if (result.message_end) in_message_ = false;
    silent = taken == 0 && !result.message_end;
    return result;
}

STOMPCHAT_DECL event decoder::take_control(char* payload) noexcept {
    event result;
    if (payload != nullptr) {
        const std::size_t size = remaining_;
        if (server_) mask({payload, size}, key_);
        result.payload = {payload, size};
        drop(size);
        remaining_ = 0;
    }
    state_ = state::header;
    if (opcode_ != opcode::close) {
        result.type = opcode_ == opcode::ping ? event_type::ping : event_type::pong;
        return result;
    }

    result.type = event_type::close;
    result.code = close_no_status;
    if (!result.payload.empty()) {
        if (result.payload.size() == 1) return fail(error::websocket_bad_close);
        result.code = static_cast<std::uint16_t>(detail::octet(payload, 0) << 8 | detail::octet(payload, 1));
        if (!is_wire_close_code(result.code)) return fail(error::websocket_bad_close);
        result.payload.remove_prefix(2);
        if (!is_utf8(result.payload)) return fail(error::websocket_bad_utf8);
    }
    state_ = state::closed;
    // What is left of the input is dropped with it, so that the next input may come at once. The reason is still in the caller's octets.
    at_ = nullptr;
    size_ = 0;
    return result;
}

STOMPCHAT_DECL event decoder::need_more() noexcept {
    at_ = nullptr;
    size_ = 0;
    // A session that is idle holds nothing.
    if (held_size_ == 0) held_.reset();
    return {};
}

STOMPCHAT_DECL event decoder::fail(error reason) noexcept {
    need_more();
    state_ = state::failed;
    remaining_ = static_cast<std::uint32_t>(reason);
    event result;
    result.type = event_type::error;
    result.ec = reason;
    return result;
}

} // namespace stompchat::inline STOMPCHAT_ABI::websocket

#endif
