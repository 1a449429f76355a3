// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_IPP

#include <stompchat/node/detail/close_code.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/websocket/frame.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL session::session(shard& home, net::stream_ptr stream, bool websocket, credentials shown)
    : connection(home, std::move(stream)), websocket_(websocket), stomp_(home.node().options.session, shard::now()),
      decoder_(websocket::role::server, home.node().websocket), number_(home.next_session_number()), last_received_(shard::now()) {
    error_code not_ipv4;
    remote_ipv4_ = asio::ip::make_address_v4(shown.remote_address, not_ipv4).to_uint();
    if (remote_ipv4_ == 0) rare().remote_address = shown.remote_address;
    shown_ = std::make_unique<credentials>(std::move(shown));
}

STOMPCHAT_DECL session::~session() {
    stomp_.for_each_subscription([this](stomp::subscription& one) {
        if (one.context != nullptr) shard_.unsubscribe(static_cast<subscription*>(std::exchange(one.context, nullptr)));
    });
    queue_.clear(shard_.entries());
}

STOMPCHAT_DECL void session::start() {
    plan(shard::now());
    want_read();
}

STOMPCHAT_DECL void session::begin_with(std::string_view answer, std::span<char> rest) {
    send_wire(answer);
    if (!rest.empty()) take(rest);
    start();
}

// Deadlines.

STOMPCHAT_DECL void session::plan(time_point now) {
    const chat_node_options& options = shard_.node().options;
    time_point next = time_point::max();
    const auto at = [&next](time_point deadline) { next = std::min(next, deadline); };
    if (phase_ == phase::closing) {
        at(std::max(closing_since_, last_written_) + options.close_timeout);
    } else {
        at(stomp_.next_deadline());
        at(feed_again_);
        if (waits_to_write_) at(last_written_ + options.no_progress);
        if (paused_) at(paused_since_ + options.max_unread);
        if (authenticating_) at(paused_since_ + options.session.connect_timeout);
        if (is_pinged()) at(std::max(last_received_, pinged_) + options.ping_interval);
        if (who_.expires) {
            const auto left = *who_.expires - std::chrono::system_clock::now();
            // Clipped: a login that lasts for centuries must not overflow the clock.
            at(now + std::min<std::chrono::nanoseconds>(left, std::chrono::hours(24)));
        }
    }
    if (next != time_point::max()) shard_.schedule(*this, next);
}

STOMPCHAT_DECL bool session::is_pinged() const noexcept {
    // Browsers answer pings even where they throttle the page's timers. A client that asked for very rare heart-beats is pinged as well.
    const std::chrono::milliseconds interval = stomp_.heart_beat_receive_interval();
    return websocket() && !paused_ && stomp_.connected() && (interval.count() == 0 || interval > shard_.node().options.ping_interval);
}

STOMPCHAT_DECL void session::on_deadline(time_point now) {
    const chat_node_options& options = shard_.node().options;
    if (phase_ == phase::closing) {
        if (now >= std::max(closing_since_, last_written_) + options.close_timeout) return gone();
        return plan(now);
    }
    if (waits_to_write_ && now >= last_written_ + options.no_progress) {
        end_because_of(error::no_progress);
        return gone();
    }
    if (paused_ && now >= paused_since_ + options.max_unread)
        return fail(error::outcome_unknown,
                    "the broker did not answer for too long; what is unanswered may or may not have been published");
    if (authenticating_ && now >= paused_since_ + options.session.connect_timeout)
        return fail(error::connect_timeout, "authentication did not finish in time");
    if (who_.expires && std::chrono::system_clock::now() >= *who_.expires) return fail(error::not_authenticated, "the login has expired");
    switch (stomp_.on_time(now)) {
    case stomp::server_session::due::nothing: break;
    case stomp::server_session::due::send_heart_beat:
        // Queued octets will show life as soon as the socket takes them.
        if (queue_.empty()) {
            queue_.push(shard_.entries(), shard_.line_feed(), nullptr);
            flush_soon();
        }
        stomp_.note_sent(now);
        break;
    case stomp::server_session::due::dead: return fail(error::heart_beat_timeout);
    case stomp::server_session::due::connect_timeout: return fail(error::connect_timeout);
    }
    if (is_pinged()) {
        if (now >= last_received_ + options.idle_timeout) return fail(error::heart_beat_timeout, "nothing was received, not even a pong");
        if (now >= std::max(last_received_, pinged_) + options.ping_interval) {
            pinged_ = now;
            send_wire(websocket::encode_control(websocket::opcode::ping, {}).view());
        }
    }
    if (now >= feed_again_) {
        feed_again_ = time_point::max();
        start_again();
        feed_those_behind();
    }
    plan(now);
}

// The end.

