// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_SUBSCRIPTION_IPP
#define STOMPCHAT_STOMP_IMPL_SUBSCRIPTION_IPP

#include <stompchat/stomp/subscription.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

STOMPCHAT_DECL subscription_list::~subscription_list() {
    for (const subscription* const one : sorted()) delete one;
    if (capacity_ != 0) delete[] storage_.many;
}

STOMPCHAT_DECL std::size_t subscription_list::position_of(const key& k) const noexcept {
    const auto all = sorted();
    const auto at = std::lower_bound(all.begin(), all.end(), k, [](const auto* one, const key& than) { return key_of(*one) < than; });
    return static_cast<std::size_t>(at - all.begin());
}

STOMPCHAT_DECL subscription* subscription_list::find(const key& k) const noexcept {
    const std::size_t at = position_of(k);
    return at != size_ && key_of(*sorted()[at]) == k ? sorted()[at] : nullptr;
}

STOMPCHAT_DECL subscription* subscription_list::find_id(std::string_view id) const noexcept { return find(key{false, id}); }

STOMPCHAT_DECL subscription* subscription_list::find_destination(std::string_view destination) const noexcept {
    return find(key{true, destination});
}

STOMPCHAT_DECL subscription* subscription_list::insert(std::unique_ptr<subscription> added) {
    const std::size_t at = position_of(key_of(*added));
    assert(at == size_ || key_of(*sorted()[at]) != key_of(*added));
    if (size_ != 0 && size_ >= capacity_) {
        const std::uint32_t larger = std::max(4u, 2 * capacity_);
        auto array = std::make_unique<subscription*[]>(larger);
        std::ranges::copy(sorted(), array.get());
        if (capacity_ != 0) delete[] storage_.many;
        storage_.many = array.release();
        capacity_ = larger;
    }
    subscription** const all = capacity_ == 0 ? &storage_.only : storage_.many;
    std::copy_backward(all + at, all + size_, all + size_ + 1);
    all[at] = added.release();
    ++size_;
    return all[at];
}

STOMPCHAT_DECL std::unique_ptr<subscription> subscription_list::remove(const subscription& gone) {
    const std::size_t at = position_of(key_of(gone));
    assert(at != size_ && sorted()[at] == &gone);
    subscription** const all = capacity_ == 0 ? &storage_.only : storage_.many;
    std::unique_ptr<subscription> taken(all[at]);
    std::copy(all + at + 1, all + size_, all + at);
    if (--size_ == 0 && capacity_ != 0) {
        delete[] storage_.many;
        storage_.only = nullptr;
        capacity_ = 0;
    }
    return taken;
}

STOMPCHAT_DECL std::size_t subscription::octets() const noexcept {
    const auto of = [](const std::string& s) { return s.capacity() <= std::string().capacity() ? 0 : s.capacity() + 1; };
    return sizeof(*this) + of(id) + (destination_if_no_id ? sizeof(std::string) + of(*destination_if_no_id) : 0);
}

STOMPCHAT_DECL std::size_t subscription_list::heap_octets() const noexcept {
    std::size_t total = capacity_ * sizeof(subscription*);
    for (const subscription* const one : sorted()) total += one->octets();
    return total;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
