// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_INPUT_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_INPUT_IPP

#include <stompchat/node/detail/session.hpp>
#include <stompchat/websocket/frame.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL void session::on_readable(error_code ec) {
    if (ec) {
        if (!reason()) end_because_of(ec);
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
        if (ec == asio::error::eof && !websocket() && phase_ != phase::closing) return on_end_of_input();
        if (ec) {
            if (!reason() && ec != asio::error::eof) end_because_of(ec);
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

STOMPCHAT_DECL void session::on_end_of_input() {
    // STOMP 1.2, "Connection Lingering" and "DISCONNECT": what was received is processed, and over TCP a client that only ended its side
    // still hears the answers.
    peer_ended_ = true;
    phase_ = phase::leaving;
    pause();
    leave_if_answered();
}

STOMPCHAT_DECL void session::pause() {
    paused_ = true;
    paused_since_ = shard::now();
    stomp_.suspend_receive_deadline(true, paused_since_);
    plan(paused_since_);
}

STOMPCHAT_DECL void session::want_read() {
    if (retired() || peer_ended_ || (phase_ != phase::closing && (phase_ == phase::leaving || paused_ || authenticating_))) return;
    stream_->async_wait_readable();
}

STOMPCHAT_DECL void session::take(std::span<char> octets) {
    if (websocket())
        take_websocket(octets);
    else
        take_stomp({octets.data(), octets.size()});
}

STOMPCHAT_DECL void session::take_websocket(std::span<char> octets) {
    decoder_.feed(octets);
    for (;;) {
        const websocket::event ev = decoder_.next();
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
            // Nothing that comes can be understood any more, a close frame neither. It is read all the same until the peer has closed: a
            // connection that is closed while octets wait is reset, and what was written last, ERROR and close frame, is lost with it.
            peer_closed_ = true;
            if (phase_ != phase::closing)
                fail(static_cast<error>(ev.ec.value()));
            else if (queue_.empty())
                on_drained();
            return;
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
    return held_up_ || has_job_ || in_flight_ >= options.max_in_flight || in_flight_octets_ >= options.max_in_flight_octets
           || queue_.octets() >= 2 * options.output_queue;
}

STOMPCHAT_DECL void session::read_on() {
    const chat_node_options& options = shard_.node().options;
    // The queue's bound is the one of overloaded(): the last MESSAGE goes beyond the queue's limit, and a client that sends much before it
    // reads anything would otherwise never be read again.
    if (!paused_ || held_up_ || has_job_ || phase_ != phase::open || in_flight_ > options.max_in_flight / 2
        || in_flight_octets_ > options.max_in_flight_octets / 2 || queue_.octets() >= 2 * options.output_queue)
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

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
