// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_INTERCEPTIONS_IPP
#define STOMPCHAT_NODE_IMPL_INTERCEPTIONS_IPP

#include <stompchat/node/detail/interceptions.hpp>

#include <algorithm>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL owned_frame::owned_frame(const stomp::transaction_frame& from, const send_verdict& verdict)
    : kind_(from.kind), nack_(from.nack) {
    // What goes with the frame and not with the message stays, whatever the interceptor writes.
    const auto of_frame = [](std::string_view name) { return is_reserved_header(name) || name == "idempotency-key"; };
    const std::string_view body = verdict.body ? std::string_view(*verdict.body) : from.frame.body;
    const header_block written(verdict.headers ? std::string_view(*verdict.headers) : std::string_view());
    std::size_t size = from.destination.size() + from.id.size() + body.size() + written.octets().size();
    for (const stomp::header& one : from.frame.headers) size += one.name.size() + one.value.size();
    octets_.reserve(size);
    destination_ = keep(from.destination);
    id_ = keep(from.id);
    for (const stomp::header& one : from.frame.headers) {
        if (!verdict.headers || of_frame(one.name)) headers_.push_back({keep(one.name), keep(one.value)});
    }
    for (const header_field one : written) {
        if (!of_frame(one.name)) headers_.push_back({keep(one.name), keep(one.value)});
    }
    body_ = keep(body);
    if (from.sub != nullptr) {
        named_id = from.sub->id;
        if (from.sub->destination_if_no_id) named_destination = *from.sub->destination_if_no_id;
    }
}

STOMPCHAT_DECL std::string_view owned_frame::keep(std::string_view text) {
    const std::size_t at = octets_.size();
    octets_.insert(octets_.end(), text.begin(), text.end());
    return {octets_.data() + at, text.size()};
}

STOMPCHAT_DECL std::optional<held_send> interceptions::take_free(connection_id session) {
    queue* const all = find(session);
    if (all == nullptr) return std::nullopt;
    for (auto one = all->begin(); one != all->end(); ++one) {
        const bool first = one == all->begin();
        if (one->undecided == 0 && (first || !one->transaction)
            && std::none_of(all->begin(), one, [&](const held_send& before) { return before.destination == one->destination; })) {
            held_send taken = std::move(*one);
            all->erase(one);
            if (all->empty()) forget(session);
            return taken;
        }
        if (one->transaction) return std::nullopt;
    }
    return std::nullopt;
}

STOMPCHAT_DECL held_send interceptions::take(connection_id session, std::uint64_t number) {
    queue& all = *find(session);
    const auto found = std::find_if(all.begin(), all.end(), [number](const held_send& one) { return one.number == number; });
    held_send taken = std::move(*found);
    all.erase(found);
    if (all.empty()) forget(session);
    return taken;
}

STOMPCHAT_DECL void interceptions::drop_behind(connection_id session, std::uint64_t number) {
    queue* const all = find(session);
    if (all == nullptr) return;
    std::erase_if(*all, [number](const held_send& one) { return one.number > number; });
    if (all->empty()) forget(session);
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
