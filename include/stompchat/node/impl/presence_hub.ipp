// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_PRESENCE_HUB_IPP
#define STOMPCHAT_NODE_IMPL_PRESENCE_HUB_IPP

#include <stompchat/delivery/presence_body.hpp>
#include <stompchat/node/detail/presence_hub.hpp>
#include <stompchat/node/detail/presence_relay.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/bind_executor.hpp>

#include <algorithm>
#include <iterator>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL presence_hub::presence_hub(shard& home)
    : shard_(home), relay_(std::make_shared<presence_relay>(home.link())), timer_(home.context()) {
    limits_.most_users = home.node().options.presence_users;
    limits_.digest = home.node().options.presence_digest;
}

STOMPCHAT_DECL presence_hub::~presence_hub() {
    for (const auto& one : rooms_) {
        if (one) registry().unwatch_presence(one->name, relay_);
    }
}

STOMPCHAT_DECL void presence_hub::stop() {
    stopped_ = true;
    timer_.cancel();
}

STOMPCHAT_DECL session_registry& presence_hub::registry() { return shard_.node().ports.registry; }

// Subscriptions.

STOMPCHAT_DECL void presence_hub::add(subscription& whom, std::string name) {
    const time_point now = shard::now();
    auto found = by_name_.find(name);
    if (found == by_name_.end()) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(rooms_.size()));
            rooms_.emplace_back();
        }
        found = by_name_.emplace(name, free_.back()).first;
        rooms_[free_.back()] = std::make_unique<room>(std::move(name), limits_, ++named_rooms_, now);
        free_.pop_back();
    }
    whom.slot = found->second;
    room& in = *rooms_[whom.slot];
    in.subscriptions.add(whom);
    begin(in, whom);
    drive(found->second, now);
}

STOMPCHAT_DECL void presence_hub::remove(subscription& whom) {
    const std::uint32_t slot = whom.slot;
    room& from = *rooms_[slot];
    from.subscriptions.remove(whom);
    if (whom.cursor.behind()) from.behind.erase(std::find(from.behind.begin(), from.behind.end(), &whom));
    if (!from.subscriptions.empty()) return;
    registry().unwatch_presence(from.name, relay_);
    due_.erase({from.due, slot});
    by_name_.erase(from.name);
    rooms_[slot].reset();
    free_.push_back(slot);
}

STOMPCHAT_DECL void presence_hub::begin(room& in, subscription& whom) {
    // If nothing is current, a message to all comes soon; what is queued for the others before it says less.
    whom.cursor.restart(static_cast<offset>(last_number_ + 1));
    if (!in.current || in.current_is != in.state.told()) {
        const auto current = in.state.current();
        if (!current) return;
        in.current = make_frame(in, *current);
        in.current_is = in.state.told();
    }
    // It was made behind all that is queued, and says the same.
    whom.cursor.restart(in.current->at().offset);
    offer(in, in.current, whom);
}

STOMPCHAT_DECL void presence_hub::offer(room& in, const frame_ref& what, subscription& to) {
    session& owner = *to.owner;
    switch (to.cursor.on_live(what->at().offset, [&] { return owner.has_room(to); })) {
    case delivery::cursor::verdict::take: owner.deliver(what, to); break;
    case delivery::cursor::verdict::no_room: in.behind.push_back(&to); break;
    case delivery::cursor::verdict::skip: break;
    }
}

STOMPCHAT_DECL void presence_hub::serve_behind(room& in) {
    std::vector<subscription*> waiting;
    waiting.swap(in.behind);
    for (subscription* const one : waiting) {
        if (one->owner->has_room(*one))
            begin(in, *one);
        else
            in.behind.push_back(one);
    }
}

// What is told.

STOMPCHAT_DECL frame_ref presence_hub::make_frame(const room& in, const delivery::presence_message& message) {
    std::string headers;
    append_header(headers, "content-type", "application/json");
    const std::string destination = "/presence/" + in.name.substr(std::string_view("/topic/").size());
    frame_ref made = frame::make_local_message(++last_number_, destination, header_block(headers), delivery::presence_body(message));
    made->charge(shard_.budget());
    return made;
}

STOMPCHAT_DECL void presence_hub::tell(std::uint32_t slot, const delivery::presence_message& message) {
    room& in = *rooms_[slot];
    frame_ref made = make_frame(in, message);
    if (in.subscriptions.size() > turn || in.subscriptions.busy()) {
        if (!in.subscriptions.busy()) sweep_later(slot);
        in.subscriptions.push({std::move(made)});
        return;
    }
    for (subscription* const one : in.subscriptions) offer(in, made, *one);
}

STOMPCHAT_DECL void presence_hub::sweep_later(std::uint32_t slot) {
    shard_.link()->post([home = shard_.link(), slot, number = rooms_[slot]->number] {
        shard* const self = home->get();
        if (self == nullptr) return;
        presence_hub& hub = self->presence();
        if (hub.rooms_[slot] && hub.rooms_[slot]->number == number) hub.sweep(slot);
    });
}

