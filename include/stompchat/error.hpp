// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_ERROR_HPP
#define STOMPCHAT_ERROR_HPP

#include <stompchat/config.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <type_traits>

namespace stompchat::inline STOMPCHAT_ABI {

namespace system = boost::system;
using boost::system::error_code;

/** Everything that can go wrong, one value per cause. Values are explicit and never change meaning; new ones are appended to their group.
 */
enum class error {
    // The peer violated STOMP.
    bad_command = 100,            ///< a command that the negotiated version does not have, or that only the other side may send
    bad_header = 101,             ///< a header line without a colon, with an empty name, or with a bare CR
    bad_escape = 102,             ///< an escape sequence that the negotiated version does not have
    bad_utf8 = 103,               ///< a command or header line that is not UTF-8
    bad_content_length = 104,     ///< a content-length that is not a decimal number
    body_not_terminated = 105,    ///< the octet behind a body of content-length octets is not NUL
    unexpected_body = 106,        ///< a body on a command that may not carry one
    unexpected_nul = 107,         ///< a NUL octet inside a command or header line
    not_connected = 108,          ///< a frame before CONNECT
    already_connected = 109,      ///< a second CONNECT
    no_common_version = 110,      ///< accept-version names no version that is spoken here
    missing_header = 111,         ///< a header that the command requires is absent
    bad_header_value = 112,       ///< a header whose value the command does not allow
    duplicate_subscription = 113, ///< a SUBSCRIBE with the id of a live subscription
    unknown_subscription = 114,   ///< an UNSUBSCRIBE of a subscription that is not there
    unknown_ack = 115,            ///< ACK or NACK of a message that was not delivered on this connection
    duplicate_transaction = 116,  ///< a BEGIN of a transaction that is open
    unknown_transaction = 117,    ///< a frame of a transaction that is not open
    heart_beat_timeout = 118,     ///< nothing arrived for longer than the negotiated heart-beat allows

    // The peer violated WebSocket (RFC 6455).
    websocket_reserved_bits = 200,    ///< a reserved bit is set, although no extension was negotiated
    websocket_bad_opcode = 201,       ///< an opcode that RFC 6455 does not define
    websocket_not_masked = 202,       ///< a client sent an unmasked frame, or a server a masked one
    websocket_bad_length = 203,       ///< a length that is not minimally encoded, or has its highest bit set
    websocket_bad_control = 204,      ///< a control frame that is fragmented or longer than 125 octets
    websocket_bad_continuation = 205, ///< a continuation without a message, or a new message inside another one
    websocket_bad_utf8 = 206,         ///< a text message or a close reason that is not UTF-8
    websocket_bad_close = 207,        ///< a close frame of one octet, or with a code that may not be on the wire
    websocket_bad_handshake = 208,    ///< an upgrade request that is none

    // A limit was exceeded.
    header_line_too_long = 300,       ///< a command or header line
    too_many_headers = 301,           ///< header lines of one frame
    body_too_long = 302,              ///< the body of one frame
    websocket_message_too_long = 303, ///< a message over all its fragments
    too_many_subscriptions = 304,     ///< live ones of one session
    too_many_transactions = 305,      ///< open ones of one session
    transaction_too_long = 306,       ///< frames or octets of one transaction, or of all of one session
    destination_too_long = 307,       ///< a destination
    connect_timeout = 308,            ///< no CONNECT frame within the time limit
    handshake_timeout = 309,          ///< no complete HTTP request within the time limit
    no_progress = 310,                ///< octets were queued and the socket took none of them for too long
    outbox_full = 311,                ///< a client holds as many unanswered SENDs as its options allow
    refused_by_limit = 312,           ///< a server refused a frame because of one of its limits
    too_many_in_flight = 313,         ///< messages of the service itself that the broker has not answered
    durable_name_too_long = 314,      ///< the name of a durable subscription
    too_many_durables = 315,          ///< durable subscriptions of one user
    idempotency_key_too_long = 316,   ///< the value of an `idempotency-key`

    // Broker.
    broker_unavailable = 400, ///< the broker does not answer
    message_too_large = 401,  ///< the broker takes no message of that size
    outcome_unknown = 402,    ///< the broker gave up or stopped; the message may or may not be in the log
    messages_lost = 403,      ///< the log no longer reaches back to a position

    // Registry and state store.
    registry_unavailable = 500, ///< the registry or the state store does not answer
    stale_incarnation = 501,    ///< the caller's node was declared dead, or has been replaced by a newer one

    // Authentication and authorisation.
    not_authenticated = 600,         ///< the login was refused, or has expired
    not_authorized = 601,            ///< the authorizer refused the frame
    unknown_destination = 602,       ///< a destination that does not exist, or is not for that use
    rejected = 603,                  ///< the application refused the frame
    tls_untrusted_certificate = 604, ///< the peer's certificate is not trusted, or is for another name
    disconnected = 605,              ///< the service ended the session

    // Usage.
    bad_option = 700,          ///< an option or combination of options that makes no sense
    stopped = 701,             ///< the object has been stopped, or is stopping
    tls_bad_certificate = 702, ///< a certificate that cannot be used
    tls_bad_key = 703,         ///< a private key that cannot be used, or belongs to another certificate

    // The server, as a client sees it.
    connection_lost = 800, ///< the connection to the server ended, or there is none
    server_error = 801,    ///< an ERROR in words that this library does not know
    taken_over = 802,      ///< another holder of the durable subscription has taken it over
};

/** What a caller reacts to: compare an error_code with a condition instead of with a list of errors. */
enum class condition {
    protocol_violation = 1, ///< the peer broke STOMP or WebSocket
    limit_exceeded = 2,     ///< the peer wanted more than it is granted
    unavailable = 3,        ///< a service behind the node does not answer at the moment
    unauthorized = 4,       ///< the peer may not do that
    usage = 5,              ///< the caller made a mistake
};

/// The category of `error`. Thread safety: safe to call from any thread.
STOMPCHAT_DECL const boost::system::error_category& error_category() noexcept;

/// The category of `condition`. Thread safety: safe to call from any thread.
STOMPCHAT_DECL const boost::system::error_category& condition_category() noexcept;

/// What makes `error` convertible to an error_code.
inline error_code make_error_code(error e) noexcept { return {static_cast<int>(e), error_category()}; }

/// What makes `condition` comparable with an error_code.
inline boost::system::error_condition make_error_condition(condition c) noexcept { return {static_cast<int>(c), condition_category()}; }

} // namespace stompchat::inline STOMPCHAT_ABI

template <>
struct boost::system::is_error_code_enum<stompchat::error> : std::true_type {};
template <>
struct boost::system::is_error_condition_enum<stompchat::condition> : std::true_type {};

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/impl/error.ipp>
#endif

#endif
