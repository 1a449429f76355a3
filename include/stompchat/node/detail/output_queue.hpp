// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_OUTPUT_QUEUE_HPP
#define STOMPCHAT_NODE_DETAIL_OUTPUT_QUEUE_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/node/detail/subscription.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** One pending delivery: a shared frame, and the subscription it is for (null for what is not a MESSAGE). */
struct delivery_entry {
    frame* what = nullptr;
    subscription* whom = nullptr;
};

/** Blocks of queue entries, shared by the sessions of a shard, so that queueing allocates nothing and an empty queue holds nothing.
    Thread safety: for one thread. Memory: what the longest queues needed at once, kept up to `max_spare` blocks of 512 octets. */
class entry_pool {
public:
    static constexpr std::size_t entries_per_block = 31;
    static constexpr std::size_t max_spare = 4096;

    struct block {
        block* next = nullptr;
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        delivery_entry entries[entries_per_block];
    };

    entry_pool() = default;
    entry_pool(const entry_pool&) = delete;
    entry_pool& operator=(const entry_pool&) = delete;
    ~entry_pool() {
        while (spare_ != nullptr) delete std::exchange(spare_, spare_->next);
    }

    block* take() {
        if (spare_ == nullptr) return new block;
        block* taken = std::exchange(spare_, spare_->next);
        --spare_count_;
        taken->next = nullptr;
        taken->begin = taken->end = 0;
        return taken;
    }

    void give(block* done) noexcept {
        if (spare_count_ == max_spare) {
            delete done;
            return;
        }
        done->next = std::exchange(spare_, done);
        ++spare_count_;
    }

private:
    block* spare_ = nullptr;
    std::size_t spare_count_ = 0;
};

/** What waits for a session's socket, in order. It counts the octets that it refers to, although they are shared.
    Memory: nothing while empty. */
class output_queue {
public:
    output_queue() = default;
    output_queue(const output_queue&) = delete;
    output_queue& operator=(const output_queue&) = delete;
    ~output_queue() { assert(empty()); }

    bool empty() const noexcept { return head_ == nullptr; }
    /// About what the entries will take on the wire.
    std::size_t octets() const noexcept { return octets_; }

    void push(entry_pool& pool, frame_ref what, subscription* whom) {
        if (tail_ == nullptr) {
            head_ = tail_ = pool.take();
        } else if (tail_->end == entry_pool::entries_per_block) {
            tail_->next = pool.take();
            tail_ = tail_->next;
        }
        octets_ += cost(what.get(), whom);
        if (whom != nullptr) ++whom->queued;
        tail_->entries[tail_->end++] = {what.detach(), whom};
    }

    /// Releases the first entry. Precondition: not empty.
    void pop(entry_pool& pool) noexcept {
        const delivery_entry done = head_->entries[head_->begin++];
        octets_ -= cost(done.what, done.whom);
        if (head_->begin == head_->end) {
            entry_pool::block* const used = std::exchange(head_, head_->next);
            if (head_ == nullptr) tail_ = nullptr;
            pool.give(used);
        }
        frame_ref{done.what};
        if (done.whom != nullptr && --done.whom->queued == 0 && done.whom->removed) delete done.whom;
    }

    void clear(entry_pool& pool) noexcept {
        while (!empty()) pop(pool);
    }

    /// Calls `use(entry)` from the first entry on, until it returns false.
    template <class Use>
    void for_each(Use&& use) const {
        for (const entry_pool::block* b = head_; b != nullptr; b = b->next) {
            for (std::uint32_t i = b->begin; i != b->end; ++i) {
                if (!use(b->entries[i])) return;
            }
        }
    }

private:
    static std::size_t cost(const frame* what, const subscription* whom) noexcept {
        // An entry costs memory too, so that a flood of tiny frames is bounded as well.
        return sizeof(delivery_entry) + what->size() + (whom != nullptr ? whom->head.size() : 0);
    }

    entry_pool::block* head_ = nullptr;
    entry_pool::block* tail_ = nullptr;
    std::size_t octets_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