STOMPCHAT_DECL void presence_hub::sweep(std::uint32_t slot) {
    room& in = *rooms_[slot];
    for (std::size_t visits = 0; visits != turn && in.subscriptions.busy(); ++visits) {
        in.subscriptions.visit([&](subscription& to, const record& one) {
            offer(in, one.what, to);
            return true;
        });
    }
    if (in.subscriptions.busy())
        sweep_later(slot);
    else
        drive(slot, shard::now());
}

STOMPCHAT_DECL void presence_hub::drive(std::uint32_t slot, time_point now) {
    room& in = *rooms_[slot];
    if (looks_ < most_looks) {
        if (const std::uint64_t number = in.state.begin_look(now)) look(slot, number);
    }
    const bool busy = in.subscriptions.busy();
    if (!busy) in.state.flush(now, in.subscriptions.size(), [&](const delivery::presence_message& one) { tell(slot, one); });
    if (!in.behind.empty()) serve_behind(in);
    time_point next = in.state.next_time();
    if (next <= now || !in.behind.empty()) next = now + patience; // else it could not go on just now
    if (next == in.due) return;
    due_.erase({std::exchange(in.due, next), slot});
    due_.insert({next, slot});
    arm_timer();
}

// The registry.

/// A handler that calls `then(hub, arguments...)` on the shard's thread, if the room in that slot is still the same.
template <class Then>
auto presence_hub::for_room(std::uint32_t slot, Then then) {
    return boost::asio::bind_executor(shard_.context(),
                                      [home = shard_.link(), slot, number = rooms_[slot]->number, then](error_code ec, auto... result) {
                                          shard* const self = home->get();
                                          if (self == nullptr) return;
                                          presence_hub& hub = self->presence();
                                          const bool same = hub.rooms_[slot] && hub.rooms_[slot]->number == number;
                                          then(hub, same ? hub.rooms_[slot].get() : nullptr, ec, std::move(result)...);
                                      });
}

STOMPCHAT_DECL void presence_hub::look(std::uint32_t slot, std::uint64_t number) {
    ++looks_;
    const auto end = [slot, number](presence_hub& hub, room* in, error_code ec, presence_view found) {
        --hub.looks_;
        if (in == nullptr) return;
        const time_point now = shard::now();
        if (ec)
            in->state.on_failed(number, now);
        else
            in->state.on_view(number, std::move(found), now);
        hub.drive(slot, now);
    };
    // First watched, then looked at: else what happens in between would be known to nobody.
    registry().async_watch_presence(rooms_[slot]->name, relay_, for_room(slot, [slot, end](presence_hub& hub, room* in, error_code ec) {
                                        if (in == nullptr || ec) return end(hub, in, ec, {});
                                        hub.registry().async_presence(in->name, hub.limits_.most_users, hub.for_room(slot, end));
                                    }));
}

STOMPCHAT_DECL void presence_hub::on_changes(std::span<const presence_change> changes, bool missed) {
    const time_point now = shard::now();
    std::vector<std::uint32_t> concerned;
    for (const presence_change& one : changes) {
        const auto at = by_name_.find(one.room);
        if (at == by_name_.end()) continue;
        rooms_[at->second]->state.on_change(one, now);
        if (concerned.empty() || concerned.back() != at->second) concerned.push_back(at->second);
    }
    for (const std::uint32_t slot : concerned) drive(slot, now);
    if (missed) look_again();
}

STOMPCHAT_DECL void presence_hub::look_again() {
    const time_point now = shard::now();
    for (const auto& [name, slot] : by_name_) {
        rooms_[slot]->state.on_missed(now);
        drive(slot, now);
    }
}

STOMPCHAT_DECL void presence_hub::on_interrupted() {
    const time_point now = shard::now();
    for (const auto& [name, slot] : by_name_) {
        rooms_[slot]->state.on_interrupted(now);
        drive(slot, now);
    }
}

// Lost connections.

STOMPCHAT_DECL void presence_hub::keep_places(std::string_view session, std::string_view user) {
    const auto grace = shard_.node().options.presence_grace;
    if (grace.count() == 0) return shard_.registered().forget(session, user);
    shard_.registered().mark_leaving(session, user);
    places_.push_back({shard::now() + grace, std::string(session), std::string(user)});
    arm_timer();
}

STOMPCHAT_DECL void presence_hub::forget_places(time_point now) {
    for (; !places_.empty() && places_.front().until <= now; places_.pop_front()) {
        shard_.registered().forget(places_.front().session, places_.front().user);
    }
}

// Time.

STOMPCHAT_DECL void presence_hub::arm_timer() {
    time_point next = due_.empty() ? time_point::max() : due_.begin()->first;
    if (!places_.empty()) next = std::min(next, places_.front().until);
    if (stopped_ || next >= timer_at_) return;
    timer_at_ = next;
    timer_.expires_at(next);
    timer_.async_wait([home = shard_.link()](error_code ec) {
        if (shard* const self = home->get(); !ec && self != nullptr) self->presence().on_timer();
    });
}

STOMPCHAT_DECL void presence_hub::on_timer() {
    timer_at_ = time_point::max();
    const time_point now = shard::now();
    forget_places(now);
    std::vector<std::uint32_t> due;
    for (auto at = due_.begin(); at != due_.end() && at->first <= now; ++at) due.push_back(at->second);
    for (const std::uint32_t slot : due) drive(slot, now);
    arm_timer();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
