// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_TOPIC_TABLE_HPP
#define STOMPCHAT_NODE_DETAIL_TOPIC_TABLE_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/sweep.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/node/detail/reader.hpp>
#include <stompchat/node/detail/subscription.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

/// A MESSAGE that waits until all subscriptions of its topic have been visited.
struct queued_message {
    frame_ref what;
    std::size_t octets() const noexcept { return what->size(); }
};

/** The destinations that a shard has subscriptions for, and how far the reader has told it each partition.

    A destination is registered with the reader when its first subscription comes, and removed with its last. Registrations are numbered;
   only the answer to the latest one of a slot counts, and the subscriptions become live with it. Thread safety: for the shard's thread.
   Memory: one entry per destination with subscriptions. */
class topic_table {
public:
    struct topic {
        std::string name;
        /// The registration; 0 = the slot is free.
        std::uint64_t number = 0;
        std::uint64_t epoch = 0;
        stompchat::partition partition = 0;
        bool live = false;
        delivery::sweep<subscription, queued_message> subscriptions;
    };

    topic_table(std::uint32_t shard, std::uint32_t partitions) : shard_(shard), told_(partitions, 0) {}

    void attach(reader& from) noexcept { reader_ = &from; }

    /// Returns whether the topic is live already: then the cursor has begun.
    bool add(subscription& whom, std::string_view destination) {
        auto found = by_name_.find(destination);
        if (found == by_name_.end()) found = by_name_.emplace(std::string(destination), open(destination)).first;
        topic& in = topics_[found->second];
        whom.slot = found->second;
        in.subscriptions.add(whom);
        if (in.live) whom.cursor.begin(told_[in.partition], told_[in.partition]);
        return in.live;
    }

    void remove(subscription& whom) {
        topic& from = topics_[whom.slot];
        from.subscriptions.remove(whom);
        if (from.subscriptions.empty()) close(whom.slot);
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

    std::uint32_t slot_of(const topic& one) const noexcept { return static_cast<std::uint32_t>(&one - topics_.data()); }
    topic& at(std::uint32_t slot) noexcept { return topics_[slot]; }
    std::string_view name(std::uint32_t slot) const noexcept { return topics_[slot].name; }

    /// The shard's position of a partition: the highest one that the reader told.
    offset told(partition of) const noexcept { return told_[of]; }
    /// Below it every record of the topic was handed to the subscriptions that were there: less than told() while some are queued.
    offset handed(const topic& of) const noexcept {
        return of.subscriptions.busy() ? std::min(told_[of.partition], of.subscriptions.oldest().what->at().offset) : told_[of.partition];
    }
    void tell(partition of, offset next) noexcept { told_[of] = std::max(told_[of], next); }

    std::size_t size() const noexcept { return by_name_.size(); }

private:
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
        opened.epoch = 0;
        opened.live = false;
        opened.partition = partition_of(destination, static_cast<std::uint32_t>(told_.size()));
        reader_->add(opened.name, {shard_, slot, opened.number});
        return slot;
    }

    void close(std::uint32_t slot) {
        topic& closed = topics_[slot];
        by_name_.erase(by_name_.find(std::string_view(closed.name)));
        reader_->remove(std::move(closed.name), {shard_, slot, closed.number});
        closed = {};
        free_.push_back(slot);
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
    reader* reader_ = nullptr;
    std::unordered_map<std::string, std::uint32_t, hash, equal> by_name_;
    std::vector<topic> topics_;
    std::vector<std::uint32_t> free_;
    std::vector<offset> told_;
    std::uint64_t last_number_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
