// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_DETAIL_NAME_TABLE_HPP
#define STOMPCHAT_MEMORY_DETAIL_NAME_TABLE_HPP

#include <stompchat/config.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::memory {

template <class Entry>
class name_table;

/** What an entry of a name_table derives from. The name stands behind the entry, in the same allocation. */
template <class Entry>
class named {
public:
    std::string_view name() const noexcept { return {reinterpret_cast<const char*>(static_cast<const Entry*>(this) + 1), size_}; }

protected:
    named() = default;
    named(const named&) = delete;
    named& operator=(const named&) = delete;
    ~named() = default;

private:
    friend class name_table<Entry>;
    Entry* next_ = nullptr; // in its bucket
    std::uint32_t hash_ = 0;
    std::uint32_t size_ = 0;
};

/** A hash table of entries that have a name. Their addresses are stable.
    Thread safety: for one thread at a time. Memory: 16 octets, the name and what Entry has, in one allocation, and 8 to 16 octets in the
    table. */
template <class Entry>
class name_table {
public:
    name_table() = default;
    name_table(const name_table&) = delete;
    name_table& operator=(const name_table&) = delete;
    ~name_table() {
        for (Entry* first : buckets_) {
            while (first != nullptr) destroy(std::exchange(first, first->next_));
        }
    }

    std::size_t size() const noexcept { return size_; }

    Entry* find(std::string_view name) const noexcept {
        if (size_ == 0) return nullptr;
        const std::uint32_t hash = hash_of(name);
        Entry* at = buckets_[hash & (buckets_.size() - 1)];
        while (at != nullptr && (at->hash_ != hash || at->name() != name)) at = at->next_;
        return at;
    }

    /// Precondition: none has that name.
    template <class... Arguments>
    Entry& add(std::string_view name, Arguments&&... arguments) {
        assert(find(name) == nullptr);
        if (size_ >= buckets_.size()) grow();
        void* const memory = ::operator new(sizeof(Entry) + name.size());
        Entry* added;
        try {
            added = new (memory) Entry(std::forward<Arguments>(arguments)...);
        } catch (...) {
            ::operator delete(memory);
            throw;
        }
        if (!name.empty()) std::memcpy(reinterpret_cast<char*>(added + 1), name.data(), name.size());
        added->hash_ = hash_of(name);
        added->size_ = static_cast<std::uint32_t>(name.size());
        link(*added);
        ++size_;
        return *added;
    }

    /// Destroys it. Precondition: it is in the table.
    void remove(Entry& gone) noexcept {
        Entry** at = &buckets_[gone.hash_ & (buckets_.size() - 1)];
        while (*at != &gone) at = &(*at)->next_;
        *at = gone.next_;
        --size_;
        destroy(&gone);
    }

    /// Calls `f(Entry&)` for each, in no particular order. `f` must not add or remove any.
    template <class F>
    void for_each(F&& f) const {
        for (Entry* at : buckets_) {
            for (; at != nullptr; at = at->next_) f(*at);
        }
    }

private:
    static_assert(alignof(Entry) <= alignof(std::max_align_t));

    static std::uint32_t hash_of(std::string_view name) noexcept {
        const std::size_t hash = std::hash<std::string_view>()(name);
        return static_cast<std::uint32_t>(hash ^ hash >> 32);
    }

    static void destroy(Entry* gone) noexcept {
        gone->~Entry();
        ::operator delete(static_cast<void*>(gone));
    }

    void link(Entry& added) noexcept {
        Entry*& bucket = buckets_[added.hash_ & (buckets_.size() - 1)];
        added.next_ = std::exchange(bucket, &added);
    }

    void grow() {
        std::vector<Entry*> smaller(buckets_.empty() ? 16 : 2 * buckets_.size());
        smaller.swap(buckets_);
        for (Entry* first : smaller) {
            while (first != nullptr) link(*std::exchange(first, first->next_));
        }
    }

    std::vector<Entry*> buckets_; // a power of two
    std::size_t size_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::memory

#endif
