// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_SESSION_HPP
#define STOMPCHAT_CLIENT_SESSION_HPP

/*  The client's side of one STOMP connection as a state machine: octets in, events out; calls in, encoded frames out. No socket, no clock.

    State           What comes and goes there
    connecting      connect() writes CONNECT. CONNECTED: version and heart-beats are settled, go to `connected`, event `connected`. ERROR:
   event `error`, go to `closed`. Anything else is a violation.
    connected       Every frame may be written. MESSAGE, RECEIPT and ERROR become events; a second CONNECTED is a violation.
    disconnecting   DISCONNECT was written: nothing else may be (STOMP 1.2, "DISCONNECT"); what comes is handled as before.
    closed          Behind an ERROR or a violation. Nothing is written or heard any more; the connection must be closed.

    Rules, with their source:
    - The versions offered are those from `lowest` to `highest`; the server's must be one of them; without `version` it is 1.0.
    - Heart-beats: in each direction the larger of both sides' numbers, none if either is zero; 1.0 has none. Any octet counts.
    - Receipts are numbers of the session. A RECEIPT or ERROR tells which frame it answers; a RECEIPT that answers nothing is passed over.
    - A MESSAGE belongs to the subscription it names; in 1.0, where it need not, to that of its destination. One that belongs to none has
   crossed the UNSUBSCRIBE on its way and is passed over.
    - ACK and NACK name the message by `id` in 1.2, by `message-id` and `subscription` in 1.1, by `message-id` in 1.0, which has no NACK and
   no client-individual. */

#include <stompchat/client/message.hpp>
#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/stomp/ack_window.hpp>
#include <stompchat/stomp/decoder.hpp>
#include <stompchat/stomp/frame.hpp>
#include <stompchat/stomp/heart_beat.hpp>
#include <stompchat/stomp/limits.hpp>
#include <stompchat/stomp/version.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::client {

