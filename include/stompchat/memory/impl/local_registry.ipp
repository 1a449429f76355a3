// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_IMPL_LOCAL_REGISTRY_IPP
#define STOMPCHAT_MEMORY_IMPL_LOCAL_REGISTRY_IPP

#include <stompchat/memory/local_registry.hpp>

#include <algorithm>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL local_registry::local_registry(asio::any_io_executor executor, local_registry_options options)
    : executor_(std::move(executor)), options_(std::move(options)), feed_(std::make_shared<detail::presence_feed>(executor_)) {}

STOMPCHAT_DECL std::size_t local_registry::sessions() const {
    const std::lock_guard held(mutex_);
    return sessions_.size();
}

STOMPCHAT_DECL std::size_t local_registry::rooms() const {
    const std::lock_guard held(mutex_);
    return rooms_.size();
}

template <class Change>
void local_registry::change(done& finished, Change change) {
    error_code failure = error::registry_unavailable;
    if (available_) {
        const std::lock_guard held(mutex_);
        failure = change();
    }
    finished(failure);
}

template <class Result, class Finished, class Look>
void local_registry::look_up(Finished& finished, Look look) const {
    Result result;
    error_code failure = error::registry_unavailable;
    if (available_) {
        const time_point now = options_.now();
        const std::lock_guard held(mutex_);
        look(result, now);
        failure = {};
    }
    finished(failure, std::move(result));
}

STOMPCHAT_DECL void local_registry::do_hold_lease(node_incarnation node, node_status status, std::chrono::milliseconds lease,
                                                  done finished) {
    const time_point now = options_.now();
    change(finished, [&] { return hold(node, std::move(status), lease, now); });
}

STOMPCHAT_DECL error_code local_registry::hold(const node_incarnation& node, node_status status, std::chrono::milliseconds lease,
                                               time_point now) {
    for (auto& [name, other] : nodes_)
        if (name != node.node && !other.dead && other.lease_end <= now) bury(other);

    const auto [at, is_new] = nodes_.try_emplace(node.node);
    memory::node_entry& state = at->second;
    if (is_new || node.incarnation > state.incarnation) {
        bury(state);
        state.name = node.node;
        state.incarnation = node.incarnation;
        state.dead = false;
    }
    if (const error_code failure = check(node)) return failure;
    state.lease_end = now + lease;
    state.status = std::move(status);
    return {};
}

STOMPCHAT_DECL void local_registry::inject_data_loss() {
    const std::lock_guard held(mutex_);
    for (auto& [name, node] : nodes_) bury(node);
    feed_->interrupt();
}

