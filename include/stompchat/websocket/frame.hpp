// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_WEBSOCKET_FRAME_HPP
#define STOMPCHAT_WEBSOCKET_FRAME_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/** RFC 6455 frames: what goes on the wire, written by the caller into the caller's memory. */
namespace stompchat::inline STOMPCHAT_ABI::websocket {

/// What a frame is (RFC 6455, 5.2).
enum class opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10
};

/// Which end of the connection this is. A server expects masked frames and sends unmasked ones; a client the other way round.
enum class role : std::uint8_t {
    server,
    client
};

/** Close codes that this library sends or tells apart (RFC 6455, 7.4.1, and the IANA registry). */
enum close_code : std::uint16_t {
    close_normal = 1000,           ///< it was meant to end
    close_going_away = 1001,       ///< the peer goes away
    close_protocol_error = 1002,   ///< a violation of WebSocket or STOMP
    close_unsupported_data = 1003, ///< data of a kind that is not taken
    close_no_status = 1005,        ///< never on the wire: the close frame carried no code
    close_abnormal = 1006,         ///< never on the wire: the connection ended without a close frame
    close_bad_data = 1007,         ///< a text message that is not UTF-8
    close_policy = 1008,           ///< refused
    close_too_big = 1009,          ///< beyond a limit
    close_internal_error = 1011,   ///< something unexpected in the server
    close_restart = 1012,          ///< the server stops, or has lost something: connect again
};

/// Four octets in the order of the wire. They come from the caller: this layer has no source of randomness.
using mask_key = std::array<unsigned char, 4>;

/// The longest header of a frame, in octets: 64-bit length and mask key.
inline constexpr std::size_t max_header_size = 14;

/// The longest payload of a close, ping or pong frame, in octets (RFC 6455, 5.5).
inline constexpr std::size_t max_control_payload = 125;

/// The longest text behind a close code, in octets.
inline constexpr std::size_t max_close_reason = max_control_payload - 2;

/** Writes the header of an unmasked frame, as servers send them. Returns its size, at most 10 octets.
    `out` has room for `max_header_size` octets. Precondition: `length` is below 2^63. */
inline std::size_t write_header(char* out, opcode op, std::uint64_t length, bool fin = true) noexcept {
    out[0] = static_cast<char>((fin ? 0x80 : 0) | static_cast<unsigned>(op));
    if (length <= 125) {
        out[1] = static_cast<char>(length);
        return 2;
    }
    // RFC 6455, 5.2: the shortest encoding, in network order.
    const std::size_t octets = length <= 0xFFFF ? 2 : 8;
    out[1] = octets == 2 ? 126 : 127;
    for (std::size_t i = 0; i != octets; ++i) out[2 + i] = static_cast<char>(length >> (8 * (octets - 1 - i)));
    return 2 + octets;
}

/** Writes the header of a masked frame, as clients send them. Returns its size, at most `max_header_size`, for which `out` has room.
    The payload behind it must have gone through mask() with the same key. RFC 6455, 5.3: the key is fresh and unpredictable for every
   frame. */
inline std::size_t write_masked_header(char* out, opcode op, std::uint64_t length, mask_key key, bool fin = true) noexcept {
    const std::size_t size = write_header(out, op, length, fin);
    out[1] = static_cast<char>(static_cast<unsigned char>(out[1]) | 0x80u);
    for (std::size_t i = 0; i != key.size(); ++i) out[size + i] = static_cast<char>(key[i]);
    return size + key.size();
}

/** Masks or unmasks octets in place (the operation is its own inverse).
    `offset` is the position of the first octet in the frame's payload, so that a payload can be done in pieces. */
STOMPCHAT_DECL void mask(std::span<char> octets, mask_key key, std::size_t offset = 0) noexcept;

/** A whole close, ping or pong frame, held by value.
    Thread safety: distinct objects are independent; a shared object may be read by several threads. */
class control_frame {
public:
    /// The octets that go on the wire. Lifetime: as long as this object.
    std::string_view view() const noexcept { return {octets_.data(), size_}; }
    /// How many they are.
    std::size_t size() const noexcept { return size_; }

private:
    friend struct control_frame_writer;
    std::array<char, 6 + max_control_payload> octets_;
    std::uint8_t size_ = 0;
};

/// An unmasked ping or pong. Precondition: `payload` has at most `max_control_payload` octets.
STOMPCHAT_DECL control_frame encode_control(opcode op, std::string_view payload) noexcept;
/// A masked ping or pong. Precondition: `payload` has at most `max_control_payload` octets.
STOMPCHAT_DECL control_frame encode_control(opcode op, std::string_view payload, mask_key key) noexcept;

/** An unmasked close frame. A reason above `max_close_reason` octets is cut between two code points.
    `close_no_status` gives a frame without code or reason, the right answer to one that carried none. Precondition: `reason` is UTF-8. */
STOMPCHAT_DECL control_frame encode_close(std::uint16_t code, std::string_view reason = {}) noexcept;
/// A masked close frame; otherwise as above.
STOMPCHAT_DECL control_frame encode_close(std::uint16_t code, std::string_view reason, mask_key key) noexcept;

/// True for the codes that an endpoint may put into a close frame: 1000 to 1003, 1007 to 1014, 3000 to 4999 (RFC 6455, 7.4, and the IANA
/// registry).
constexpr bool is_wire_close_code(std::uint16_t code) noexcept {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/** The code with which a connection that ends for this reason is closed. Success is `close_normal`, an error from elsewhere
   `close_internal_error`. Thread safety: safe to call from any thread. */
STOMPCHAT_DECL close_code close_code_for(const error_code& ec) noexcept;

} // namespace stompchat::inline STOMPCHAT_ABI::websocket

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/websocket/impl/frame.ipp>
#endif

#endif
