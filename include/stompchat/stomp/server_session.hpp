// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_SERVER_SESSION_HPP
#define STOMPCHAT_STOMP_SERVER_SESSION_HPP

/*  The server's side of a STOMP connection as a state machine: octets in, events out, encoded answers back. No socket, no clock.

    State            What a frame does there
    connecting       CONNECT or STOMP: negotiate, go to `pending`, event `connect`. Anything else: ERROR.
    pending          Nothing is decoded: the escaping rules follow from the answer. accept() -> `connected`, fail() -> `closed`.
    connected        Frames are checked and become events. DISCONNECT: open transactions are gone, go to `disconnecting`, event
   `disconnect`. disconnecting    What the client sends is ignored (STOMP 1.1 and 1.2: it must not send). receipt() still works, fail() too.
    closed           Everything is ignored. Entered with the one ERROR that fail() or a bad frame produces; the connection must be closed
   behind it.

    Rules, with their source (1.1 and 1.2 unless said otherwise):
    - The version is the highest common one; without accept-version it is 1.0. None in common: ERROR with a `version` header. Neither `host`
   nor a login is required. A second CONNECT is an ERROR. `receipt` on CONNECT is ignored, on every other frame it is answered, at the
   latest by an ERROR's `receipt-id`.
    - SEND and SUBSCRIBE need `destination`. SUBSCRIBE and UNSUBSCRIBE need `id`, in 1.0 an id is optional and the destination stands for
   it. A live id used again, and an unknown one in UNSUBSCRIBE, is an ERROR. `ack` is auto (default), client or, from 1.1,
   client-individual.
    - ACK (and NACK from 1.1) needs `message-id` in 1.0, `message-id` and `subscription` in 1.1, `id` in 1.2, where `subscription` is
   ignored. An ACK for a subscription that was removed a short while ago crossed the UNSUBSCRIBE on its way: it is ignored.
    - BEGIN, COMMIT and ABORT need `transaction`. SEND, ACK and NACK with one are enrolled: copied, bounded, and handed out by COMMIT. A
   receipt of an enrolled frame confirms the enrolment. BEGIN of an open one and any other use of an unknown one is an ERROR.
    - In 1.0 and 1.1 a receipt, id or destination with a CR in it is an ERROR: nothing that is sent back could carry it.
    - A body on another frame than SEND is an ERROR; 1.0 ignores it.
    - heart-beat: both sides' numbers are honoured as the specification says, this side's are options. Malformed: ERROR. 1.0 has none.  */

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/stomp/decoder.hpp>
#include <stompchat/stomp/event.hpp>
#include <stompchat/stomp/frame.hpp>
#include <stompchat/stomp/heart_beat.hpp>
#include <stompchat/stomp/limits.hpp>
#include <stompchat/stomp/subscription.hpp>
#include <stompchat/stomp/version.hpp>
#include <stompchat/version.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// What a server grants its sessions. Sizes are in octets.
struct session_options {
    /// Of frames.
    decode_limits limits;
    /// What CONNECTED offers and asks for in `heart-beat`; zero = none. The negotiated intervals are the larger of these and the client's.
    std::chrono::milliseconds heart_beat_send{1000};
    /// See `heart_beat_send`.
    std::chrono::milliseconds heart_beat_receive{1000};
    /// The client is dead after this many intervals of silence. Servers of the field use 1.5 to 3.
    double heart_beat_tolerance = 3;
    /// Longest destination in octets; longer: error::destination_too_long. Zero leaves the check to the caller.
    std::size_t max_destination = 255;
    /// Most live subscriptions. One more: error::too_many_subscriptions.
    std::size_t max_subscriptions = 1000;
    /// Most open transactions. One more: error::too_many_transactions.
    std::size_t max_transactions = 100;
    /// Most frames of a transaction. One more: error::transaction_too_long.
    std::size_t max_transaction_frames = 1000;
    /// Most octets of a transaction's frames, headers included. More: error::transaction_too_long.
    std::size_t max_transaction_octets = 16 * 1024 * 1024;
    /// The same for all open transactions of the session together, so that many of them do not add up. More: error::transaction_too_long.
    std::size_t max_transactions_octets = 32 * 1024 * 1024;
    /// Time for the CONNECT frame to arrive, counted from the session's construction.
    std::chrono::seconds connect_timeout{10};
    /// The `server` header of CONNECTED.
    std::string server = std::string("stompchat/") + version_text;
};

