// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_PERSISTENT_SESSION_HPP
#define STOMPCHAT_CLIENT_PERSISTENT_SESSION_HPP

/*  A STOMP session that outlives its connections: it says which server to connect to and when, subscribes again, and repeats what was not
    answered. No socket, no clock: the caller connects, moves octets, and does what next() says.

    State         What is going on, and what ends it
    idle          Nothing yet. start() -> `opening`.
    opening       The caller opens a transport. opened(): CONNECT is written, -> `connecting`. closed() or too late -> `waiting`.
    connecting    CONNECT is under way. CONNECTED: SUBSCRIBEs, then the SENDs without an answer, each in their first order, -> `online`.
                  ERROR, closed() or too late -> `waiting`.
    online        Until closed(), a violation, or the server's silence: -> `waiting`. disconnect() -> `leaving`.
    waiting       Until it is time for the next attempt, -> `opening`.
    leaving       DISCONNECT is under way. Its RECEIPT, closed() or too late -> `stopped`.
    stopped       For ever.

    Rules:
    - An attempt that the server refuses for good (login, certificate, version) is repeated with the other servers only; when every one has
   refused in turn, or after `attempts` failures, it is given up: `stopped`.
    - The reason of a loss is the ERROR, if there was one before the end. An ERROR that names a frame ends what that frame was for, unless
   its text says that the server cannot do it at present; then, as with every other loss, SENDs and SUBSCRIBEs are repeated.
    - A SEND that was written more than `resend_within` ago is not repeated: it may have been published, and nobody could tell any more.
    - A durable subscription that another session takes over has ended: to ask for it again would begin a fight. With soft errors the server
   tells on `/session/queue/errors`, to which a session with durable subscriptions subscribes by itself; without, an ERROR ends them all.
   - A transaction lives in one connection. COMMIT without an answer: error::outcome_unknown. */

#include <stompchat/client/backoff.hpp>
#include <stompchat/client/message.hpp>
#include <stompchat/client/options.hpp>
#include <stompchat/client/outbox.hpp>
#include <stompchat/client/session.hpp>
#include <stompchat/client/subscriber.hpp>
#include <stompchat/config.hpp>
#include <stompchat/error.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::client {

/// What is to be done, or has happened.
enum class action_kind : std::uint8_t {
    nothing,      ///< wait for the transport, the time, or the application
    open,         ///< open a transport to `url`, then opened() or closed()
    close,        ///< close the transport: without closed()
    connected,    ///< `server`
    lost,         ///< `ec`, `text`; the next attempt comes after `delay`
    stopped,      ///< the last action: `ec` (none after disconnect()), `text`
    message,      ///< `message` of subscription `tag`; it counts as processed at the following next()
    sent,         ///< SEND `tag`: `ec`, `text`, `message_id`
    subscribed,   ///< subscription `tag` for the first time: `subscription`, or `ec` and `text`: then there is no such subscription
    resumed,      ///< subscription `tag` again, in a new connection: `subscription`
    ended,        ///< subscription `tag` was refused in a new connection: `ec`, `text`
    unsubscribed, ///< subscription `tag`
    committed,    ///< transaction `tag`: `ec`, `text`
};

/** What a persistent_session wants done, or reports. `message` lives until the following next(). */
struct action {
    /// Which of the following count stands with it.
    action_kind kind = action_kind::nothing;
    /// Of a SEND, a subscription or a transaction.
    std::uint64_t tag = 0;
    /// Counted from 0 in the order of the URLs.
    std::size_t url = 0;
    /// Why; clear for none.
    error_code ec;
    /// The same in words.
    std::string text;
    /// Of a SEND, where the server tells it.
    std::string message_id;
    /// Until the next attempt.
    std::chrono::milliseconds delay{0};
    /// A view.
    incoming_message message;
    /// Where it begins.
    client::subscribed subscription;
    /// What it says of itself.
    client::connected server;
};

/** Why a transport ended. */
struct transport_end {
    /// Why; clear for none.
    error_code ec;
    /// The same in words.
    std::string text;
    /// What the server asked for; zero = nothing.
    std::chrono::seconds retry_after{0};
};

/** See the rules at the top of this file.

    Use: after each call that changes something, next() until it returns `nothing`; then write output() and call took_output(); on_time() at
    deadline(). Calls are allowed between two next().
    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: the outbox (`outbox_messages`, `outbox_octets`), twice while it is being written; subscriptions as subscriber says; one frame.
 */
class persistent_session {
public:
    /// Steady, as everywhere.
    using time_point = std::chrono::steady_clock::time_point;

    /// See the table at the top of this file.
    enum class state : std::uint8_t {
        idle,
        opening,
        connecting,
        online,
        waiting,
        leaving,
        stopped,
    };

    /** `hosts` are the virtual hosts of the URLs, one each. `seed` is for the back-off, `key` what the generated idempotency keys begin
       with. `options` must outlive the object. Precondition: there is a URL. */
    STOMPCHAT_DECL persistent_session(const persistent_options& options, std::vector<std::string> hosts, std::uint64_t seed,
                                      std::string key);
    persistent_session(const persistent_session&) = delete;
    persistent_session& operator=(const persistent_session&) = delete;

    /// Where it is.
    client::persistent_session::state current_state() const noexcept { return state_; }
    /// Whether there is a session with a server.
    bool online() const noexcept { return state_ == state::online; }
    /// SENDs without an answer.
    std::size_t outbox_messages() const noexcept { return outbox_.messages(); }
    /// Their octets.
    std::size_t outbox_octets() const noexcept { return outbox_.octets(); }
    /// The id behind which a subscription would go on; empty where there is none.
    STOMPCHAT_DECL std::string token(subscription_id id) const;

