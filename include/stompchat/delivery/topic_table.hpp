// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_TOPIC_TABLE_HPP
#define STOMPCHAT_DELIVERY_TOPIC_TABLE_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/destination_rules.hpp>
#include <stompchat/delivery/ring.hpp>
#include <stompchat/delivery/start.hpp>
#include <stompchat/delivery/sweep.hpp>
#include <stompchat/ports/broker.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/// A record that waits until all subscriptions of its topic have been visited.
template <class Record>
struct queued_record {
    /// The record itself.
    Record what;
    /// What it counts for in a sweep.
    std::size_t octets() const noexcept { return what->size(); }
};

/** The destinations that a shard has subscriptions for, their recent messages, and how far the reader has told it each partition.

    1. A destination is registered with the reader when its first subscription comes. Registrations are numbered; only the answer to the
       latest one of a slot counts, and the subscriptions begin with it.
    2. The shard's position of a partition is the highest one that the reader told.
    3. When the last subscription has gone the topic lingers, so that those who come back after a short absence find its recent messages,
       and is then removed.

    `Subscription` has the members `slot` and `index`, which belong to this. `Record` points to something with `at()` and `size()`. `Reader`
    has the functions `add(std::string, registration)`, which must not answer from within, `remove` of the same and
    `handed_out(partition)`, a position with the offset -1 before it has begun.
    Thread safety: one object is for one thread at a time. Memory: one entry per destination, of which at most `max_idle` without
    subscriptions; recent messages of `recent_octets` together. */
template <class Subscription, class Record, class Reader>
class topic_table {
public:
    /// The template's parameters.
    using subscription = Subscription;
    /// The template's parameters.
    using record = Record;
    /// A topic without subscriptions goes after a time.
    using time_point = std::chrono::steady_clock::time_point;

    /// A destination that the shard has, or had a moment ago, subscriptions for.
    struct topic {
        /// The destination.
        std::string name;
        /// The registration; 0 = the slot is free.
        std::uint64_t number = 0;
        /// The log that it is told of.
        std::uint64_t epoch = 0;
        /// Where the destination lives.
        stompchat::partition partition = 0;
        /// What holds for it; null until the table's owner has looked it up.
        const destination_settings* settings = nullptr;
        /// Whether its registration was answered.
        bool live = false;
        /// Who is here, and what is being handed to them piece by piece.
        delivery::sweep<Subscription, queued_record<Record>> subscriptions;
        /// What came last.
        delivery::ring<Record> recent;
        /// At or above `known_from` nothing stands behind `last`.
        offset known_from = 0;
        /// The last record, as far as it is known.
        offset last = -1;
        /// Until it is live: how far the reader was when it was opened. What was published since is for those who were there.
        position opened_at;
        /// When it goes, if nobody comes.
        time_point idle_until = time_point::max();
    };

    /// What bounds a table.
    struct limits {
        /// Recent messages, in octets over all topics.
        std::size_t recent_octets = 0;
        /// How long a topic stays without subscriptions.
        std::chrono::milliseconds linger{0};
        /// How many such topics there may be.
        std::size_t max_idle = 10'000;
    };

    /// The table of a shard, for a log of that many partitions.
    topic_table(std::uint32_t shard, std::uint32_t partitions, const limits& bounds)
        : shard_(shard), bounds_(bounds), told_(partitions, position{}) {}

    /// Before anything else. Lifetime: the reader outlives the table's use.
    void attach(Reader& from) noexcept { reader_ = &from; }

    /// Returns whether the topic is live already: then the subscription can begin.
    bool add(Subscription& whom, std::string_view destination) {
        auto found = by_name_.find(destination);
        if (found == by_name_.end()) found = by_name_.emplace(std::string(destination), open(destination)).first;
        topic& in = topics_[found->second];
        in.idle_until = time_point::max();
        whom.slot = found->second;
        in.subscriptions.add(whom);
        return in.live;
    }

    /// Precondition: it was added.
    void remove(Subscription& whom, time_point now) {
        topic& from = topics_[whom.slot];
        from.subscriptions.remove(whom);
        if (!from.subscriptions.empty()) return;
        from.idle_until = now + bounds_.linger;
        idle_.push_back({whom.slot, from.number, from.idle_until});
        expire(now);
    }

    /// Removes the topics that nobody came back to.
    void expire(time_point now) {
        while (!idle_.empty() && (idle_.front().until <= now || idle_.size() > bounds_.max_idle)) {
            const idle_topic due = idle_.front();
            idle_.pop_front();
            const topic* const one = find(due.slot, due.number);
            if (one != nullptr && one->idle_until == due.until) close(due.slot);
        }
    }

    /// The topic that an event of the reader is about; null when the registration is not the latest.
    topic* find(std::uint32_t slot, std::uint64_t number) noexcept {
        if (slot >= topics_.size() || topics_[slot].number != number) return nullptr;
        return &topics_[slot];
    }

    /// The topic of that name, or null.
    topic* find(std::string_view destination) noexcept {
        const auto found = by_name_.find(destination);
        return found == by_name_.end() ? nullptr : &topics_[found->second];
    }

    /// Where a topic is kept.
    std::uint32_t slot_of(const topic& one) const noexcept { return static_cast<std::uint32_t>(&one - topics_.data()); }
    /// What is kept there. Valid until a topic is opened.
    topic& at(std::uint32_t slot) noexcept { return topics_[slot]; }
    /// The destination that is kept there.
    std::string_view name(std::uint32_t slot) const noexcept { return topics_[slot].name; }

