// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_ACK_WINDOW_HPP
#define STOMPCHAT_STOMP_ACK_WINDOW_HPP

#include <stompchat/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// How a subscription's messages are acknowledged.
enum class ack_mode : std::uint8_t {
    auto_,             ///< delivered is acknowledged
    client,            ///< an ACK or NACK covers its message and all earlier ones of the subscription
    client_individual, ///< each message for itself; not in 1.0
};

/** The messages of one subscription that were delivered and not yet acknowledged, oldest first.
    Every delivery has a key, and keys grow within a subscription. A key up to the highest one delivered that is not in the window has been
   settled before: that is a repeated ACK, harmless. A key above it was never delivered: the client invented it. Thread safety: distinct
   objects are independent; one object is for one thread at a time. Memory: none outside the object for up to two keys, else 8 octets a key
   (at most twice that), freed when the window is empty. The caller bounds size(). */
class ack_window {
public:
    /// What settle() did.
    enum class result : std::uint8_t {
        settled,  ///< it was in the window
        repeated, ///< was settled before; nothing changed
        unknown,  ///< was never delivered; nothing changed
    };

    ack_window() noexcept = default;
    /// Leaves `other` empty, as if newly made.
    ack_window(ack_window&& other) noexcept { swap(other); }
    /// Leaves `other` empty, as if newly made.
    ack_window& operator=(ack_window&& other) noexcept {
        ack_window taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~ack_window() { clear(); }

    /// Records a delivery. Precondition: `key` is greater than every key before.
    STOMPCHAT_DECL void push(std::uint64_t key);

    /// Takes `key` out, and with `cumulative` (ack_mode::client) every key before it.
    STOMPCHAT_DECL result settle(std::uint64_t key, bool cumulative) noexcept;

    /// How many keys are not settled.
    std::size_t size() const noexcept { return size_; }
    /// Whether all are settled.
    bool empty() const noexcept { return size_ == 0; }

    /// The lowest key that is not settled.
    std::optional<std::uint64_t> oldest() const noexcept {
        if (size_ == 0) return std::nullopt;
        return keys()[head_];
    }

    /// The highest key delivered so far, settled or not.
    std::optional<std::uint64_t> highest() const noexcept {
        if (!delivered_) return std::nullopt;
        return highest_;
    }

    /// Calls `f(key)` for every key that is not settled, in order.
    template <class F>
    void for_each(F&& f) const {
        for (std::uint32_t i = 0; i != size_; ++i) f(keys()[head_ + i]);
    }

    /// Forgets what is unsettled, but not which keys were delivered.
    STOMPCHAT_DECL void clear() noexcept;

    /// Exchanges everything.
    STOMPCHAT_DECL void swap(ack_window& other) noexcept;

private:
    static constexpr std::uint32_t inline_capacity = 2;

    bool on_heap() const noexcept { return capacity_ != inline_capacity; }
    std::uint64_t* keys() noexcept { return on_heap() ? storage_.heap : storage_.inline_keys; }
    const std::uint64_t* keys() const noexcept { return on_heap() ? storage_.heap : storage_.inline_keys; }
    STOMPCHAT_DECL void make_room();

    // The keys are keys()[head_ .. head_ + size_), strictly growing.
    union {
        std::uint64_t inline_keys[inline_capacity];
        std::uint64_t* heap;
    } storage_{};
    std::uint64_t highest_ = 0;
    std::uint32_t head_ = 0;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = inline_capacity;
    bool delivered_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/ack_window.ipp>
#endif

#endif
