// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_TIMING_WHEEL_IPP
#define STOMPCHAT_NET_IMPL_TIMING_WHEEL_IPP

#include <stompchat/net/timing_wheel.hpp>

#include <algorithm>
#include <bit>
#include <cassert>

namespace stompchat::inline STOMPCHAT_ABI::net {

STOMPCHAT_DECL timing_wheel::timing_wheel(duration tick, time_point start, std::size_t slots)
    : tick_(tick), start_(start), slots_(slots), occupied_(slots / 64) {
    assert(tick > duration::zero());
    assert(slots >= 64 && std::has_single_bit(slots));
    due_.next = due_.previous = &due_;
    for (links& slot : slots_) slot.next = slot.previous = &slot;
}

STOMPCHAT_DECL timing_wheel::~timing_wheel() {
    while (due_.next != &due_) unlink(*due_.next);
    for (links& slot : slots_) {
        while (slot.next != &slot) unlink(*slot.next);
    }
}

STOMPCHAT_DECL void timing_wheel::schedule(node& n, time_point deadline) noexcept {
    unlink(n);
    const duration after = deadline - start_;
    // Rounded up: nothing may fire early.
    std::int64_t tick = after / tick_;
    if (after % tick_ > duration::zero()) ++tick;
    n.tick_ = std::max(tick, current_ + 1);
    const auto slot = static_cast<std::size_t>(n.tick_ & mask());
    append(slots_[slot], n);
    occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

STOMPCHAT_DECL void timing_wheel::collect(time_point now) noexcept {
    const duration passed = now - start_;
    const std::int64_t target = passed / tick_;
    if (passed < duration::zero() || target <= current_) return;
    // After more than a revolution every list has to be looked at, but only once.
    const std::int64_t last = std::min(target, current_ + mask() + 1);
    for (std::int64_t tick = current_ + 1; tick <= last; ++tick) {
        const auto slot = static_cast<std::size_t>(tick & mask());
        std::uint64_t& word = occupied_[slot / 64];
        const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
        if ((word & bit) == 0) continue;
        links& list = slots_[slot];
        for (links* at = list.next; at != &list;) {
            node& n = static_cast<node&>(*at);
            at = at->next;
            if (n.tick_ > target) continue;
            unlink(n);
            append(due_, n);
        }
        if (list.next == &list) word &= ~bit;
    }
    current_ = target;
}

STOMPCHAT_DECL std::optional<timing_wheel::time_point> timing_wheel::next_expiry() noexcept {
    if (due_.next != &due_) return start_ + current_ * tick_;
    const std::int64_t first = current_ + 1;
    for (std::int64_t tick = first; tick < first + mask() + 1;) {
        const auto slot = static_cast<std::size_t>(tick & mask());
        std::uint64_t& word = occupied_[slot / 64];
        const std::uint64_t rest = word >> (slot % 64);
        if (rest == 0) {
            tick += static_cast<std::int64_t>(64 - slot % 64);
            continue;
        }
        tick += std::countr_zero(rest);
        if (tick >= first + mask() + 1) break;
        const auto found = static_cast<std::size_t>(tick & mask());
        if (slots_[found].next != &slots_[found]) return start_ + tick * tick_;
        word &= ~(std::uint64_t{1} << (found % 64));
    }
    return std::nullopt;
}

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