    /// The shard's position of a partition: the highest one that the reader told.
    offset told(partition of) const noexcept { return told_[of].offset; }
    /// Below it every record of the topic was handed to the subscriptions that were there: less than told() while some are queued.
    offset handed(const topic& of) const noexcept {
        return of.subscriptions.busy() ? std::min(told(of.partition), of.subscriptions.oldest().what->at().offset) : told(of.partition);
    }
    /// Rule 2. Another epoch is another log.
    void tell(const position& next) noexcept {
        position& known = told_[next.partition];
        if (known.epoch != next.epoch || known.offset < next.offset) known = next;
    }

    /// What a subscription that begins has to know.
    topic_knowledge knowledge(const topic& of) const noexcept {
        return {of.epoch, of.partition, told(of.partition), of.known_from, of.last, of.recent.floor()};
    }

    /// A message of the topic has come.
    void remember(topic& of, const Record& message) {
        const offset at = message->at().offset;
        of.last = std::max(of.last, at);
        if (bounds_.recent_octets == 0 || !of.recent.covers(at)) return forget_recent(of, at + 1);
        of.recent.append(at, message);
        count(of, message);
    }

    /// Messages of the topic that a read brought, from `from` on without a hole up to the recent ones. `frames` are in order.
    void remember_earlier(topic& of, offset from, const std::vector<std::pair<offset, Record>>& frames) {
        if (bounds_.recent_octets == 0) return;
        const offset floor = of.recent.floor();
        of.recent.prepend(from, frames);
        for (const auto& [at, message] : frames) {
            if (at < floor) count(of, message);
        }
    }

    /// What a read from `from` on brought belongs to the recent messages, if it reaches up to them without a hole. `make(message)` makes a
    /// record of it.
    template <class Make>
    void remember_read(topic& of, offset from, const read_result& result, Make&& make) {
        const offset floor = of.recent.floor();
        if (result.status == read_status::lost || result.next.epoch != of.epoch || from >= floor || result.next.offset < floor) return;
        std::vector<std::pair<offset, Record>> made;
        for (const message& one : result.messages) {
            if (one.at().offset >= floor) break;
            made.emplace_back(one.at().offset, make(one));
        }
        remember_earlier(of, from, made);
    }

    /// The recent messages begin anew at `from`: those before are not known to be whole.
    void forget_recent(topic& of, offset from) {
        while (of.recent.size() != 0) drop_oldest(of);
        of.recent.reset(from);
    }

    /// Topics that there are.
    std::size_t size() const noexcept { return by_name_.size(); }
    /// What the recent messages take.
    std::size_t recent_octets() const noexcept { return octets_; }
    /// Entries that the order of the recent messages holds.
    std::size_t bookkeeping() const noexcept { return order_.size(); }

private:
    struct slot_and_number {
        std::uint32_t slot;
        std::uint64_t number;
    };
    struct idle_topic {
        std::uint32_t slot;
        std::uint64_t number;
        time_point until;
    };

    std::uint32_t open(std::string_view destination) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(topics_.size()));
            topics_.emplace_back();
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        topic& opened = topics_[slot];
        opened.name = destination;
        opened.number = ++last_number_;
        opened.partition = partition_of(destination, static_cast<std::uint32_t>(told_.size()));
        opened.opened_at = reader_->handed_out(opened.partition);
        reader_->add(opened.name, {shard_, slot, opened.number});
        return slot;
    }

    void close(std::uint32_t slot) {
        topic& closed = topics_[slot];
        forget_recent(closed, 0);
        by_name_.erase(by_name_.find(std::string_view(closed.name)));
        reader_->remove(std::move(closed.name), {shard_, slot, closed.number});
        closed = {};
        free_.push_back(slot);
    }

    void count(const topic& of, const Record& message) {
        octets_ += message->size();
        ++kept_;
        order_.push_back({slot_of(of), of.number});
        // One entry of the order for each message: dropping the oldest of the topic that had one first keeps the two in step.
        while (octets_ > bounds_.recent_octets && !order_.empty()) {
            const slot_and_number oldest = order_.front();
            order_.pop_front();
            topic* const from = find(oldest.slot, oldest.number);
            if (from != nullptr && from->recent.size() != 0) drop_oldest(*from);
        }
        if (order_.size() > 2 * kept_ + 1024) shorten_order();
    }

    void drop_oldest(topic& of) {
        octets_ -= of.recent.drop_oldest()->size();
        --kept_;
    }

    /// Entries of messages that were forgotten otherwise stay behind; here they go.
    void shorten_order() {
        std::unordered_map<std::uint32_t, std::size_t> seen;
        std::deque<slot_and_number> kept;
        for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
            const topic* const of = find(it->slot, it->number);
            if (of != nullptr && ++seen[it->slot] <= of->recent.size()) kept.push_front(*it);
        }
        order_ = std::move(kept);
    }

    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    struct equal {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
    };

    const std::uint32_t shard_;
    const limits bounds_;
    Reader* reader_ = nullptr;
    std::unordered_map<std::string, std::uint32_t, hash, equal> by_name_;
    std::vector<topic> topics_;
    std::vector<std::uint32_t> free_;
    std::vector<position> told_;
    std::deque<idle_topic> idle_;
    std::deque<slot_and_number> order_; // whose recent message is the oldest
    std::size_t octets_ = 0;
    std::size_t kept_ = 0;
    std::uint64_t last_number_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
