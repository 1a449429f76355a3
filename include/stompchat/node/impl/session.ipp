// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_IPP

#include <stompchat/node/detail/close_code.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/websocket/frame.hpp>

#include <algorithm>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL session::session(shard& home, net::stream_ptr stream, bool websocket, std::string_view transport, credentials shown)
    : connection(home, std::move(stream)), stomp_(home.node().options.session, shard::now()), name_(home.next_session_name()),
      shown_(std::make_unique<credentials>(std::move(shown))), transport_(transport), last_received_(shard::now()) {
    if (websocket) decoder_.emplace(websocket::role::server, home.node().websocket);
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

// Octets in.

STOMPCHAT_DECL void session::on_readable(error_code ec) {
    if (ec) {
        reason_ = reason_ ? reason_ : ec;
        return gone();
    }
    read();
}

STOMPCHAT_DECL void session::read() {
    const std::span<char> scratch = shard_.receive_scratch();
    // A few rounds at most, so that a sender that never pauses does not keep its shard from everybody else.
    for (int round = 0; round != 4; ++round) {
        error_code ec;
        const std::size_t got = stream_->read_some(scratch, ec);
        if (ec == asio::error::would_block) break;
        if (ec) {
            if (!reason_ && ec != asio::error::eof) reason_ = ec;
            return gone();
        }
        last_received_ = shard::now();
        stomp_.note_received(last_received_);
        take(scratch.first(got));
        if (retired()) return;
        if (got < scratch.size() || (phase_ == phase::open && (paused_ || authenticating_))) break;
    }
    want_read();
}

STOMPCHAT_DECL void session::want_read() {
    if (retired() || (phase_ != phase::closing && (phase_ == phase::leaving || paused_ || authenticating_))) return;
    stream_->async_wait_readable();
}

STOMPCHAT_DECL void session::take(std::span<char> octets) {
    if (websocket())
        take_websocket(octets);
    else
        take_stomp({octets.data(), octets.size()});
}

STOMPCHAT_DECL void session::take_websocket(std::span<char> octets) {
    decoder_->feed(octets);
    for (;;) {
        const websocket::event ev = decoder_->next();
        switch (ev.type) {
        case websocket::event_type::need_more: return;
        case websocket::event_type::data: take_stomp(ev.payload); break;
        case websocket::event_type::ping:
            // RFC 6455, 5.5.2 and 5.5.3: a pong for the most recent ping is enough, so a flood of pings fills no queue.
            if (phase_ != phase::closing && queue_.octets() < shard_.node().options.output_queue)
                send_wire(websocket::encode_control(websocket::opcode::pong, ev.payload).view());
            break;
        case websocket::event_type::pong: break;
        case websocket::event_type::close:
            peer_closed_ = true;
            // RFC 6455, 5.5.1: the answer carries the code that was received.
            if (phase_ != phase::closing)
                begin_close({}, ev.code);
            else if (queue_.empty())
                on_drained();
            return;
        case websocket::event_type::error:
            if (phase_ == phase::closing) return gone();
            peer_closed_ = true; // nothing that comes can be understood any more
            return fail(static_cast<error>(ev.ec.value()));
        }
        if (retired()) return;
    }
}

STOMPCHAT_DECL void session::take_stomp(std::string_view octets) {
    if (phase_ != phase::open) return;
    stomp_.feed(octets, shard_.parse_scratch(), last_received_);
    if (paused_)
        stomp_.hold();
    else
        handle_frames();
}

STOMPCHAT_DECL bool session::overloaded() const noexcept {
    const chat_node_options& options = shard_.node().options;
    // MESSAGEs stop at the queue's limit by themselves; twice that is reached only by answers that the client asks for and does not read.
    return in_flight_ >= options.max_in_flight || in_flight_octets_ >= options.max_in_flight_octets
           || queue_.octets() >= 2 * options.output_queue;
}

STOMPCHAT_DECL void session::read_on() {
    const chat_node_options& options = shard_.node().options;
    if (!paused_ || phase_ != phase::open || in_flight_ > options.max_in_flight / 2 || in_flight_octets_ > options.max_in_flight_octets / 2
        || queue_.octets() > options.output_queue)
        return;
    paused_ = false;
    stomp_.suspend_receive_deadline(false, shard::now());
    if (stomp_.has_held()) {
        stomp_.resume(shard_.parse_scratch());
        handle_frames();
    }
    if (phase_ == phase::open && !paused_) {
        plan(shard::now());
        want_read();
    }
}

// Octets out.

STOMPCHAT_DECL void session::send_stomp(std::string_view octets) {
    if (octets.empty() || phase_ == phase::closing) return;
    queue_.push(shard_.entries(), frame::make(frame::kind::stomp, octets), nullptr);
    flush_soon();
}

STOMPCHAT_DECL void session::send_wire(std::string_view octets) {
    queue_.push(shard_.entries(), frame::make(frame::kind::wire, octets), nullptr);
    flush_soon();
}

STOMPCHAT_DECL void session::on_writable(error_code ec) {
    waits_to_write_ = false;
    if (ec) {
        reason_ = reason_ ? reason_ : ec;
        return gone();
    }
    flush();
}

STOMPCHAT_DECL void session::flush() {
    if (waits_to_write_ || retired() || queue_.empty()) return;
    gather& buffers = shard_.gatherer();
    last_written_ = shard::now();
    std::size_t budget = 1024 * 1024;
    while (!queue_.empty()) {
        error_code ec;
        const auto offered = buffers.build(queue_, skip_, websocket());
        const std::size_t written = stream_->write_some(offered, ec);
        if (ec && ec != asio::error::would_block) {
            reason_ = reason_ ? reason_ : ec;
            return gone();
        }
        if (written != 0) stomp_.note_sent(last_written_);
        for (std::size_t done = buffers.finished(written, skip_); done != 0; --done) queue_.pop(shard_.entries());
        if (written < asio::buffer_size(offered)) {
            waits_to_write_ = true;
            stream_->async_wait_writable();
            plan(last_written_);
            return;
        }
        if (written >= budget) {
            // The rest in the next turn: one fast reader of a long queue must not hold up everybody else.
            if (!queue_.empty()) flush_soon();
            return;
        }
        budget -= written;
    }
    on_drained();
}

STOMPCHAT_DECL void session::on_drained() {
    if (phase_ == phase::closing) {
        // RFC 6455, 7.1.1: the server closes TCP, when both sides have sent their close frame.
        if ((websocket() && !peer_closed_) || std::exchange(sent_shutdown_, true)) return;
        stream_->shutdown_send();
        return;
    }
    feed_those_behind();
    read_on();
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
        if (websocket() && !paused_ && stomp_.connected() && stomp_.heart_beat_receive_interval().count() == 0)
            at(std::max(last_received_, pinged_) + options.ping_interval);
        if (who_.expires) {
            const auto left = *who_.expires - std::chrono::system_clock::now();
            // Clipped: a login that lasts for centuries must not overflow the clock.
            at(now + std::min<std::chrono::nanoseconds>(left, std::chrono::hours(24)));
        }
    }
    if (next != time_point::max()) shard_.schedule(*this, next);
}