/** See the rules at the top of this file.

    Use: feed() what the socket gave, then next() until it returns need_more, waiting, failed or closed. Answers are encoded frames to be
   sent in the order in which they were made. An event's frame lives until the following next().

    Thread safety: distinct objects are independent (but share a scratch only within a thread); one object is for one thread at a time.
    Memory: an idle session with one subscription holds 224 octets. A partial frame is bounded by `limits`, octets behind an
   unanswered CONNECT by twice `limits.body_before_connect` (more: ERROR), transactions and subscriptions by their options. Answers are
   written into a buffer that the sessions of a thread share. */
class server_session {
public:
    /// Of a clock that does not jump.
    using time_point = std::chrono::steady_clock::time_point;

    /// What on_time() asks for.
    enum class due : std::uint8_t {
        nothing,         ///< nothing now
        send_heart_beat, ///< send one LF and call note_sent()
        dead,            ///< nothing came for too long: fail(error::heart_beat_timeout) and close
        connect_timeout, ///< no CONNECT came in time: fail(error::connect_timeout) and close
    };

    /// `options` must outlive the session.
    STOMPCHAT_DECL server_session(const session_options& options, time_point now);
    server_session(const session_options&&, time_point) = delete;
    server_session(const server_session&) = delete;
    server_session& operator=(const server_session&) = delete;
    STOMPCHAT_DECL ~server_session();

    /// Gives the next octets; they must stay valid until next() has returned need_more, waiting, failed or closed, or until hold().
    STOMPCHAT_DECL void feed(std::string_view octets, parse_scratch& scratch, time_point now);

    /// The next thing to do.
    STOMPCHAT_DECL event next();

    /// Stops in the middle of the input (back-pressure): the rest is copied, and next() goes on with it after resume() or feed().
    STOMPCHAT_DECL void hold();

    /// Gives the scratch for going on after hold(), or after accept(), without new octets.
    void resume(parse_scratch& scratch) noexcept { decoder_.resume(scratch); }

    /// True when octets are kept that next() has not looked at: call resume() and next() without waiting for the socket.
    bool has_held() const noexcept { return decoder_.held() && state_ != state::disconnecting && state_ != state::closed; }

    /** Answers CONNECT: the CONNECTED frame with version (from 1.1), session, server, heart-beat (from 1.1), user-name (unless empty) and
       `extra`. CONNECTED is never escaped: when a value holds CR, LF or NUL (or a name of `extra` a colon) the login fails, the ERROR is
       returned and connected() stays false. Precondition: event `connect` was delivered and not answered. */
    STOMPCHAT_DECL std::string_view accept(std::string_view session_id, std::string_view user_name, std::span<const header> extra,
                                           time_point now);

    /// A RECEIPT with `receipt-id` and `extra`; empty when `receipt_id` is empty or the session is closed, so that it can be called
    /// unconditionally.
    STOMPCHAT_DECL std::string_view receipt(std::string_view receipt_id, std::span<const header> extra = {});

    /** Ends the session: the ERROR to send, or nothing if one was made before. `detail` is a sentence for the client; empty = the code's
       own text. `receipt_id` is the receipt of the frame that failed, if it asked for one. */
    STOMPCHAT_DECL std::string_view fail(error_code code, std::string_view detail = {}, std::string_view receipt_id = {});

    /** With soft errors a destination or a number of subscriptions over its limit is an event `refused` instead of `failed`: the session
       goes on, the caller answers. In a transaction it spoils that: COMMIT then fails. */
    void set_soft_errors(bool on) noexcept { soft_errors_ = on; }

    /// Any octet counts, a WebSocket control frame too. feed() does it for what it is given.
    void note_received(time_point now) noexcept { clock_.note_received(now); }
    /// Octets have gone out.
    void note_sent(time_point now) noexcept { clock_.note_sent(now); }

