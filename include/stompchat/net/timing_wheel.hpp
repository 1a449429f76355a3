// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_TIMING_WHEEL_HPP
#define STOMPCHAT_NET_TIMING_WHEEL_HPP

#include <stompchat/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::net {

/** Deadlines of very many objects at a coarse resolution. Time is an argument: whoever owns the wheel has one timer, sets it to
   next_expiry() and calls advance().

    The rules:
    - Time is cut into ticks, counted from the start. A deadline counts as the end of the tick it lies in: nothing fires early, and nothing
   later than the first advance() at or behind the deadline's tick.
    - There are `slots` lists. A node is in the list of its tick, modulo the number of slots; a list is visited once in a revolution, and
   what belongs to a later one stays. Scheduling and cancelling are O(1); an advance costs a look at each node in the lists it passes.
    - What is scheduled for a tick that is past fires in the tick behind the current one.
    - A sign of life should not touch the wheel: store the time of the last one, and look at it when the node fires.

    Thread safety: distinct wheels are independent; a wheel and its nodes are for one thread at a time.
    Memory: 16 octets a slot; a node is a member of whatever it times, 24 octets. */
class timing_wheel {
    struct links {
        links* next = nullptr;
        links* previous = nullptr;
    };

public:
    /// Its clock does not jump.
    using clock = std::chrono::steady_clock;
    /// Of `clock`.
    using time_point = clock::time_point;
    /// Of `clock`.
    using duration = clock::duration;

    /// One deadline. Destroying it cancels it. Derive from it, or find the object around it, in the callback.
    class node : private links {
    public:
        node() noexcept = default;
        node(const node&) = delete;
        node& operator=(const node&) = delete;
        ~node() { timing_wheel::unlink(*this); }

        /// Whether it is in a wheel.
        bool scheduled() const noexcept { return next != nullptr; }

    private:
        friend class timing_wheel;
        std::int64_t tick_ = 0;
    };

    /// Preconditions: `tick` is positive, `slots` a power of two and at least 64.
    STOMPCHAT_DECL timing_wheel(duration tick, time_point start, std::size_t slots = 512);
    timing_wheel(const timing_wheel&) = delete;
    timing_wheel& operator=(const timing_wheel&) = delete;
    /// Nodes that are still scheduled are cancelled.
    STOMPCHAT_DECL ~timing_wheel();

    /// Schedules the node, or moves it if it is scheduled. Precondition: it is not in another wheel.
    STOMPCHAT_DECL void schedule(node& n, time_point deadline) noexcept;

    /// Takes the node out; does nothing if it is not scheduled.
    static void cancel(node& n) noexcept { unlink(n); }

    /** Calls `callback(node&)` for each node whose deadline has come, tick by tick (in no particular order within one, nor when more than a
       revolution has passed). The node is not scheduled any more then. The callback may schedule, cancel and destroy any node, but not call
       advance(). If it throws, the remaining ones fire in the next advance(). Time that goes backwards counts as standing still. */
    template <class Callback>
    void advance(time_point now, Callback&& callback) {
        collect(now);
        while (due_.next != &due_) {
            node& first = static_cast<node&>(*due_.next);
            unlink(first);
            callback(first);
        }
    }

    /** When to call advance() next: not later than the first node fires, perhaps earlier by a multiple of a revolution, nothing if no node
       is scheduled. Costs a look at one bit for each slot, 64 at a time. */
    STOMPCHAT_DECL std::optional<time_point> next_expiry() noexcept;

private:
    static void unlink(links& n) noexcept {
        if (n.next == nullptr) return;
        n.next->previous = n.previous;
        n.previous->next = n.next;
        n.next = n.previous = nullptr;
    }
    static void append(links& list, links& n) noexcept {
        n.next = &list;
        n.previous = list.previous;
        list.previous->next = &n;
        list.previous = &n;
    }

    STOMPCHAT_DECL void collect(time_point now) noexcept;
    std::int64_t mask() const noexcept { return static_cast<std::int64_t>(slots_.size()) - 1; }

    duration tick_;
    time_point start_;
    std::int64_t current_ = 0; // the tick up to which everything has fired
    links due_;                // collected and not yet called
    std::vector<links> slots_;
    std::vector<std::uint64_t> occupied_; // a bit for each slot; it may be set for one that has been emptied by cancelling
};

static_assert(sizeof(timing_wheel::node) <= 32);

} // namespace stompchat::inline STOMPCHAT_ABI::net

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/timing_wheel.ipp>
#endif

#endif