STOMPCHAT_DECL void session::fail(error_code code, std::string_view detail, std::string_view receipt) {
    if (phase_ == phase::closing) return;
    send_stomp(stomp_.fail(code, detail, receipt));
    begin_close(code, close_code_of(code));
}

STOMPCHAT_DECL void session::begin_close(error_code reason, std::uint16_t code, std::string_view text) {
    if (phase_ == phase::closing) return;
    if (websocket()) send_wire(websocket::encode_close(code, text).view());
    leave_registry();
    end_because_of(reason);
    closing_since_ = shard::now();
    behind_.clear();
    stomp_.for_each_subscription([this](stomp::subscription& one) { drop_subscription(one); });
    flush_soon();
    plan(closing_since_);
    // What the peer still sends is read and thrown away: closing with unread octets would reset the connection, and with it the ERROR.
    want_read();
}

STOMPCHAT_DECL void session::on_stop() {
    if (phase_ != phase::open) return; // it ends already, in its own way
    stopping_ = true;
    phase_ = phase::leaving;
    if (!paused_) pause();
    end_durables();
    leave_if_answered();
}

STOMPCHAT_DECL void session::leave_if_answered() {
    if (phase_ != phase::leaving || in_flight_ != 0) return;
    if (stopping_) return say_goodbye();
    // A SUBSCRIBE that has not become live is processed as far as it ever will be, and its RECEIPT comes before that of DISCONNECT.
    stomp_.for_each_subscription([this](stomp::subscription& one) {
        if (one.context != nullptr) send_pending_receipt(*static_cast<subscription*>(one.context));
    });
    if (rare_) send_receipt(rare_->disconnect_receipt);
    begin_close({}, websocket::close_normal);
}

STOMPCHAT_DECL void session::say_goodbye() {
    if (!websocket()) send_stomp(stomp_.fail(error::stopped, "this node is stopping; connect again, to another one if there is"));
    begin_close(error::stopped, websocket::close_restart, "retry-after=1");
}

STOMPCHAT_DECL bool session::cut_off(const farewell& why) {
    if (phase_ == phase::closing) return false;
    send_stomp(stomp_.fail(error::disconnected, why.reason));
    if (why.retry_after) {
        begin_close(error::disconnected, websocket::close_restart, "retry-after=" + std::to_string(why.retry_after->count()));
    } else {
        took_leave_ = true;
        begin_close(error::disconnected, close_code_of(error::disconnected));
    }
    return true;
}

STOMPCHAT_DECL void session::abort() {
    if (!reason()) end_because_of(error::stopped);
    gone();
}

STOMPCHAT_DECL void session::gone() {
    if (retired()) return;
    leave_registry();
    if (std::exchange(announced_, false))
        tell_observer([this](observer& to, const session_info& info) { to.on_session_gone(info, reason()); });
    behind_.clear();
    stomp_.for_each_subscription([this](stomp::subscription& one) { drop_subscription(one); });
    queue_.clear(shard_.entries());
    stream_->close();
    shard_.retire(*this);
}

STOMPCHAT_DECL void session::leave_registry() {
    if (phase_ == phase::closing) return;
    // Who takes his leave with DISCONNECT is gone at once. Everybody else may be back in a moment: a page that is loaded again, a network
    // that was lost, a node that restarts.
    const bool by_will = took_leave_ && !stopping_;
    phase_ = phase::closing;
    if (!announced_) return;
    bool keeps_places = false;
    if (!by_will) {
        stomp_.for_each_subscription([&](const stomp::subscription& one) {
            const auto* const in = static_cast<const subscription*>(one.context);
            if (keeps_places || in == nullptr || in->what != subscription::kind::topic) return;
            const std::string_view name = shard_.destination_of(*in);
            keeps_places = is_room(name) && shard_.node().rules.presence(name);
        });
    }
    // The registry forgets the session's rooms together with the session.
    if (keeps_places)
        shard_.presence().keep_places(name(), who_.user);
    else
        shard_.registered().forget(name(), who_.user);
}

STOMPCHAT_DECL void session::end_because_of(error_code ec) {
    if (ec || rare_) rare().reason = ec;
}

STOMPCHAT_DECL session::rare_state& session::rare() {
    if (!rare_) rare_ = std::make_unique<rare_state>();
    return *rare_;
}

STOMPCHAT_DECL std::string session::remote_address() const {
    return remote_ipv4_ != 0 ? asio::ip::address_v4(remote_ipv4_).to_string() : rare_->remote_address;
}

template <class Tell>
void session::tell_observer(Tell&& tell) const {
    const std::string session = name();
    const std::string address = remote_address();
    const bool encrypted = stream_->is_encrypted();
    const std::string_view transport = websocket() ? (encrypted ? "wss" : "ws") : (encrypted ? "tls" : "tcp");
    tell(*shard_.node().watcher, session_info{session, who_.user, address, transport, stomp::to_string(stomp_.version())});
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
