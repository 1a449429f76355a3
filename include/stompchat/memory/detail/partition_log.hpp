// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_DETAIL_PARTITION_LOG_HPP
#define STOMPCHAT_MEMORY_DETAIL_PARTITION_LOG_HPP

#include <stompchat/config.hpp>
#include <stompchat/memory/detail/record_block.hpp>
#include <stompchat/ports/broker.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::detail {

/** A queue of block pointers that can be searched. It gives memory back when it shrinks: there may be one for each of very many rooms. */
class block_ring {
public:
    std::size_t size() const noexcept { return size_; }
    record_block* operator[](std::size_t i) const noexcept { return slots_[(head_ + i) & (capacity_ - 1)]; }
    STOMPCHAT_DECL void push_back(record_block* block);
    STOMPCHAT_DECL void pop_front();

private:
    STOMPCHAT_DECL void reallocate(std::size_t capacity);

    std::unique_ptr<record_block*[]> slots_;
    std::size_t capacity_ = 0; // zero or a power of two
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

/** The records of one partition, oldest first, with an index by destination.
    Thread safety: none; its owner locks. Memory: bounded by the owner, who calls drop_oldest(). */
class partition_log {
public:
    struct extract {
        /// What was found, in order. Valid until the log drops it.
        std::vector<const record_block*> blocks;
        offset next = 0;
        bool more = false;
    };

    /// Takes the block over and gives it its position, `skip` offsets behind the end.
    STOMPCHAT_DECL void append(record_block* block, std::uint64_t epoch, partition self, offset skip);

    /// Moves the oldest block to `to`. Precondition: there is one.
    STOMPCHAT_DECL void drop_oldest(block_chain& to);

    /// Finds the blocks of a destination at or behind `from`.
    STOMPCHAT_DECL void find(std::string_view destination, offset from, const read_bounds& bounds, extract& result) const;

    /// True when something at or behind `from` was dropped that a reader with these bounds would have been given.
    STOMPCHAT_DECL bool lacks(offset from, const read_bounds& bounds) const noexcept;

    /// The first block at or behind `from`, or null.
    STOMPCHAT_DECL record_block* at_or_behind(offset from) const noexcept;

    record_block* oldest() const noexcept { return blocks_.front(); }
    offset end() const noexcept { return end_; }
    std::size_t count() const noexcept { return count_; }
    /// Memory of the blocks and of their share of the index, in octets.
    std::size_t octets() const noexcept { return octets_; }

private:
    struct destination_key {
        std::string text;
        std::uint64_t hash;
    };
    struct destination_view {
        std::string_view text;
        std::uint64_t hash;
    };
    struct key_hash {
        using is_transparent = void;
        std::size_t operator()(const auto& key) const noexcept { return static_cast<std::size_t>(key.hash); }
    };
    struct key_equal {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const noexcept { return a.hash == b.hash && a.text == b.text; }
    };

    static std::size_t cost_of(const record_block& block) noexcept { return sizeof(record_block) + block.size() + 2 * sizeof(void*); }

    block_chain blocks_;
    std::unordered_map<destination_key, block_ring, key_hash, key_equal> index_;
    offset end_ = 0;
    offset floor_ = 0; // all records below it were dropped
    std::int64_t newest_dropped_ = std::numeric_limits<std::int64_t>::min();
    std::size_t count_ = 0;
    std::size_t octets_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::detail

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/memory/impl/partition_log.ipp>
#endif

#endif