    /// While the caller does not read, the receive deadline does not run; it starts anew when `suspended` becomes false.
    void suspend_receive_deadline(bool suspended, time_point now) noexcept { clock_.suspend_receive(suspended, now); }

    /// When on_time() will have something to say; time_point::max() = never.
    STOMPCHAT_DECL time_point next_deadline() const noexcept;

    /// What is due at `now`. The answer repeats until it is acted upon.
    STOMPCHAT_DECL due on_time(time_point now) const noexcept;

    /// The negotiated version; 1.0 before the event `connect`.
    stomp::version version() const noexcept { return version_; }
    /// True from accept() until the session is closed.
    bool connected() const noexcept { return state_ == state::connected || state_ == state::disconnecting; }
    /// True when an ERROR was made: nothing more is decoded or answered.
    bool closed() const noexcept { return state_ == state::closed; }
    /// The negotiated intervals; zero = none.
    std::chrono::milliseconds heart_beat_send_interval() const noexcept { return clock_.send_interval(); }
    /// See heart_beat_send_interval().
    std::chrono::milliseconds heart_beat_receive_interval() const noexcept { return clock_.receive_interval(); }

    /// The live subscription with that id, or null.
    subscription* find(std::string_view id) const noexcept { return subscriptions_.find_id(id); }
    /// The live subscription of a 1.0 client that gave no id, or null.
    subscription* find_destination(std::string_view destination) const noexcept { return subscriptions_.find_destination(destination); }
    /// How many are live.
    std::size_t subscriptions() const noexcept { return subscriptions_.size(); }
    /// Calls `f(subscription&)` for each live one. Also after the session is closed: they die with it. `f` must not call next().
    template <class F>
    void for_each_subscription(F&& f) const {
        subscriptions_.for_each(std::forward<F>(f));
    }

    /** Takes back a subscription that the caller refused without ending the session, or that another one took over. It is gone at once, and
       a later ACK for it is ignored like one that crossed an UNSUBSCRIBE. Precondition: `sub` is live. */
    STOMPCHAT_DECL void remove(const subscription& sub);

    /// Octets of heap memory that the session holds, subscriptions without their `context` included.
    STOMPCHAT_DECL std::size_t heap_octets() const noexcept;

private:
    enum class state : std::uint8_t {
        connecting,
        pending,
        connected,
        disconnecting,
        closed,
    };
    struct wanted;
    struct rare_state;

    // Each fills the event; those that return false have none to deliver.
    void on_connect(event& ev);
    bool on_frame(event& ev);
    bool on_send(event& ev, const wanted& w);
    bool on_subscribe(event& ev, const wanted& w);
    bool on_unsubscribe(event& ev, const wanted& w);
    bool on_ack(event& ev, const wanted& w);
    bool on_begin(event& ev, const wanted& w);
    bool on_commit(event& ev, const wanted& w);
    bool on_abort(event& ev, const wanted& w);
    bool on_disconnect(event& ev);
    bool enrol(event& ev, const wanted& w);
    bool reply_receipt(event& ev);
    bool fail_event(event& ev, const problem& p);
    bool refuse_event(event& ev, const problem& p);
    bool can_be_answered(event& ev, const wanted& w);
    bool missing(event& ev, std::string_view header_name);
    void spoil(std::string_view transaction_id, error code);
    void remember_removed(std::string_view id);
    bool was_removed(std::string_view id) const noexcept;
    void close() noexcept;
    rare_state& rare();

    const session_options* options_;
    decoder decoder_;
    heart_beat_clock clock_;
    subscription_list subscriptions_;
    std::unique_ptr<subscription> leaving_; // of the last unsubscribe event
    std::unique_ptr<rare_state> rare_;      // transactions and removed ids: most sessions have none
    time_point opened_;
    heart_beat client_heart_beat_;
    state state_ = state::connecting;
    stomp::version version_ = stomp::version::v1_0;
    bool soft_errors_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/server_session.ipp>
#endif

#endif
