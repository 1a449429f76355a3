// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_WEBSOCKET_DECODER_HPP
#define STOMPCHAT_WEBSOCKET_DECODER_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/utf8.hpp>
#include <stompchat/websocket/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::websocket {

/// What a decoder accepts.
struct decoder_options {
    /// Largest message, in octets over all its fragments. A longer one ends the connection with error::websocket_message_too_long, as soon
    /// as the header says so and before any of its payload is taken. Values above 4 GiB - 1 count as 4 GiB - 1.
    std::size_t max_message = 4 * 256 * 1024;
};

/// What an event is about, and which of its members count.
enum class event_type : std::uint8_t {
    need_more, ///< the input is used up: feed() the next octets
    data,      ///< a piece of a text or binary message: `payload`, `text`, `message_end`
    ping,      ///< `payload` goes back in a pong
    pong,      ///< `payload`
    close,     ///< `code` (`close_no_status` if there was none) and the reason in `payload`; nothing but need_more comes behind it
    error,     ///< the peer broke the protocol: `ec`; every later event is the same
};

/** What decoder::next() found. The views point into the input or into the decoder and die with the next call of next() or feed(). */
struct event {
    event_type type = event_type::need_more; ///< decides which of the others count
    bool text = false;        ///< the piece belongs to a text message, and is UTF-8 up to a code point that may be cut off at its end
    bool message_end = false; ///< the piece is the last of its message; it may be empty
    std::uint16_t code = 0;   ///< of a close
    std::string_view payload; ///< of data, ping, pong; of close: the reason
    error_code ec;            ///< of an error
};

/** Takes the octets of one direction of a WebSocket connection (RFC 6455, behind the handshake) and tells what they mean.

    The rules, each of them checked as soon as the octets show it:
    - reserved bits are zero: no extension is ever negotiated (5.2);
    - a server gets masked frames only, a client unmasked ones only (5.1);
    - a length has its shortest encoding and is below 2^63 (5.2);
    - control frames are at most 125 octets long and not fragmented; they may come between the fragments of a message (5.4, 5.5);
    - a message begins with text or binary and goes on with continuation frames (5.4);
    - text messages and close reasons are UTF-8 (8.1), a close payload is empty or begins with a code that may be on the wire (7.4);
    - nothing counts behind a close frame (5.5.1).

    STOMP treats a connection as a stream of octets, so a message is delivered in pieces, as they arrive, without being put together.

    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: payloads are never buffered, `decoder_options::max_message` bounds what is accepted. A header or control payload that
    arrives in several inputs is held in 128 octets that exist only in the meantime. */
class decoder {
public:
    /// Lifetime: `options` must outlive the decoder, so that all connections can share one.
    decoder(role side, const decoder_options& options) noexcept;

    /** Gives the next octets; call next() until it returns need_more. They are unmasked in place and must stay valid until then.
        Precondition: the last event was need_more, close or error, or there was none. At most 4 GiB - 1 octets. */
    void feed(std::span<char> octets) noexcept;

    /** Returns what comes next in the input. Throws std::bad_alloc only. */
    event next();

    /// True between two messages: nothing of a message or frame has been seen that is not complete.
    bool at_message_boundary() const noexcept { return state_ == state::header && !in_message_ && held_size_ == 0; }

private:
    enum class state : std::uint8_t {
        header,
        data,
        control,
        closed,
        failed
    };

    char* peek(std::size_t octets);
    void drop(std::size_t octets) noexcept;
    std::optional<error> check_start(const char* head) const noexcept;
    std::optional<error> begin_frame(const char* head) noexcept;
    event need_more() noexcept;
    event fail(error reason) noexcept;
    event take_data(bool& silent) noexcept;
    event take_control(char* payload) noexcept;

    // Ordered and sized so that a decoder is 48 octets: every idle session has one.
    const decoder_options* options_;
    char* at_ = nullptr;
    std::unique_ptr<char[]> held_;
    std::uint32_t size_ = 0;         // octets of input behind at_
    std::uint32_t remaining_ = 0;    // octets of the current frame's payload that have not come; the error's value once failed
    std::uint32_t message_size_ = 0; // octets of the current message, over all frame headers so far
    mask_key key_{};                 // turned along with the payload, so that its first octet is for the next one
    utf8_validator utf8_;
    state state_ = state::header;
    opcode opcode_ = opcode::continuation; // of the current control frame
    std::uint8_t held_size_ = 0;
    bool server_ : 1;
    bool fin_ : 1;
    bool in_message_ : 1;
    bool text_ : 1;
};

static_assert(sizeof(void*) != 8 || sizeof(decoder) <= 48);

} // namespace stompchat::inline STOMPCHAT_ABI::websocket

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/websocket/impl/decoder.ipp>
#endif

#endif
