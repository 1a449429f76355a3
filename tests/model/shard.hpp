// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_MODEL_SHARD_HPP
#define STOMPCHAT_TESTS_MODEL_SHARD_HPP

#include "session.hpp"

#include <stompchat/delivery/event_batch.hpp>
#include <stompchat/delivery/router.hpp>
#include <stompchat/delivery/topic_events.hpp>
#include <stompchat/delivery/topic_table.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace model {

class node;

/** How a node behaves, in this world. */
struct node_shape {
    std::uint32_t shards = 1;
    /// How much slower than the fastest it reads.
    std::uint32_t slowness = 1;
    std::size_t output_queue = 1000;
    std::size_t shard_output = 100'000;
    std::size_t inbox = 100'000;
    std::size_t recent_octets = 10'000;
    std::int64_t linger = 1000; // milliseconds
    std::size_t sweep_threshold = 1000;
    std::size_t remembered = 1000;
    std::int64_t history_window = 600'000; // milliseconds
};

/// What all parts of a world share.
struct surroundings {
    scheduler& clock;
    dice& random;
    shared_log& log;
    tally& counts;
    /// No trouble any more: everything comes to rest.
    bool calm = false;
    /// Something waits for a client's socket.
    std::function<void(session&)> to_write;
};

using topics = delivery::topic_table<subscription, const entry*, node>;
using shard_event = delivery::shard_event<const entry*>;

/** A shard: it takes what the reader tells in its turns, whole batches at a time, as node::shard does. */
class shard {
public:
    shard(node& home, std::uint32_t index, surroundings& around, const node_shape& shape);

    surroundings& around() noexcept { return around_; }
    const node_shape& shape() const noexcept { return shape_; }
    topics& table() noexcept { return topics_; }
    std::size_t queued() const noexcept { return queued_; }
    void count_queued(std::ptrdiff_t octets) noexcept { queued_ += static_cast<std::size_t>(octets); }

    session& open(std::uint32_t client);
    session* find(std::uint64_t number) noexcept;
    void close(std::uint64_t number);

    void subscribe(subscription& whom, const std::string& destination);
    void unsubscribe(subscription& whom);

    // What takes its time.
    void feed(subscription& whom, std::size_t messages, std::size_t octets);
    void read_to_start(subscription& whom, const position& from, const read_bounds& bounds);
    void ask_end(subscription& whom);
    void timer(session& whom, std::int64_t milliseconds);

    // From the reader: as node::shard_inbox.
    bool has_room() const noexcept { return known_waiting_ + gathered_.octets() < shape_.inbox; }
    delivery::event_batch<const entry*>& gathered() noexcept { return gathered_; }
    void wake();

    struct delivery_host;

private:
    std::chrono::steady_clock::time_point now() const noexcept {
        return std::chrono::steady_clock::time_point(std::chrono::microseconds(around_.clock.now()));
    }
    void deliver();
    void sweep_later();
    void sweep();
    void queue_for_sweep(topics::topic& of, const entry* message);
    template <class Answer, class Use>
    void answer_later(subscription& whom, Answer answer, Use use);

    node& home_;
    surroundings& around_;
    const node_shape& shape_;
    topics topics_;
    delivery::event_batch<const entry*> gathered_;
    std::vector<shard_event> pending_;
    std::size_t waiting_ = 0;
    std::size_t known_waiting_ = 0;
    std::size_t queued_ = 0;
    struct swept_topic {
        std::uint32_t slot;
        std::uint64_t number;
    };
    std::deque<swept_topic> swept_;
    bool sweep_planned_ = false;
    std::uint64_t named_ = 0;
    std::deque<entry> placed_;                                   // ephemeral messages, each where it was queued
    std::map<std::uint64_t, std::unique_ptr<session>> sessions_; // they go first
};

/** A node: its reader goes at its own pace through the log, and it may die and come back. */
class node {
public:
    node(surroundings& around, const node_shape& shape) : around_(around), shape_(shape) {}

    void start();
    void stop();
    bool runs() const noexcept { return router_ != nullptr; }
    std::uint64_t incarnation() const noexcept { return incarnation_; }
    shard& at(std::uint32_t index) noexcept { return *shards_[index]; }
    const node_shape& shape() const noexcept { return shape_; }
    /// Below it everything has been shown to this node; what stands above must stay in the log.
    offset shown(partition of) const noexcept { return read_[of].begins.empty() ? read_[of].shown : read_[of].begins.back().offset; }

    /// As broker::sink gets it again after a reconnect of the adapter.
    void repeat(partition of, std::uint32_t records);
    /// The log was made anew; the node hears of it in its own time.
    void on_new_log(partition of);
    /// There is something to read.
    void on_published(partition of) { read_later(of); }

    /// A message that is not in the log comes to the node.
    void pass_on(const entry& what);

    // As node::reader, for the topic tables.
    void add(std::string destination, const delivery::registration& claim);
    void remove(std::string destination, const delivery::registration& claim);
    position handed_out(partition of) const noexcept { return {read_[of].epoch, of, read_[of].handed_out}; }

    /// Plans something for this run of the node.
    template <class What>
    void after(std::int64_t delay, What what) {
        around_.clock.after(delay, [this, run = incarnation_, what = std::move(what)]() mutable {
            if (run == incarnation_ && runs()) what();
        });
    }
    std::int64_t pace() { return 1 + around_.random.below(400 * (around_.calm ? 1 : shape_.slowness)); }

private:
    struct reading {
        std::uint64_t epoch = 0;
        offset shown = 0;
        offset handed_out = -1;
        offset again_from = -1; // what is shown once more
        bool planned = false;
        std::vector<position> begins; // logs that the reader has not heard of yet
    };
    struct inboxes;
    struct order {
        bool add = true;
        std::string destination;
        delivery::registration claim;
    };

    void read_later(partition of);
    void read(partition of);
    void show(std::span<const record_view> records, const position& next);
    void wake();
    void carry_out_orders();

    surroundings& around_;
    const node_shape shape_;
    std::unique_ptr<delivery::router> router_;
    std::vector<std::unique_ptr<shard>> shards_;
    std::vector<reading> read_;
    std::vector<const entry*> showing_;
    std::deque<order> orders_;
    bool orders_planned_ = false;
    std::uint64_t incarnation_ = 0;
};

} // namespace model

#endif