STOMPCHAT_DECL void local_registry::do_release(node_incarnation node, done finished) {
    change(finished, [&]() -> error_code {
        memory::node_entry* const at = node_of(node.node);
        if (at == nullptr || at->incarnation != node.incarnation) return error::stale_incarnation;
        // Also when it is dead: a repeated release is harmless.
        bury(*at);
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_add_session(session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        if (memory::session_entry* const known = sessions_.find(session.session)) {
            if (known == registered(session)) {
                known->leaving = false;
                return {};
            }
            forget(*known);
        }
        memory::user_entry* user = users_.find(session.user);
        if (user == nullptr) user = &users_.add(session.user);
        sessions_.add(session.session, *user, *node_of(session.where.node));
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_remove_session(session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        if (memory::session_entry* const known = registered(session)) forget(*known);
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_mark_leaving(session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        if (memory::session_entry* const known = registered(session)) known->leaving = true;
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_join(std::string room, session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        memory::session_entry* const who = registered(session);
        if (who == nullptr) return {};
        memory::room_entry* in = rooms_.find(room);
        if (in == nullptr) in = &rooms_.add(room);
        const auto [added, is_new] = in->places.insert(memory::place{in, who});
        if (!is_new) return {};
        added->next = std::exchange(who->places, &*added);
        const auto share = std::find_if(in->nodes.begin(), in->nodes.end(), [&](const auto& one) { return one.node == who->node; });
        if (share != in->nodes.end())
            ++share->sessions;
        else
            in->nodes.push_back({who->node, 1});

        std::vector<const memory::place*> left;
        bool alone = true;
        const auto [first, last] = in->places.equal_range(who->user);
        for (auto other = first; other != last; ++other) {
            if (other->session == who) continue;
            alone = false;
            if (other->session->leaving) left.push_back(&*other);
        }
        if (alone) {
            ++in->users;
            user_changed(*in, who->user->name(), true);
        }
        for (const memory::place* const one : left) give_up(*one);
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_leave(std::string room, session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        memory::session_entry* const who = registered(session);
        memory::room_entry* const in = rooms_.find(room);
        if (who == nullptr || in == nullptr) return {};
        if (const auto at = in->places.find(memory::place{in, who}); at != in->places.end()) give_up(*at);
        return {};
    });
}

namespace memory {

inline bool alive(const node_entry& node, std::chrono::steady_clock::time_point now) { return !node.dead && node.lease_end > now; }

inline bool found(const session_entry& session, std::chrono::steady_clock::time_point now) {
    return !session.leaving && alive(*session.node, now);
}

inline session_record record_of(const session_entry& session) {
    return {std::string(session.name()), std::string(session.user->name()), {session.node->name, session.node->incarnation}};
}

} // namespace memory

STOMPCHAT_DECL void local_registry::do_sessions_of(std::string user, sessions_done finished) {
    look_up<std::vector<session_record>>(finished, [&](std::vector<session_record>& result, time_point now) {
        const memory::user_entry* const whose = users_.find(user);
        if (whose == nullptr) return;
        for (const memory::session_entry* one = whose->first; one != nullptr; one = one->next)
            if (memory::found(*one, now)) result.push_back(memory::record_of(*one));
    });
}

STOMPCHAT_DECL void local_registry::do_session(std::string session, sessions_done finished) {
    look_up<std::vector<session_record>>(finished, [&](std::vector<session_record>& result, time_point now) {
        const memory::session_entry* const one = sessions_.find(session);
        if (one != nullptr && memory::found(*one, now)) result.push_back(memory::record_of(*one));
    });
}

STOMPCHAT_DECL void local_registry::do_participants(std::string room, std::size_t most, participants_done finished) {
    look_up<std::vector<participant>>(finished, [&](std::vector<participant>& result, time_point now) {
        const memory::room_entry* const in = rooms_.find(room);
        if (in == nullptr) return;
        const memory::user_entry* last = nullptr; // shown
        for (const memory::place& one : in->places) {
            if (!memory::alive(*one.session->node, now)) continue;
            if (one.session->user == last) {
                ++result.back().sessions;
                continue;
            }
            if (result.size() == most) return;
            last = one.session->user;
            result.emplace_back(std::string(last->name()), 1u);
        }
    });
}

STOMPCHAT_DECL void local_registry::do_presence(std::string room, std::size_t most, presence_done finished) {
    presence_view found;
    error_code failure = error::registry_unavailable;
    if (available_) {
        const std::lock_guard held(mutex_);
        failure = {};
        if (const memory::room_entry* const in = rooms_.find(room)) {
            found.version = in->version;
            found.count = in->users;
            const memory::user_entry* last = nullptr;
            for (const memory::place& one : in->places) {
                if (found.count > most) break;
                if (std::exchange(last, one.session->user) != one.session->user) found.users.emplace_back(last->name());
            }
        } else {
            found.version = first_version();
        }
    }
    finished(failure, std::move(found));
}

STOMPCHAT_DECL void local_registry::do_watch_presence(std::string room, std::shared_ptr<presence_sink> sink, done finished) {
    change(finished, [&]() -> error_code {
        feed_->watch(std::move(room), std::move(sink));
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_unwatch_presence(std::string_view room, const std::shared_ptr<presence_sink>& sink) {
    feed_->unwatch(room, sink);
}

STOMPCHAT_DECL void local_registry::do_interested_nodes(std::string room, nodes_done finished) {
    look_up<std::vector<node_incarnation>>(finished, [&](std::vector<node_incarnation>& result, time_point now) {
        const memory::room_entry* const in = rooms_.find(room);
        if (in == nullptr) return;
        for (const memory::room_entry::share& share : in->nodes)
            if (memory::alive(*share.node, now)) result.emplace_back(share.node->name, share.node->incarnation);
    });
}

STOMPCHAT_DECL void local_registry::do_live_nodes(live_nodes_done finished) {
    look_up<std::vector<live_node>>(finished, [&](std::vector<live_node>& result, time_point now) {
        for (const auto& [name, node] : nodes_)
            if (memory::alive(node, now)) result.emplace_back(node_incarnation(name, node.incarnation), node.status);
    });
}

STOMPCHAT_DECL error_code local_registry::check(const node_incarnation& node) const {
    const auto at = nodes_.find(node.node);
    if (at == nodes_.end() || at->second.dead || at->second.incarnation != node.incarnation) return error::stale_incarnation;
    return {};
}

STOMPCHAT_DECL memory::node_entry* local_registry::node_of(const std::string& name) {
    const auto at = nodes_.find(name);
    return at != nodes_.end() ? &at->second : nullptr;
}

STOMPCHAT_DECL memory::session_entry* local_registry::registered(const session_record& session) {
    memory::session_entry* const known = sessions_.find(session.session);
    if (known == nullptr || known->user->name() != session.user) return nullptr;
    const memory::node_entry& on = *known->node;
    return on.name == session.where.node && on.incarnation == session.where.incarnation ? known : nullptr;
}

STOMPCHAT_DECL void local_registry::bury(memory::node_entry& node) {
    node.dead = true;
    if (node.sessions == 0) return;
    // Nodes die rarely, so a session has no place in a list of its node's.
    std::vector<memory::session_entry*> gone;
    gone.reserve(node.sessions);
    sessions_.for_each([&](memory::session_entry& one) {
        if (one.node == &node) gone.push_back(&one);
    });
    for (memory::session_entry* const one : gone) forget(*one);
}

STOMPCHAT_DECL void local_registry::forget(memory::session_entry& session) {
    while (session.places != nullptr) {
        const memory::place& left = *session.places;
        session.places = left.next;
        leave(left);
    }
    memory::user_entry& user = *session.user;
    sessions_.remove(session);
    if (user.first == nullptr) users_.remove(user);
}

STOMPCHAT_DECL void local_registry::give_up(const memory::place& left) {
    const memory::place** at = &left.session->places;
    while (*at != &left) at = &(*at)->next;
    *at = left.next;
    leave(left);
}

STOMPCHAT_DECL void local_registry::leave(const memory::place& left) {
    memory::room_entry& room = *left.room;
    const memory::user_entry* const user = left.session->user;
    const auto share = std::find_if(room.nodes.begin(), room.nodes.end(), [&](const auto& one) { return one.node == left.session->node; });
    if (--share->sessions == 0) room.nodes.erase(share);
    room.places.erase(room.places.find(left));
    if (room.places.find(user) == room.places.end()) {
        --room.users;
        user_changed(room, user->name(), false);
    }
    if (room.places.empty()) rooms_.remove(room);
}

STOMPCHAT_DECL void local_registry::user_changed(memory::room_entry& room, std::string_view user, bool joined) {
    room.version = room.version == 0 ? first_version() : room.version + 1;
    feed_->add(room.name(), user, joined, room.version, room.users);
}

STOMPCHAT_DECL std::uint64_t local_registry::first_version() {
    // Nothing is kept of an empty room. By the clock its next version is above its last one, unless it changed more often than every
    // microsecond.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto by_clock = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
    return last_first_version_ = std::max(by_clock, last_first_version_ + 1);
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
