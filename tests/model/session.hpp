// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_MODEL_SESSION_HPP
#define STOMPCHAT_TESTS_MODEL_SESSION_HPP

#include "story.hpp"

#include <stompchat/delivery/cursor.hpp>
#include <stompchat/delivery/feeding.hpp>
#include <stompchat/delivery/start.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace model {

class shard;
class session;

struct subscription;

/// Leads what was asked for back to the subscription, if it is still there.
struct answer_link {
    subscription* to = nullptr;
};

/// As node::subscription, without what is about frames.
struct subscription {
    session* owner = nullptr;
    story* seen = nullptr;
    delivery::cursor cursor;
    std::uint32_t slot = 0;
    std::uint32_t index = 0;
    bool listed = false;
    bool told_of_gaps = false;
    subscription* next_behind = nullptr;
    std::uint32_t window = 0;
    std::uint32_t unacknowledged = 0;
    std::shared_ptr<answer_link> reading;
    std::unique_ptr<delivery::start_request> starting;

    ~subscription() {
        if (reading) reading->to = nullptr;
    }
    bool window_full() const noexcept { return window != 0 && unacknowledged >= window; }
    std::size_t window_room(std::size_t most) const noexcept {
        return window == 0 ? most : std::min<std::size_t>(most, window - unacknowledged);
    }
};

/// What is on its way to a client.
struct parcel {
    enum class kind : std::uint8_t {
        message,
        receipt,
        gap,
        end, ///< the session ends
    };
    kind what = kind::message;
    story* to = nullptr;
    const entry* message = nullptr;
    receipt answer;

    std::size_t octets() const noexcept { return message != nullptr ? message->size() : 40; }
};

/** A session as the node has it: a queue, and the subscriptions. It drives delivery/ as node::session does; what that one learns from
    its socket, this one is told by the world. */
class session {
public:
    session(shard& home, std::uint32_t client) : home_(home), client_(client) {}
    ~session();
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    std::uint32_t client() const noexcept { return client_; }
    bool open() const noexcept { return open_; }
    /// Named, so that what is planned does not find another one.
    std::uint64_t number = 0;

    // From the client.
    void subscribe(story& seen);
    void unsubscribe(const story& which);
    void acknowledge(const story& which, std::uint32_t count);
    /// The socket takes so many parcels.
    std::vector<parcel> write(std::size_t most);
    bool has_written_all() const noexcept { return queue_.empty(); }
    void on_drained();

    // From the shard.
    delivery::output_room room() const noexcept;
    bool has_room(const subscription& to) const noexcept { return open_ && !to.window_full() && room().has_room(); }
    bool can_take() const noexcept { return open_ && room().has_room(); }
    void deliver(const entry* what, subscription& to);
    void fell_behind(subscription& whom);
    void on_topic(subscription& whom, offset now);
    void tell_gap(subscription& whom);
    void on_lost();
    void on_start_read(subscription& whom, bool failed, read_result& result);
    void on_end(subscription& whom, bool failed, const position& end);
    void on_fed(subscription& whom, bool failed, const read_result& result);
    void on_timer();

    // For the state machines.
    struct feeding_host;

private:
    delivery::start_request::time_point window_begins() const;
    void carry_out(subscription& whom, delivery::start_step step);
    void begin(subscription& whom, offset from);
    void answer_start(subscription& whom, offset from);
    void take_read(subscription& whom, const read_result& result);
    void feed_those_behind();
    void again_in(std::int64_t milliseconds);
    void push(parcel what);

    shard& home_;
    const std::uint32_t client_;
    std::vector<std::unique_ptr<subscription>> subscriptions_;
    std::deque<parcel> queue_;
    std::size_t octets_ = 0;
    delivery::behind_list<subscription> behind_;
    bool open_ = true;
};

} // namespace model

#endif
