// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_SUBSCRIPTION_HPP
#define STOMPCHAT_STOMP_SUBSCRIPTION_HPP

#include <stompchat/config.hpp>
#include <stompchat/stomp/ack_window.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// A live subscription of one session. Its address is stable as long as it lives.
struct subscription {
    std::string id;                                          ///< empty when a 1.0 client gave none
    std::unique_ptr<const std::string> destination_if_no_id; ///< what such a client names it by; null for all others
    ack_mode mode = ack_mode::auto_;                         ///< how its messages are acknowledged
    void* context = nullptr;                                 ///< the caller's

    /// Octets of memory that it holds, its own included.
    STOMPCHAT_DECL std::size_t octets() const noexcept;
};

/** The subscriptions of a session, found by id, or by destination where a 1.0 client gave no id.
    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: one allocation for each subscription and, for more than one, a sorted array of pointers; the caller bounds size(). */
class subscription_list {
public:
    subscription_list() noexcept = default;
    subscription_list(const subscription_list&) = delete;
    subscription_list& operator=(const subscription_list&) = delete;
    STOMPCHAT_DECL ~subscription_list();

    /// The subscription with that id, or null.
    STOMPCHAT_DECL subscription* find_id(std::string_view id) const noexcept;
    /// The one without an id to that destination, or null.
    STOMPCHAT_DECL subscription* find_destination(std::string_view destination) const noexcept;

    /// Adds a subscription. Precondition: none has its id, or its destination if it has no id.
    STOMPCHAT_DECL subscription* insert(std::unique_ptr<subscription> added);

    /// Takes a subscription out. Precondition: it is in the list.
    STOMPCHAT_DECL std::unique_ptr<subscription> remove(const subscription& gone);

    /// How many there are.
    std::size_t size() const noexcept { return size_; }

    /// Octets of heap memory held.
    STOMPCHAT_DECL std::size_t heap_octets() const noexcept;

    /// Calls `f(subscription&)` for each, in no particular order. `f` must not add or remove any.
    template <class F>
    void for_each(F&& f) const {
        for (subscription* const one : sorted()) f(*one);
    }

private:
    struct key {
        bool by_destination;
        std::string_view text;
        auto operator<=>(const key&) const = default;
    };
    static key key_of(const subscription& s) noexcept {
        return s.destination_if_no_id ? key{true, *s.destination_if_no_id} : key{false, s.id};
    }
    std::span<subscription* const> sorted() const noexcept { return {capacity_ == 0 ? &storage_.only : storage_.many, size_}; }
    STOMPCHAT_DECL std::size_t position_of(const key& k) const noexcept;
    STOMPCHAT_DECL subscription* find(const key& k) const noexcept;

    // Most sessions have one: it needs no array. The subscriptions belong to the list.
    union {
        subscription* only;
        subscription** many;
    } storage_{nullptr};
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0; // of the array; zero without
};

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/subscription.ipp>
#endif

#endif
