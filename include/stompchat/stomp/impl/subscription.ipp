// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_SUBSCRIPTION_IPP
#define STOMPCHAT_STOMP_IMPL_SUBSCRIPTION_IPP

#include <stompchat/stomp/subscription.hpp>

#include <algorithm>
#include <cassert>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

STOMPCHAT_DECL std::vector<std::unique_ptr<subscription>>::const_iterator subscription_list::position_of(const key& k) const noexcept {
    return std::lower_bound(sorted_.begin(), sorted_.end(), k, [](const auto& one, const key& than) { return key_of(*one) < than; });
}

STOMPCHAT_DECL subscription* subscription_list::find(const key& k) const noexcept {
    const auto at = position_of(k);
    return at != sorted_.end() && key_of(**at) == k ? at->get() : nullptr;
}

STOMPCHAT_DECL subscription* subscription_list::find_id(std::string_view id) const noexcept { return find(key{false, id}); }

STOMPCHAT_DECL subscription* subscription_list::find_destination(std::string_view destination) const noexcept {
    return find(key{true, destination});
}

STOMPCHAT_DECL subscription* subscription_list::insert(std::unique_ptr<subscription> added) {
    subscription* const raw = added.get();
    const auto at = position_of(key_of(*raw));
    assert(at == sorted_.end() || key_of(**at) != key_of(*raw));
    sorted_.insert(at, std::move(added));
    return raw;
}

STOMPCHAT_DECL std::unique_ptr<subscription> subscription_list::remove(const subscription& gone) {
    const auto at = position_of(key_of(gone));
    assert(at != sorted_.end() && at->get() == &gone);
    auto& slot = sorted_[static_cast<std::size_t>(at - sorted_.cbegin())];
    auto taken = std::move(slot);
    sorted_.erase(at);
    if (sorted_.empty()) sorted_.shrink_to_fit();
    return taken;
}

STOMPCHAT_DECL std::size_t subscription_list::heap_octets() const noexcept {
    const auto of = [](const std::string& s) { return s.capacity() <= std::string().capacity() ? 0 : s.capacity() + 1; };
    std::size_t total = sorted_.capacity() * sizeof(sorted_[0]);
    for (const auto& one : sorted_) total += sizeof(subscription) + of(one->id) + of(one->destination_if_no_id);
    return total;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