STOMPCHAT_DECL void session::on_deadline(time_point now) {
    const chat_node_options& options = shard_.node().options;
    if (phase_ == phase::closing) {
        if (now >= std::max(closing_since_, last_written_) + options.close_timeout) return gone();
        return plan(now);
    }
    if (waits_to_write_ && now >= last_written_ + options.no_progress) {
        reason_ = error::no_progress;
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
    if (websocket() && !paused_ && stomp_.connected() && stomp_.heart_beat_receive_interval().count() == 0) {
        if (now >= last_received_ + options.idle_timeout) return fail(error::heart_beat_timeout, "nothing was received, not even a pong");
        if (now >= std::max(last_received_, pinged_) + options.ping_interval) {
            pinged_ = now;
            send_wire(websocket::encode_control(websocket::opcode::ping, {}).view());
        }
    }
    if (now >= feed_again_) {
        feed_again_ = time_point::max();
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
    phase_ = phase::closing;
    reason_ = reason;
    closing_since_ = shard::now();
    behind_ = nullptr;
    stomp_.for_each_subscription([this](stomp::subscription& one) { drop_subscription(one); });
    flush_soon();
    plan(closing_since_);
    // What the peer still sends is read and thrown away: closing with unread octets would reset the connection, and with it the ERROR.
    want_read();
}

STOMPCHAT_DECL void session::on_stop() {
    if (phase_ == phase::closing) return;
    stopping_ = true;
    phase_ = phase::leaving;
    leave_if_answered();
}

STOMPCHAT_DECL void session::leave_if_answered() {
    if (phase_ != phase::leaving || in_flight_ != 0) return;
    if (stopping_) return say_goodbye();
    if (disconnect_receipt_) send_receipt(*disconnect_receipt_);
    begin_close({}, websocket::close_normal);
}

STOMPCHAT_DECL void session::say_goodbye() {
    if (!websocket()) send_stomp(stomp_.fail(error::stopped, "this node is stopping; connect again, to another one if there is"));
    begin_close(error::stopped, websocket::close_restart, "retry-after=1");
}

STOMPCHAT_DECL void session::abort() {
    if (!reason_) reason_ = error::stopped;
    gone();
}

STOMPCHAT_DECL void session::gone() {
    if (retired()) return;
    behind_ = nullptr;
    stomp_.for_each_subscription([this](stomp::subscription& one) { drop_subscription(one); });
    phase_ = phase::closing;
    queue_.clear(shard_.entries());
    if (std::exchange(announced_, false)) {
        shard_.node().watcher->on_session_gone(info(), reason_);
        shard_.forget(name_, who_.user);
    }
    stream_->close();
    shard_.retire(*this);
}

STOMPCHAT_DECL session_info session::info() const {
    return {name_, who_.user, remote_address_, transport_, stomp::to_string(stomp_.version())};
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
