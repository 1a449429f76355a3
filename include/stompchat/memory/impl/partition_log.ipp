// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_IMPL_PARTITION_LOG_IPP
#define STOMPCHAT_MEMORY_IMPL_PARTITION_LOG_IPP

#include <stompchat/memory/detail/partition_log.hpp>

#include <algorithm>
#include <chrono>

namespace stompchat::inline STOMPCHAT_ABI::detail {

STOMPCHAT_DECL void block_ring::push_back(record_block* block) {
    if (size_ == capacity_) reallocate(capacity_ == 0 ? 2 : capacity_ * 2);
    slots_[(head_ + size_) & (capacity_ - 1)] = block;
    ++size_;
}

STOMPCHAT_DECL void block_ring::pop_front() {
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    if (capacity_ > 8 && size_ <= capacity_ / 4) reallocate(capacity_ / 2);
}

STOMPCHAT_DECL void block_ring::reallocate(std::size_t capacity) {
    auto slots = std::make_unique_for_overwrite<record_block*[]>(capacity);
    for (std::size_t i = 0; i != size_; ++i) slots[i] = (*this)[i];
    slots_ = std::move(slots);
    capacity_ = capacity;
    head_ = 0;
}

/// The oldest time that the bounds let through, in the unit of record_view::timestamp.
inline std::int64_t oldest_wanted(const read_bounds& bounds) noexcept {
    if (!bounds.not_before) return std::numeric_limits<std::int64_t>::min();
    return std::chrono::ceil<std::chrono::milliseconds>(bounds.not_before->time_since_epoch()).count();
}

STOMPCHAT_DECL void partition_log::append(record_block* block, std::uint64_t epoch, partition self, offset skip) {
    const destination_view key{block->destination_text(), block->hash};
    auto found = index_.find(key);
    if (found == index_.end()) found = index_.emplace(destination_key{std::string(key.text), key.hash}, block_ring{}).first;
    block->at = {epoch, self, end_ + skip};
    found->second.push_back(block);
    blocks_.push_back(block);
    end_ = block->at.offset + 1;
    ++count_;
    octets_ += cost_of(*block);
}

STOMPCHAT_DECL void partition_log::drop_oldest(block_chain& to) {
    record_block* const block = blocks_.pop_front();
    const auto found = index_.find(destination_view{block->destination_text(), block->hash});
    found->second.pop_front();
    if (found->second.size() == 0) index_.erase(found);
    floor_ = block->at.offset + 1;
    newest_dropped_ = std::max(newest_dropped_, block->timestamp);
    --count_;
    octets_ -= cost_of(*block);
    to.push_back(block);
}

STOMPCHAT_DECL void partition_log::find(std::string_view destination, offset from, const read_bounds& bounds, extract& result) const {
    // Bounds the messages that one read passes over because of their age.
    constexpr std::size_t most_visited = 10'000;

    result.blocks.clear();
    result.more = false;
    result.next = std::max(from, end_);
    const auto found = index_.find(destination_view{destination, fnv1a_64(destination)});
    if (found == index_.end()) return;
    const block_ring& ring = found->second;
    std::size_t low = 0;
    for (std::size_t high = ring.size(); low != high;) {
        const std::size_t middle = low + (high - low) / 2;
        if (ring[middle]->at.offset < from)
            low = middle + 1;
        else
            high = middle;
    }

    const std::int64_t oldest = oldest_wanted(bounds);
    std::size_t octets = 0;
    for (std::size_t i = low; i != ring.size(); ++i) {
        const record_block* const block = ring[i];
        const bool wanted = block->timestamp >= oldest;
        const bool full = !result.blocks.empty() && (result.blocks.size() >= bounds.messages || octets + block->size() > bounds.octets);
        if ((wanted && full) || i - low == most_visited) {
            result.more = true;
            result.next = block->at.offset;
            return;
        }
        if (!wanted) continue;
        result.blocks.push_back(block);
        octets += block->size();
    }
}

STOMPCHAT_DECL bool partition_log::lacks(offset from, const read_bounds& bounds) const noexcept {
    return std::max<offset>(from, 0) < floor_ && newest_dropped_ >= oldest_wanted(bounds);
}

STOMPCHAT_DECL record_block* partition_log::at_or_behind(offset from) const noexcept {
    record_block* block = blocks_.front();
    while (block && block->at.offset < from) block = block->next;
    return block;
}

} // namespace stompchat::inline STOMPCHAT_ABI::detail

#endif