    // What the application wants.

    /// Begins with the first URL. Once.
    STOMPCHAT_DECL void start(time_point now);
    /// The answer is `sent` with the tag. Errors: error::outbox_full, error::message_too_large, error::stopped.
    STOMPCHAT_DECL system::result<std::uint64_t> send(outgoing_message message, time_point now);
    /// Forgets a SEND that was not written yet. False when it is too late.
    STOMPCHAT_DECL bool withdraw(std::uint64_t tag);
    /// The answer is `subscribed` with the id. Errors: error::stopped.
    STOMPCHAT_DECL system::result<subscription_id> subscribe(std::string destination, subscribe_options options);
    /// The answer is `unsubscribed`. Errors: error::unknown_subscription.
    STOMPCHAT_DECL error_code unsubscribe(subscription_id id);
    /// Acknowledges, or with `refused` rejects, a message by its id. Errors: error::unknown_subscription.
    STOMPCHAT_DECL error_code settle(subscription_id id, std::string_view message_id, bool refused);
    /// Errors: error::connection_lost while there is no connection.
    STOMPCHAT_DECL system::result<transaction_id> begin();
    /// Errors: error::unknown_transaction, also when its connection was lost.
    STOMPCHAT_DECL error_code send_in(transaction_id id, outgoing_message message);
    /// The answer is `committed`. Errors: error::unknown_transaction.
    STOMPCHAT_DECL error_code commit(transaction_id id);
    /// Errors: error::unknown_transaction.
    STOMPCHAT_DECL error_code abort(transaction_id id);
    /// Says goodbye, if there is a connection. The answer is `stopped`.
    STOMPCHAT_DECL void disconnect(time_point now);
    /// Ends at once.
    STOMPCHAT_DECL void stop(error_code why, std::string text = {});

    // What the transport says.

    /// The transport carries octets now.
    STOMPCHAT_DECL void opened(time_point now);
    /// The octets must stay valid until next() has returned `nothing`.
    STOMPCHAT_DECL void feed(std::string_view octets, time_point now);
    /// It ended, or could not be opened.
    STOMPCHAT_DECL void closed(const transport_end& end, time_point now);

    /// The next thing to do.
    STOMPCHAT_DECL action next(time_point now);

    /// Encoded frames for the transport, and the offsets behind each.
    STOMPCHAT_DECL std::string_view output() const noexcept;
    /// One for each frame.
    STOMPCHAT_DECL std::span<const std::size_t> output_ends() const noexcept;
    /// They were given to the transport.
    STOMPCHAT_DECL void took_output(time_point now);

    /// When on_time() is to be called.
    STOMPCHAT_DECL time_point deadline() const noexcept;
    /// Does what is due.
    STOMPCHAT_DECL void on_time(time_point now);

private:
    struct subscription {
        client::subscriber progress;
        bool announced = false; // the application knows that it is live
        bool asked = false;     // SUBSCRIBE was written in the present connection
    };
    using subscriptions = std::map<subscription_id, subscription>;

    void open(std::size_t url, time_point now);
    void lose(const error_code& ec, std::string text, std::chrono::seconds retry_after, time_point now);
    void finish(const error_code& ec, std::string text);
    void drop_session();
    bool writable() const noexcept { return session_ && session_->connected(); }
    action& push(action_kind kind, std::uint64_t tag, error_code ec = {}, std::string text = {});

    void on_event(const session_event& ev, time_point now);
    void on_connected(const stomp::frame_view& frame, time_point now);
    bool on_message(const session_event& ev, action& out);
    void on_receipt(const session_event& ev, time_point now);
    void on_error(const session_event& ev, time_point now);
    void on_told(const stomp::frame_view& refusal);
    void on_sent(std::uint64_t tag, const stomp::frame_view& receipt);
    void on_subscribed(subscription_id id, const stomp::frame_view& receipt);
    void end_subscription(subscription_id id, error_code ec, std::string text);
    void write_subscription(subscription_id id, subscription& one);
    void write_sends(time_point now);
    void write_send(outbox::entry& entry, time_point now);

    const persistent_options& options_;
    std::vector<std::string> hosts_;
    backoff backoff_;
    outbox outbox_;
    subscriptions subscriptions_;
    std::set<subscription_id> leaving_;   // UNSUBSCRIBE was written
    std::set<transaction_id> committing_; // COMMIT was written
    std::optional<client::session> session_;
    std::deque<action> actions_;
    std::uint64_t last_tag_ = 0;
    std::size_t url_ = 0;
    std::size_t next_url_ = 0;
    std::uint32_t failed_attempts_ = 0;       // in a row
    std::uint32_t refusals_ = 0;              // in a row, for good
    time_point deadline_ = time_point::max(); // of the present state
    time_point stable_ = time_point::max();   // the connection has held long enough
    error_code error_;                        // the ERROR of the present connection
    std::string error_text_;
    subscription_id delivering_ = 0; // the message that next() returned last
    std::string delivering_id_;
    state state_ = state::idle;
    bool was_connected_ = false; // in the present attempt
    bool hears_errors_ = false;  // is subscribed to /session/queue/errors
};

} // namespace stompchat::inline STOMPCHAT_ABI::client

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/persistent_session.ipp>
#endif

#endif
