// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_DETAIL_RECORD_BLOCK_HPP
#define STOMPCHAT_MEMORY_DETAIL_RECORD_BLOCK_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::detail {

/** A message in the memory of a memory_broker: one allocation, its text stands behind it. Immutable except for `next` and `at`. */
struct record_block {
    /// The next one in the chain that owns this one.
    record_block* next;
    /// fnv1a_64 of the destination.
    std::uint64_t hash;
    std::uint64_t ticket;
    position at;
    std::int64_t timestamp;
    std::uint32_t destination;
    std::uint32_t user;
    std::uint32_t headers;
    std::uint32_t body;

    /// Octets of text.
    std::size_t size() const noexcept { return std::size_t{destination} + user + headers + body; }

    record_view view() const noexcept {
        const char* const text = reinterpret_cast<const char*>(this + 1);
        const char* const headers_at = text + destination + user;
        return {at,
                {text, destination},
                {text + destination, user},
                timestamp,
                header_block{{headers_at, headers}},
                {headers_at + headers, body}};
    }
    std::string_view destination_text() const noexcept { return {reinterpret_cast<const char*>(this + 1), destination}; }
};

static_assert(std::is_trivially_destructible_v<record_block>);

inline std::size_t text_size(const outgoing& from) noexcept {
    return from.destination.size() + from.user.size() + from.headers.octets().size() + from.body.size();
}

/// Precondition: each part of the message is shorter than 2^32 octets.
inline record_block* make_record_block(const outgoing& from) {
    void* const memory = ::operator new(sizeof(record_block) + text_size(from));
    auto* const block = ::new (memory) record_block{nullptr,
                                                    fnv1a_64(from.destination),
                                                    from.ticket,
                                                    {},
                                                    from.timestamp,
                                                    static_cast<std::uint32_t>(from.destination.size()),
                                                    static_cast<std::uint32_t>(from.user.size()),
                                                    static_cast<std::uint32_t>(from.headers.octets().size()),
                                                    static_cast<std::uint32_t>(from.body.size())};
    char* to = reinterpret_cast<char*>(block + 1);
    for (const std::string_view part : {from.destination, from.user, from.headers.octets(), from.body}) {
        if (!part.empty()) std::memcpy(to, part.data(), part.size());
        to += part.size();
    }
    return block;
}

/** A chain of blocks that it owns. Thread safety: distinct objects are independent; one object is for one thread at a time. */
class block_chain {
public:
    block_chain() = default;
    block_chain(block_chain&& other) noexcept : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)) {}
    block_chain& operator=(block_chain&& other) noexcept {
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
        return *this;
    }
    ~block_chain() {
        while (first_) ::operator delete(pop_front());
    }

    bool empty() const noexcept { return first_ == nullptr; }
    record_block* front() const noexcept { return first_; }

    void push_back(record_block* block) noexcept {
        block->next = nullptr;
        (last_ ? last_->next : first_) = block;
        last_ = block;
    }
    /// The caller owns the block then.
    record_block* pop_front() noexcept {
        record_block* const block = first_;
        first_ = block->next;
        if (!first_) last_ = nullptr;
        return block;
    }
    void splice_back(block_chain&& other) noexcept {
        if (other.empty()) return;
        (last_ ? last_->next : first_) = other.first_;
        last_ = std::exchange(other.last_, nullptr);
        other.first_ = nullptr;
    }

private:
    record_block* first_ = nullptr;
    record_block* last_ = nullptr;
};

} // namespace stompchat::inline STOMPCHAT_ABI::detail

#endif
