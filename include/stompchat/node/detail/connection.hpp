// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_CONNECTION_HPP
#define STOMPCHAT_NODE_DETAIL_CONNECTION_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/net/timing_wheel.hpp>
#include <stompchat/websocket/decoder.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

class shard;
class session;

/// Shared by the decoders of all sessions.
using websocket_limits = websocket::decoder_options;

/** Names a connection of a shard. The name of a connection that has ended names nothing. */
struct connection_id {
    std::uint32_t place = 0;
    std::uint32_t generation = 0;
};

/** A connection of a shard: first an HTTP one, then, or from the start over TCP, a STOMP session. The shard owns it.
    Thread safety: for the shard's thread. */
class connection : public net::stream_listener, public net::timing_wheel::node {
public:
    using time_point = std::chrono::steady_clock::time_point;

    connection(shard& home, net::stream_ptr stream) noexcept : shard_(home), stream_(std::move(stream)) { stream_->set_listener(this); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    virtual ~connection() = default;

    /// The connection is in its place: it may begin.
    virtual void start() = 0;
    /// A deadline has come; there may have been a reason since not to act on it.
    virtual void on_deadline(time_point now) = 0;
    /// The node stops.
    virtual void on_stop() = 0;
    /// Ends at once, without a word.
    virtual void abort() = 0;
    /// The session that this is, or null.
    virtual session* as_session() noexcept { return nullptr; }

    connection_id id() const noexcept { return id_; }
    /// It has ended; the object lives until the current handler is done.
    bool retired() const noexcept { return retired_; }

protected:
    shard& shard_;
    net::stream_ptr stream_;

private:
    friend class shard;
    connection_id id_;
    time_point deadline_ = time_point::max();
    bool retired_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
