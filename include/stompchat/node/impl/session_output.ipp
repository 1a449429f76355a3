// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_OUTPUT_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_OUTPUT_IPP

#include <stompchat/node/detail/session.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

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
        if (!reason()) end_because_of(ec);
        return gone();
    }
    flush();
}

STOMPCHAT_DECL void session::flush() {
    if (waits_to_write_ || retired()) return;
    // A session that closes without a word (over TCP, DISCONNECT without receipt) has nothing to write, but it has come to its end.
    if (queue_.empty() && phase_ != phase::closing) return;
    gather& buffers = shard_.gatherer();
    last_written_ = shard::now();
    std::size_t budget = 1024 * 1024;
    while (!queue_.empty()) {
        error_code ec;
        const auto offered = buffers.build(queue_, skip_, websocket());
        const std::size_t written = stream_->write_some(offered, ec);
        if (ec && ec != asio::error::would_block) {
            if (!reason()) end_because_of(ec);
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
        if (written >= budget && !queue_.empty()) {
            // The rest in the next turn: one fast reader of a long queue must not hold up everybody else.
            return flush_soon();
        }
        budget -= std::min(budget, written);
    }
    on_drained();
}

STOMPCHAT_DECL void session::on_drained() {
    if (phase_ == phase::closing) {
        // RFC 6455, 7.1.1: the server closes TCP, when both sides have sent their close frame.
        if (peer_ended_) return gone();
        if ((websocket() && !peer_closed_) || std::exchange(sent_shutdown_, true)) return;
        stream_->shutdown_send();
        return;
    }
    feed_those_behind();
    read_on();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
