// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_ACK_WINDOW_IPP
#define STOMPCHAT_STOMP_IMPL_ACK_WINDOW_IPP

#include <stompchat/stomp/ack_window.hpp>

#include <algorithm>
#include <cassert>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

STOMPCHAT_DECL void ack_window::push(std::uint64_t key) {
    assert(!delivered_ || key > highest_);
    if (head_ + size_ == capacity_) make_room();
    keys()[head_ + size_] = key;
    ++size_;
    highest_ = key;
    delivered_ = true;
}

STOMPCHAT_DECL ack_window::result ack_window::settle(std::uint64_t key, bool cumulative) noexcept {
    if (!delivered_ || key > highest_) return result::unknown;
    std::uint64_t* const first = keys() + head_;
    std::uint64_t* const last = first + size_;
    std::uint64_t* const at = std::lower_bound(first, last, key);
    if (at == last || *at != key) return result::repeated;
    const auto before = static_cast<std::uint32_t>(at - first);
    if (cumulative) {
        head_ += before + 1;
        size_ -= before + 1;
    } else if (before < size_ / 2) {
        std::move_backward(first, at, at + 1); // the shorter side makes up for the hole
        ++head_;
        --size_;
    } else {
        std::move(at + 1, last, at);
        --size_;
    }
    if (size_ == 0) clear();
    return result::settled;
}

STOMPCHAT_DECL void ack_window::clear() noexcept {
    if (on_heap()) delete[] storage_.heap;
    storage_ = {};
    head_ = 0;
    size_ = 0;
    capacity_ = inline_capacity;
}

STOMPCHAT_DECL void ack_window::swap(ack_window& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(highest_, other.highest_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(delivered_, other.delivered_);
}

STOMPCHAT_DECL void ack_window::make_room() {
    std::uint64_t* const from = keys();
    if (size_ <= capacity_ / 2) { // half of the room is in front: shifting is paid for by as many pushes
        std::move(from + head_, from + head_ + size_, from);
    } else {
        const std::uint32_t larger = capacity_ == inline_capacity ? 8 : capacity_ * 2;
        auto* const to = new std::uint64_t[larger];
        std::copy_n(from + head_, size_, to);
        if (on_heap()) delete[] storage_.heap;
        storage_.heap = to;
        capacity_ = larger;
    }
    head_ = 0;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
