// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_SUBSCRIPTION_HPP
#define STOMPCHAT_NODE_DETAIL_SUBSCRIPTION_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/cursor.hpp>
#include <stompchat/delivery/start.hpp>
#include <stompchat/stomp/ack_window.hpp>
#include <stompchat/stomp/subscription.hpp>
#include <stompchat/stomp/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI::node {

class session;
struct subscription;

/** Leads the result of a read of the log back to its subscription, if that still exists. */
struct feed_link {
    subscription* to = nullptr;
};

/** What only a subscription with acknowledgement has. */
struct acking {
    stomp::ack_window window;
    std::uint32_t prefetch = 0;
    /// Distinguishes deliveries of one message to several subscriptions of a session: 0 = nothing behind the message-id, else `_<suffix>`.
    std::uint32_t suffix = 0;
    /// Identifies the destination in a message-id; 0 for destinations outside the log.
    std::uint32_t check = 0;
    /// Names it among the durable subscriptions of its shard; 0 = it is none.
    std::uint32_t durable = 0;
};

// What only durable subscriptions have belongs into node::durables.
static_assert(sizeof(void*) != 8 || sizeof(acking) <= 56);

/** A subscription of a session, as the node keeps it. Its address is stable. It lives until it is removed and no queued delivery refers to
 * it. */
struct subscription {
    enum class kind : std::uint8_t {
        topic,
        app,
        session_queue,
        presence,
    };

    session* owner = nullptr;
    /// Null once removed.
    stomp::subscription* frame_side = nullptr;
    /// The header line `subscription:<id>` with its end of line, escaped for the session's version; empty where a 1.0 client gave no id.
    std::string head;
    delivery::cursor cursor;
    /// Where the shard keeps the destination of a topic.
    std::uint32_t slot = 0;
    /// Where that keeps this. Of an `/app/...` subscription its number in the session, so that no answer goes to a later one with its id.
    std::uint32_t index = 0;
    /// Deliveries in the session's queue that refer to this.
    std::uint32_t queued = 0;
    kind what = kind::topic;
    stomp::version version = stomp::version::v1_2;
    bool removed = false;
    /// Whether it is in its session's list of those behind.
    bool listed = false;
    /// A hole is told to it by a MESSAGE with `gap:true`; without, it ends the session.
    bool told_of_gaps = false;
    /// Of an `/app/...` subscription: it had its one MESSAGE.
    bool answered = false;
    /// It has begun, and the observer knows it.
    bool announced = false;
    subscription* next_behind = nullptr;
    std::unique_ptr<acking> acks;
    /// Set while a read of the log is under way.
    std::shared_ptr<feed_link> reading;
    /// Of a subscription that has no topic (its name stands there); null otherwise.
    std::unique_ptr<std::string> local_destination;
    /// What its SUBSCRIBE asked for, until that is answered; null when it asked for nothing.
    std::unique_ptr<delivery::start_request> starting;

    ~subscription() {
        if (reading) reading->to = nullptr;
    }

    /// Asks for the memory that a delivery will touch.
    void prefetch() const noexcept {
        __builtin_prefetch(this);
        __builtin_prefetch(&cursor);
        __builtin_prefetch(&acks);
    }
    bool window_full() const noexcept { return acks && acks->window.size() >= acks->prefetch; }
    /// How many messages the window takes, at most so many. Precondition: it is not full.
    std::size_t window_room(std::size_t most) const noexcept { return acks ? std::min(most, acks->prefetch - acks->window.size()) : most; }
};

// As many as there are idle clients, or more: what few subscriptions have stands behind a pointer.
static_assert(sizeof(void*) != 8 || sizeof(subscription) <= 136);

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
