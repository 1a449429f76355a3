// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_IMPL_ERROR_IPP
#define STOMPCHAT_IMPL_ERROR_IPP

#include <stompchat/error.hpp>

#include <string>

namespace stompchat::inline STOMPCHAT_ABI {
namespace detail {

constexpr const char* text_of(error e) noexcept {
    switch (e) {
    case error::bad_command: return "unknown command";
    case error::bad_header: return "malformed header line";
    case error::bad_escape: return "undefined escape sequence in a header";
    case error::bad_utf8: return "command or header is not UTF-8";
    case error::bad_content_length: return "content-length is not a decimal number of octets";
    case error::body_not_terminated: return "no NUL octet behind the body";
    case error::unexpected_body: return "this command carries no body";
    case error::unexpected_nul: return "NUL octet in a command or header line";
    case error::not_connected: return "the first frame must be CONNECT or STOMP";
    case error::already_connected: return "already connected";
    case error::no_common_version: return "no common protocol version";
    case error::missing_header: return "a required header is missing";
    case error::bad_header_value: return "a header has a value that is not allowed here";
    case error::duplicate_subscription: return "subscription id already in use";
    case error::unknown_subscription: return "unknown subscription";
    case error::unknown_ack: return "no such message is waiting for an acknowledgement";
    case error::duplicate_transaction: return "transaction already open";
    case error::unknown_transaction: return "unknown transaction";
    case error::heart_beat_timeout: return "no heart-beat from the peer";
    case error::websocket_reserved_bits: return "reserved bits set in a WebSocket frame";
    case error::websocket_bad_opcode: return "unknown WebSocket opcode";
    case error::websocket_not_masked: return "WebSocket frame with the wrong masking";
    case error::websocket_bad_length: return "WebSocket length is not minimally encoded";
    case error::websocket_bad_control: return "WebSocket control frame is fragmented or too long";
    case error::websocket_bad_continuation: return "WebSocket continuation out of place";
    case error::websocket_bad_utf8: return "WebSocket text is not UTF-8";
    case error::websocket_bad_close: return "malformed WebSocket close frame";
    case error::websocket_bad_handshake: return "malformed WebSocket handshake";
    case error::header_line_too_long: return "header line too long";
    case error::too_many_headers: return "too many headers";
    case error::body_too_long: return "body too long";
    case error::websocket_message_too_long: return "WebSocket message too long";
    case error::too_many_subscriptions: return "too many subscriptions";
    case error::too_many_transactions: return "too many open transactions";
    case error::transaction_too_long: return "transaction too long";
    case error::destination_too_long: return "destination too long";
    case error::idempotency_key_too_long: return "idempotency-key too long";
    case error::connect_timeout: return "no CONNECT frame in time";
    case error::handshake_timeout: return "no complete request in time";
    case error::no_progress: return "the connection takes no data";
    case error::outbox_full: return "too many unanswered messages";
    case error::refused_by_limit: return "refused: over a limit of the server";
    case error::too_many_in_flight: return "too many messages in flight";
    case error::durable_name_too_long: return "name of a durable subscription too long";
    case error::too_many_durables: return "too many durable subscriptions";
    case error::broker_unavailable: return "the broker is not available";
    case error::message_too_large: return "message too large for the broker";
    case error::outcome_unknown: return "outcome unknown: the message may or may not have been published";
    case error::messages_lost: return "messages were lost";
    case error::registry_unavailable: return "the session registry is not available";
    case error::stale_incarnation: return "the node has been declared dead";
    case error::not_authenticated: return "authentication failed";
    case error::not_authorized: return "not authorized";
    case error::unknown_destination: return "unknown destination";
    case error::rejected: return "rejected by the application";
    case error::tls_untrusted_certificate: return "the TLS certificate of the peer is not trusted";
    case error::disconnected: return "disconnected by the service";
    case error::bad_option: return "bad option";
    case error::stopped: return "stopped";
    case error::tls_bad_certificate: return "cannot use the TLS certificate";
    case error::tls_bad_key: return "cannot use the TLS private key";
    case error::connection_lost: return "the connection was lost";
    case error::server_error: return "the server reported an error";
    case error::taken_over: return "another session has taken over the subscription";
    }
    return "unknown stompchat error";
}

constexpr condition condition_of(error e) noexcept {
    const int value = static_cast<int>(e);
    if (value >= 300 && value < 400) return condition::limit_exceeded;
    if (value < 300) return condition::protocol_violation;
    if (value < 600) return condition::unavailable;
    if (value < 700) return condition::unauthorized;
    if (value >= 800) return condition::unavailable;
    return condition::usage;
}

class error_category_type final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "stompchat"; }
    std::string message(int value) const override { return text_of(static_cast<error>(value)); }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(condition_of(static_cast<error>(value)));
    }
};

class condition_category_type final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "stompchat.condition"; }
    std::string message(int value) const override {
        switch (static_cast<condition>(value)) {
        case condition::protocol_violation: return "protocol violation";
        case condition::limit_exceeded: return "limit exceeded";
        case condition::unavailable: return "service unavailable";
        case condition::unauthorized: return "unauthorized";
        case condition::usage: return "wrong usage";
        }
        return "unknown stompchat condition";
    }
};

} // namespace detail

STOMPCHAT_DECL const boost::system::error_category& error_category() noexcept {
    static const detail::error_category_type instance;
    return instance;
}

STOMPCHAT_DECL const boost::system::error_category& condition_category() noexcept {
    static const detail::condition_category_type instance;
    return instance;
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
