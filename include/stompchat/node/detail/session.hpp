// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_SESSION_HPP
#define STOMPCHAT_NODE_DETAIL_SESSION_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/destination.hpp>
#include <stompchat/delivery/feeding.hpp>
#include <stompchat/node/detail/connection.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/node/detail/interceptions.hpp>
#include <stompchat/node/detail/keyed_sends.hpp>
#include <stompchat/node/detail/output_queue.hpp>
#include <stompchat/node/detail/publishes.hpp>
#include <stompchat/node/detail/shard.hpp>
#include <stompchat/node/detail/subscription.hpp>
#include <stompchat/node/farewell.hpp>
#include <stompchat/ports/authenticator.hpp>
#include <stompchat/ports/broker.hpp>
#include <stompchat/stomp/server_session.hpp>
#include <stompchat/websocket/decoder.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** A STOMP session: the meeting place of its socket, its frames and its subscriptions.

    Phases: *open* (frames are processed), *leaving* (DISCONNECT, or the node stops: the answers to SENDs are awaited, nothing is read),
    *closing* (the last octets are queued: they are written, then the peer's part of the close is awaited).
    Reading stops while the broker owes too many answers, and while the authenticator decides.
    Thread safety: for the shard's thread.
    Memory: idle, no buffer and no timer, only a place in the shard's timing wheel. */
class session final : public connection {
public:
    /// `shown` holds what the upgrade request told about the client.
    STOMPCHAT_DECL session(shard& home, net::stream_ptr stream, bool websocket, credentials shown);
    STOMPCHAT_DECL ~session() override;

    // connection
    STOMPCHAT_DECL void start() override;
    STOMPCHAT_DECL void on_readable(error_code ec) override;
    STOMPCHAT_DECL void on_writable(error_code ec) override;
    STOMPCHAT_DECL void on_deadline(time_point now) override;
    STOMPCHAT_DECL void on_stop() override;
    STOMPCHAT_DECL void abort() override;
    session* as_session() noexcept override { return this; }

    // From the upgrade: octets to write before anything else, and octets that came behind the request.
    STOMPCHAT_DECL void begin_with(std::string_view answer, std::span<char> rest);

    // From the shard.
    delivery::output_room room() const noexcept {
        const auto& options = shard_.node().options;
        return {queue_.octets(), options.output_queue, shard_.budget().octets >= options.shard_output};
    }
    bool has_room(const subscription& for_whom) const noexcept {
        return phase_ == phase::open && !for_whom.window_full() && room().has_room();
    }
    /// The same for what counts in no window.
    bool can_take() const noexcept { return phase_ == phase::open && room().has_room(); }
    void deliver(frame_ref what, subscription& to) {
        queue_message(std::move(what), to);
        flush_soon();
    }
    /// For who flushes it himself.
    void queue_message(frame_ref what, subscription& to) {
        if (to.acks && !what->ephemeral()) {
            to.acks->window.push(static_cast<std::uint64_t>(what->at().offset));
            if (to.acks->durable != 0) shard_.durable_subscriptions().touch(to);
        }
        queue_.push(shard_.entries(), std::move(what), &to);
    }
    // Ask for the memory that queue_message() and flush() will touch; the second uses what the first asked for.
    void prefetch() const noexcept {
        __builtin_prefetch(this);
        __builtin_prefetch(&queue_);
        __builtin_prefetch(&phase_);
    }
    void prefetch_stream() const noexcept { __builtin_prefetch(stream_.get()); }
    /// Whether flush() has as much to do as it does at once.
    bool has_a_write() const noexcept { return !waits_to_write_ && queue_.octets() >= gather::write_limit; }
    STOMPCHAT_DECL void fell_behind(subscription& whom);
    /// The topic is there, and comes live from the shard's position on: the subscription can begin. `now` is where it does without a token.
    STOMPCHAT_DECL void on_topic(subscription& whom, offset now);
    STOMPCHAT_DECL void on_start_read(subscription& whom, error_code ec, read_result& result);
    STOMPCHAT_DECL void on_end(subscription& whom, error_code ec, const position& end);
    STOMPCHAT_DECL void on_fed(subscription& whom, error_code ec, const read_result& result);
    /// Messages were lost to a subscription that does not know of gaps: there is no silent loss, so the session ends.
    STOMPCHAT_DECL void on_lost();
    STOMPCHAT_DECL void tell_gap(subscription& whom);
    /// A durable subscription holds its name: it goes on at `first` if another one was there, else it begins.
    STOMPCHAT_DECL void on_durable(subscription& whom, bool resumed, const position& first);
    STOMPCHAT_DECL void on_durable_refused(subscription& whom, error_code ec, std::string_view why);
    /// Another subscription has the name of this one now.
    STOMPCHAT_DECL void on_taken_over(subscription& whom, std::string_view name);
    /// The topics to which it published can take more.
    void on_uncongested() {
        held_up_ = false;
        read_on();
    }
    STOMPCHAT_DECL void on_published(publish_record& what, error_code ec, const position& at);
    STOMPCHAT_DECL void flush();

    // From the shard's keyed_sends.
    STOMPCHAT_DECL void count_in_flight(const publish_record& what) noexcept;
    STOMPCHAT_DECL void send_to_app(const keyed_sends::item& what, const std::shared_ptr<publish_group>& transaction);
    /// False when the session ends with it.
    STOMPCHAT_DECL bool on_job_given_up(const keyed_sends::item& what);
    STOMPCHAT_DECL void on_job_done();

    // From the authenticator and the application.
    STOMPCHAT_DECL void on_authenticated(error_code ec, identity who);
    STOMPCHAT_DECL void on_app_publish(const std::shared_ptr<publish_group>& group, std::string_view destination, header_block headers,
                                       std::string_view body);
    STOMPCHAT_DECL void on_app_reply(std::string_view queue, std::string_view correlation_id, header_block headers, std::string_view body);
    STOMPCHAT_DECL void on_app_answer(subscription& to, header_block headers, std::string_view body);
    /// `of` is the subscription that the request was for, or null.
    STOMPCHAT_DECL void on_app_finished(const std::shared_ptr<publish_group>& group, std::string_view destination, subscription* of,
                                        error_code outcome, std::string_view reason);
    /// The `/app/...` subscription with that number, by id, or by destination where a 1.0 client gave none; null when it has gone.
    subscription* find_app_subscription(std::string_view id, std::string_view destination, std::uint32_t number) const noexcept {
        const stomp::subscription* const found = id.empty() ? stomp_.find_destination(destination) : stomp_.find(id);
        auto* const whom = found == nullptr ? nullptr : static_cast<subscription*>(found->context);
        return whom != nullptr && whom->what == subscription::kind::app && whom->index == number ? whom : nullptr;
    }

    /// The service ends it. False when it ends already.
    STOMPCHAT_DECL bool cut_off(const farewell& why);

    const identity& who() const noexcept { return who_; }
    /// Whether the registry should know it.
    bool announced() const noexcept { return announced_ && phase_ != phase::closing; }
    /// Calls `f(std::string_view)` for the room of each subscription that makes the user a participant.
    template <class F>
    void for_rooms(F&& f) const {
        stomp_.for_each_subscription([&](const stomp::subscription& one) {
            const auto* const in = static_cast<const subscription*>(one.context);
            if (in == nullptr || in->what != subscription::kind::topic) return;
            if (const std::string_view name = shard_.destination_of(*in); is_room(name)) f(name);
        });
    }
    /// Made anew with each call, so that an idle session need not hold it.
    std::string name() const { return shard_.session_name(number_); }
    /// The user of a session that nobody has logged in to.
    std::string anonymous_user() const { return "anonymous-" + name(); }
    std::uint64_t number() const noexcept { return number_; }

private:
    friend class shard;

    /// Why a well-formed frame is not carried out.
    struct refusal {
        error code;
        std::string reason;
    };

    /// What most sessions never have.
    struct rare_state {
        std::string remote_address; // when it is not IPv4
        std::string disconnect_receipt;
        error_code reason; // why the session ends
    };

    enum class phase : std::uint8_t {
        open,
        leaving,
        closing,
    };

    // session_input.ipp: octets from the socket become frames
    void read();
    void take(std::span<char> octets);
    void take_websocket(std::span<char> octets);
    void take_stomp(std::string_view octets);
    void on_end_of_input();
    void pause();
    void want_read();
    void read_on();
    bool overloaded() const noexcept;

    // session_output.ipp: what is queued goes to the socket
    void flush_soon() {
        if (!flush_listed_) shard_.flush_later(*this);
    }
    void send_stomp(std::string_view octets);
    void send_wire(std::string_view octets);
    void on_drained();

    // session.ipp: deadlines, and the end
    void fail(error_code code, std::string_view detail = {}, std::string_view receipt = {});
    void begin_close(error_code reason, std::uint16_t code, std::string_view text = {});
    void say_goodbye();
    void leave_if_answered();
    void plan(time_point now);
    void gone();
    void leave_registry();
    bool is_pinged() const noexcept;
    bool websocket() const noexcept { return websocket_; }
    error_code reason() const noexcept { return rare_ ? rare_->reason : error_code(); }
    void end_because_of(error_code ec);
    rare_state& rare();
    std::string remote_address() const;
    template <class Tell>
    void tell_observer(Tell&& tell) const;

    // session_frames.ipp: what a client's frames do
    void handle_frames();
    void on_connect(const stomp::event& ev);
    std::optional<refusal> send_problem(const stomp::frame_view& frame, std::string_view destination) const;
    void on_send(const stomp::frame_view& frame, std::string_view destination, std::string_view receipt,
                 const std::shared_ptr<publish_group>& transaction);
    void publish(std::string_view destination, header_block headers, std::string_view body, publish_record what);
    void send_to_app(const stomp::frame_view& frame, std::string_view destination, std::string_view receipt,
                     std::shared_ptr<publish_group> group);
    bool settle(std::string_view id, const stomp::subscription* named, bool nack);
    bool settle(subscription& whom, std::uint64_t key, bool nack);
    void fail_unknown_ack(std::string_view id, std::string_view receipt);
    void on_ack(const stomp::event& ev);
    void on_commit(const stomp::event& ev);
    void commit(std::span<const stomp::transaction_frame> frames, std::string_view receipt);
    void on_disconnect(const stomp::event& ev);
    void send_receipt(std::string_view id, std::span<const stomp::header> extra = {});
    void close_one(publish_group& group);
    std::string_view pack_headers(const stomp::frame_view& frame);

    // session_intercept.ipp: past the interceptor
    class question;
    class verdict_target;
    publish_interceptor* interceptor_of(std::string_view destination) const noexcept {
        publish_interceptor* const one = shard_.node().ports.interceptor;
        // What goes to the application is not published.
        return one != nullptr && delivery::kind_of(destination) != delivery::destination_kind::app ? one : nullptr;
    }
    /// Whether the interceptor has decided; `verdict` is checked.
    bool ask(publish_interceptor& asked, const stomp::transaction_frame& about, std::uint64_t number, std::size_t frame,
             send_verdict& verdict);
    void intercept(publish_interceptor& asked, const stomp::event& ev);
    void intercept_commit(publish_interceptor& asked, const stomp::event& ev);
    void hold(held_send what);
    void let_go(const held_send& what);
    void carry_out(const held_send& what);
    static void on_verdict(shard& home, connection_id from, std::uint64_t number, std::size_t frame, send_verdict verdict);
    static void publish_for_gone(shard& home, const held_send& what);

    // session_keyed.ipp: SENDs with an idempotency key
    static std::string_view key_of(const stomp::frame_view& frame) noexcept;
    keyed_sends::item copy_of(const stomp::frame_view& frame, std::string_view destination);
    /// False when it need not become part of a job.
    bool send_keyed(const stomp::frame_view& frame, std::string_view destination, std::string_view receipt);
    bool commit_keyed(std::span<const stomp::transaction_frame> frames, const std::shared_ptr<publish_group>& transaction);
    void add_to_job(std::deque<keyed_sends::item> what);

    // session_subscribe.ipp: which subscriptions there are, and refusing
    void on_subscribe(const stomp::event& ev);
    std::optional<refusal> subscribe(const stomp::event& ev);
    std::optional<refusal> subscribe_app(const stomp::event& ev);
    void on_unsubscribe(const stomp::event& ev);
    void tell_subscribed(subscription& whom);
    void tell_unsubscribed(subscription& whom);
    std::string_view destination_of(const subscription& whom, std::string& storage) const;
    static refusal too_long(std::string_view destination);
    /// `about`: headers for who is told by a MESSAGE.
    void refuse(std::string_view verb, std::string_view destination, std::string_view receipt, const refusal& why, header_block about = {});
    /// A decimal number, clipped to `most`; nothing when the text is none.
    static std::optional<std::uint32_t> decimal(std::string_view text, std::uint32_t most) noexcept;

    // session_start.ipp: where a topic subscription begins
    std::optional<refusal> read_start(const stomp::event& ev, std::string_view in_log, delivery::start_request& into);
    delivery::start_request::time_point window_begins(const subscription& whom) const;
    void carry_out(subscription& whom, delivery::start_step step);
    void begin(subscription& whom, offset from);
    void answer_start(subscription& whom, offset from);
    void start_again();

    // session_durable.ipp: subscriptions that outlive their session
    std::optional<refusal> read_durable(const stomp::event& ev, bool in_log, delivery::start_request& into) const;
    void claim(subscription& whom, offset now);
    /// Ends a subscription as if its SUBSCRIBE were refused.
    void take_back(subscription& whom, const refusal& why, header_block about = {});
    void end_durable(const stomp::event& ev, std::optional<std::string_view> name);
    void on_durable_ended(std::string_view destination, std::string_view receipt, error_code ec);
    void end_durables();

    // session_delivery.ipp: what reaches subscriptions
    subscription& add_subscription(const stomp::event& ev, subscription::kind what, std::uint32_t prefetch, std::string_view in_log);
    struct feeding_host;
    void take_read(subscription& whom, const read_result& result);
    void again_in(std::chrono::milliseconds pause);
    bool tell_session(std::string_view queue, header_block headers, std::string_view body);
    static bool is_room(std::string_view in_log) noexcept { return in_log.starts_with("/topic/"); }
    void drop_subscription(stomp::subscription& which);
    void deliver_local(subscription& to, header_block headers, std::string_view body);
    void feed_those_behind();
    void send_pending_receipt(subscription& whom);

    // First what every delivery touches, close together.
    output_queue queue_;
    std::size_t skip_ = 0; // octets of the first entry that were written
    delivery::behind_list<subscription> behind_;
    time_point last_written_{}; // when the socket last took something, or had nothing to take
    phase phase_ = phase::open;
    bool flush_listed_ = false;
    bool waits_to_write_ = false;
    bool paused_ = false;
    bool held_up_ = false; // until the shard says on_uncongested()
    bool has_job_ = false; // of keyed_sends
    bool authenticating_ = false;
    bool announced_ = false; // the observer and the registry know it
    bool ever_unsubscribed_ = false;
    bool soft_errors_ = false;
    bool peer_closed_ = false;
    bool peer_ended_ = false; // the end of its stream has come
    bool took_leave_ = false; // with DISCONNECT, or was shown the door: it does not come back in a moment
    bool sent_shutdown_ = false;
    bool stopping_ = false;
    const bool websocket_;
    stomp::server_session stomp_;
    websocket::decoder decoder_; // not used over TCP
    identity who_;
    std::unique_ptr<credentials> shown_; // until CONNECT is answered
    std::unique_ptr<rare_state> rare_;
    const std::uint64_t number_; // in the shard
    time_point last_received_{};
    time_point paused_since_{}; // since when it is not read, for whatever reason
    time_point pinged_{};
    time_point closing_since_{};
    time_point feed_again_ = time_point::max();
    std::uint64_t local_messages_ = 0;
    std::uint32_t made_subscriptions_ = 0;
    std::uint32_t remote_ipv4_ = 0; // zero when the peer has another kind of address
    std::uint32_t in_flight_ = 0;
    std::size_t in_flight_octets_ = 0;
};

// There is one for each idle client, see docs/performance.md: what few sessions have belongs into rare_state, or into a table of the shard
// that is empty when nobody uses it.
static_assert(sizeof(void*) != 8 || sizeof(session) <= 512);

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
