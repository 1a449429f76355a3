// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_OUTBOX_IPP
#define STOMPCHAT_CLIENT_IMPL_OUTBOX_IPP

#include <stompchat/client/outbox.hpp>

#include <algorithm>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client {

STOMPCHAT_DECL system::result<outbox::entry*> outbox::push(std::uint64_t tag, outgoing_message message) {
    const bool has_key = std::any_of(message.headers.begin(), message.headers.end(),
                                     [](const auto& field) { return field.first == "idempotency-key" && !field.second.empty(); });
    if (!has_key) message.headers.emplace_back("idempotency-key", key_ + std::to_string(tag));

    std::size_t octets = message.destination.size() + message.body.size();
    for (const auto& [name, value] : message.headers) octets += name.size() + value.size();
    if (octets > max_octets_) return error_code(error::message_too_large);
    if (entries_.size() >= max_messages_ || octets > max_octets_ - octets_) return error_code(error::outbox_full);
    octets_ += octets;
    entries_.push_back({tag, std::move(message), octets, std::nullopt, false});
    return &entries_.back();
}

STOMPCHAT_DECL std::deque<outbox::entry>::iterator outbox::place_of(std::uint64_t tag) noexcept {
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), tag, [](const entry& one, std::uint64_t t) { return one.tag < t; });
    return found != entries_.end() && found->tag == tag ? found : entries_.end();
}

STOMPCHAT_DECL outbox::entry* outbox::find(std::uint64_t tag) noexcept {
    const auto found = place_of(tag);
    return found == entries_.end() ? nullptr : &*found;
}

STOMPCHAT_DECL bool outbox::erase(std::uint64_t tag) noexcept {
    const auto found = place_of(tag);
    if (found == entries_.end()) return false;
    octets_ -= found->octets;
    entries_.erase(found);
    return true;
}

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