/** What a session offers and accepts. */
struct session_options {
    /// The versions to offer, from this one
    stomp::version lowest = stomp::version::v1_0;
    /// up to this one.
    stomp::version highest = stomp::version::v1_2;
    /// What CONNECT offers and asks for in `heart-beat`; zero = none.
    std::chrono::milliseconds heart_beat_send{10'000};
    /// The same for the other direction.
    std::chrono::milliseconds heart_beat_receive{10'000};
    /// The server is dead after this many intervals of silence.
    double heart_beat_tolerance = 2;
    /// What a server may send. A larger frame is a violation.
    stomp::decode_limits limits{16 * 1024, 200, 4 * 1024 * 1024, 64 * 1024};
};

/// What a session tells.
enum class session_event_kind : std::uint8_t {
    need_more, ///< nothing until more octets are fed
    connected, ///< `frame`
    message,   ///< `frame`; `tag` is the subscription
    receipt,   ///< `frame`; `command` and `tag` say what it answers
    error,     ///< `frame`, `ec`, `text`; `command` and `tag` say what it answers, if anything. The session is closed.
    failed,    ///< the server broke the protocol: `ec`, `text`. The session is closed.
};

/** What a session found. `frame` lives until the following next() or feed(). */
struct session_event {
    /// Which of the following count stands with it.
    session_event_kind kind = session_event_kind::need_more;
    /// What is answered: send, subscribe, unsubscribe, commit, disconnect; `error` when nothing is.
    stomp::command command = stomp::command::error;
    /// The number that came with the frame that is answered, or a subscription.
    std::uint64_t tag = 0;
    /// A view.
    stomp::frame_view frame;
    /// Why; clear for none.
    error_code ec;
    /// The same in words.
    std::string text;
};

/** See the rules at the top of this file.

    Use: feed() what came, then next() until it returns need_more. What is to be written is in output() until took_output().
    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: one partial frame, bounded by the limits; what is to be written and an entry for each receipt that is awaited, bounded by the
    caller. */
class session {
public:
    /// Steady, as everywhere.
    using time_point = std::chrono::steady_clock::time_point;

    /// `options` must outlive the session.
    STOMPCHAT_DECL session(const session_options& options, time_point now);
    session(const session_options&&, time_point) = delete;
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    /// Gives the next octets; they must stay valid until next() has returned need_more.
    STOMPCHAT_DECL void feed(std::string_view octets, time_point now);
    /// What comes next in the octets.
    STOMPCHAT_DECL session_event next();

    /// Writes CONNECT. `host` is the virtual host; `more` the other headers. Once, and first.
    STOMPCHAT_DECL void connect(std::string_view host, const header_list& more);

    /// Whether frames may be written. Precondition of all functions that follow.
    bool connected() const noexcept { return state_ == state::connected; }

    /// Writes SEND, with `receipt` if `tag` is not zero: its answer carries the tag.
    STOMPCHAT_DECL void send(const outgoing_message& message, std::uint64_t tag, transaction_id transaction = 0);
    /** Writes SUBSCRIBE with a receipt; the answer and the messages carry `id`.
        Errors: error::bad_header_value when the version does not know the ack mode. */
    STOMPCHAT_DECL error_code subscribe(subscription_id id, std::string_view destination, stomp::ack_mode mode, const header_list& more);
    /// Writes UNSUBSCRIBE with a receipt; messages of the subscription are passed over from now on. Nothing if there is no such one.
    STOMPCHAT_DECL void unsubscribe(subscription_id id);
    /// Writes ACK. `value` is what ack_value() said of the MESSAGE.
    void ack(subscription_id id, std::string_view value, transaction_id transaction = 0) {
        settle(stomp::command::ack, id, value, transaction);
    }
    /// Writes NACK, in 1.0 nothing.
    void nack(subscription_id id, std::string_view value, transaction_id transaction = 0) {
        settle(stomp::command::nack, id, value, transaction);
    }

    /// Writes BEGIN. Precondition: that transaction is not open.
    STOMPCHAT_DECL void begin(transaction_id id);
    /// Writes COMMIT with a receipt whose answer carries `id`, or ABORT. Errors: error::unknown_transaction.
    STOMPCHAT_DECL error_code commit(transaction_id id);
    /// Writes ABORT. Errors: error::unknown_transaction.
    STOMPCHAT_DECL error_code abort(transaction_id id);
    /// Whether BEGIN was written, and neither COMMIT nor ABORT.
    bool is_open(transaction_id id) const noexcept { return transactions_.contains(id); }

    /// Writes DISCONNECT with a receipt whose answer carries `tag`.
    STOMPCHAT_DECL void disconnect(std::uint64_t tag);

    /// What names a MESSAGE in ACK and NACK: `ack` in 1.2, `message-id` before.
    STOMPCHAT_DECL std::string_view ack_value(const stomp::frame_view& message) const noexcept;

    /// The negotiated version, valid from the event `connected` on.
    stomp::version version() const noexcept { return version_; }

    /// The encoded frames that wait to be written, one behind the other; output_ends() are the offsets behind each.
    const std::string& output() const noexcept { return output_; }
    /// One for each frame.
    std::span<const std::size_t> output_ends() const noexcept { return ends_; }
    /// They were given to the transport.
    STOMPCHAT_DECL void took_output(time_point now);

    /// When on_time() is to be called.
    STOMPCHAT_DECL time_point deadline() const noexcept;
    /// Writes a heart-beat if one is due. False when the server is dead: nothing came for too long.
    STOMPCHAT_DECL bool on_time(time_point now);

private:
    enum class state : std::uint8_t {
        connecting,
        connected,
        disconnecting,
        closed,
    };
    struct awaited {
        stomp::command command;
        std::uint64_t tag;
    };
    struct subscription {
        std::string destination;
        stomp::ack_mode mode;
    };

    session_event on_connected(const stomp::frame_view& frame);
    bool on_message(const stomp::frame_view& frame, session_event& ev) const;
    bool on_answer(const stomp::frame_view& frame, session_event& ev);
    session_event on_error(const stomp::frame_view& frame);
    session_event fail(error_code ec, std::string text);
    STOMPCHAT_DECL void settle(stomp::command command, subscription_id id, std::string_view value, transaction_id transaction);
    std::string expect_answer(stomp::command command, std::uint64_t tag);
    void write(stomp::command command, std::string_view body = {});
    void add(std::string_view name, std::string_view value);

    const session_options* options_;
    stomp::parse_scratch scratch_;
    stomp::decoder decoder_;
    stomp::heart_beat_clock clock_;
    std::vector<stomp::header> headers_; // of the frame that is being written
    std::string output_;
    std::vector<std::size_t> ends_;
    std::unordered_map<std::uint64_t, awaited> receipts_;
    std::map<subscription_id, subscription> subscriptions_;
    std::set<transaction_id> transactions_;
    std::uint64_t last_receipt_ = 0;
    stomp::version version_ = stomp::version::v1_0;
    state state_ = state::connecting;
};

/** The error that a server's text stands for, when it is one of this library's: a node puts it into `message` of its ERRORs.
    Else error::server_error. */
STOMPCHAT_DECL error_code error_from_text(std::string_view text);

} // namespace stompchat::inline STOMPCHAT_ABI::client

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/session.ipp>
#endif

#endif
