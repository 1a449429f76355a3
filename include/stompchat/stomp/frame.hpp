// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_FRAME_HPP
#define STOMPCHAT_STOMP_FRAME_HPP

#include <stompchat/config.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// Every command of STOMP 1.0 to 1.2. Those up to `disconnect` are written by clients, the others by servers.
enum class command : std::uint8_t {
    connect,
    stomp,
    send,
    subscribe,
    unsubscribe,
    ack,
    nack,
    begin,
    commit,
    abort,
    disconnect,
    connected,
    message,
    receipt,
    error,
};

/// Which side writes a frame.
enum class peer : std::uint8_t {
    client,
    server,
};

/// The command as it stands in a frame, for example `SEND`.
constexpr std::string_view to_string(command c) noexcept {
    switch (c) {
    case command::connect: return "CONNECT";
    case command::stomp: return "STOMP";
    case command::send: return "SEND";
    case command::subscribe: return "SUBSCRIBE";
    case command::unsubscribe: return "UNSUBSCRIBE";
    case command::ack: return "ACK";
    case command::nack: return "NACK";
    case command::begin: return "BEGIN";
    case command::commit: return "COMMIT";
    case command::abort: return "ABORT";
    case command::disconnect: return "DISCONNECT";
    case command::connected: return "CONNECTED";
    case command::message: return "MESSAGE";
    case command::receipt: return "RECEIPT";
    case command::error: return "ERROR";
    }
    return {};
}

/// The command that `text` names when `writer` writes it. Commands are case sensitive.
STOMPCHAT_DECL std::optional<command> command_from(std::string_view text, peer writer) noexcept;

/// STOMP 1.1 and 1.2, "Body": only SEND, MESSAGE and ERROR may have one.
constexpr bool may_have_body(command c) noexcept { return c == command::send || c == command::message || c == command::error; }

/// STOMP 1.1 and 1.2, "Value Encoding": CONNECT and CONNECTED are never escaped. STOMP is CONNECT under another name.
constexpr bool is_escaped(command c) noexcept { return c != command::connect && c != command::stomp && c != command::connected; }

/// A header line of a frame, unescaped.
struct header {
    /// Never empty in a decoded frame.
    std::string_view name;
    /// A null view is absent, see present().
    std::string_view value;
};

/// A header's value is present, though it may be empty.
constexpr bool present(std::string_view value) noexcept { return value.data() != nullptr; }

/** A decoded frame: views into octets that somebody else owns (the decoder says how long they live). Names and values are unescaped. */
struct frame_view {
    command cmd = command::error;    ///< its command
    bool has_content_length = false; ///< whether its writer gave a content-length
    std::span<const header> headers; ///< in the order in which they were written
    std::string_view body;           ///< octets, perhaps none

    /// The value of the first header of that name: later ones are only history (STOMP 1.2, "Repeated Header Entries").
    std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (const header& h : headers) {
            if (h.name == name) return h.value;
        }
        return std::nullopt;
    }

    /// The value of the first header of that name, empty when it is absent.
    std::string_view value_of(std::string_view name) const noexcept { return find(name).value_or(std::string_view{}); }
};

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/frame.ipp>
#endif

#endif
