// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_IMPL_LOCAL_REGISTRY_IPP
#define STOMPCHAT_MEMORY_IMPL_LOCAL_REGISTRY_IPP

#include <stompchat/memory/local_registry.hpp>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL local_registry::local_registry(asio::any_io_executor executor, local_registry_options options)
    : executor_(std::move(executor)), options_(std::move(options)), feed_(std::make_shared<memory::presence_feed>(executor_)) {}

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

STOMPCHAT_DECL void local_registry::do_hold_lease(node_incarnation node, std::chrono::milliseconds lease, done finished) {
    const time_point now = options_.now();
    change(finished, [&] { return hold(node, lease, now); });
}

STOMPCHAT_DECL error_code local_registry::hold(const node_incarnation& node, std::chrono::milliseconds lease, time_point now) {
    for (auto& [name, other] : nodes_)
        if (name != node.node && !other.dead && other.lease_end <= now) bury(other);

    const auto [at, is_new] = nodes_.try_emplace(node.node);
    node_state& state = at->second;
    if (is_new || node.incarnation > state.incarnation) {
        bury(state);
        state.incarnation = node.incarnation;
        state.dead = false;
    }
    if (const error_code failure = check(node)) return failure;
    state.lease_end = now + lease;
    return {};
}

STOMPCHAT_DECL void local_registry::do_release(node_incarnation node, done finished) {
    change(finished, [&]() -> error_code {
        const auto at = nodes_.find(node.node);
        if (at == nodes_.end() || at->second.incarnation != node.incarnation) return error::stale_incarnation;
        // Also when it is dead: a repeated release is harmless.
        bury(at->second);
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_add_session(session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        const auto at = sessions_.find(session.session);
        if (at != sessions_.end()) {
            if (at->second.record == session) {
                at->second.leaving = false;
                return {};
            }
            forget(session.session);
        }
        nodes_[session.where.node].sessions.insert(session.session);
        users_[session.user].insert(session.session);
        sessions_[session.session].record = std::move(session);
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_remove_session(session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        if (registered(session)) forget(session.session);
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_mark_leaving(session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        if (session_state* const state = registered(session)) state->leaving = true;
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_join(std::string room, session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        session_state* const state = registered(session);
        if (!state || !state->rooms.insert(room).second) return {};
        room_state& joined = rooms_[room];
        auto& of_user = joined.sessions_of_user[session.user];
        of_user.insert(session.session);
        ++joined.sessions_on_node[session.where.node];
        if (of_user.size() == 1)
            user_changed(room, joined, session.user, true);
        else
            take_places(room, session);
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_leave(std::string room, session_record session, done finished) {
    change(finished, [&]() -> error_code {
        if (const error_code failure = check(session.where)) return failure;
        session_state* const state = registered(session);
        if (state && state->rooms.erase(room) != 0) leave(room, session);
        return {};
    });
}

STOMPCHAT_DECL void local_registry::do_sessions_of(std::string user, sessions_done finished) {
    look_up<std::vector<session_record>>(finished, [&](std::vector<session_record>& result, time_point now) {
        const auto of_user = users_.find(user);
        if (of_user == users_.end()) return;
        for (const std::string& session : of_user->second) {
            const session_state& state = sessions_.at(session);
            if (!state.leaving && alive(state.record.where.node, now)) result.push_back(state.record);
        }
    });
}

STOMPCHAT_DECL void local_registry::do_session(std::string session, sessions_done finished) {
    look_up<std::vector<session_record>>(finished, [&](std::vector<session_record>& result, time_point now) {
        const auto at = sessions_.find(session);
        if (at != sessions_.end() && !at->second.leaving && alive(at->second.record.where.node, now)) result.push_back(at->second.record);
    });
}

STOMPCHAT_DECL void local_registry::do_participants(std::string room, std::size_t most, participants_done finished) {
    look_up<std::vector<participant>>(finished, [&](std::vector<participant>& result, time_point now) {
        const auto at = rooms_.find(room);
        if (at == rooms_.end()) return;
        for (const auto& [user, sessions] : at->second.sessions_of_user) {
            if (result.size() == most) return;
            const auto shown = std::count_if(sessions.begin(), sessions.end(), [&](const std::string& session) {
                return alive(sessions_.at(session).record.where.node, now);
            });
            if (shown != 0) result.emplace_back(user, static_cast<std::uint32_t>(shown));
        }
    });
}

STOMPCHAT_DECL void local_registry::do_presence(std::string room, std::size_t most, presence_done finished) {
    presence_view found;
    error_code failure = error::registry_unavailable;
    if (available_) {
        const std::lock_guard held(mutex_);
        failure = {};
        if (const auto at = rooms_.find(room); at != rooms_.end()) {
            found.version = at->second.version;
            found.count = at->second.sessions_of_user.size();
            if (found.count <= most)
                for (const auto& [user, sessions] : at->second.sessions_of_user) found.users.push_back(user);
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
        const auto at = rooms_.find(room);
        if (at == rooms_.end()) return;
        for (const auto& [node, sessions] : at->second.sessions_on_node)
            if (alive(node, now)) result.emplace_back(node, nodes_.at(node).incarnation);
    });
}

STOMPCHAT_DECL void local_registry::do_live_nodes(nodes_done finished) {
    look_up<std::vector<node_incarnation>>(finished, [&](std::vector<node_incarnation>& result, time_point now) {
        for (const auto& [node, state] : nodes_)
            if (alive(node, now)) result.emplace_back(node, state.incarnation);
    });
}

STOMPCHAT_DECL error_code local_registry::check(const node_incarnation& node) const {
    const auto at = nodes_.find(node.node);
    if (at == nodes_.end() || at->second.dead || at->second.incarnation != node.incarnation) return error::stale_incarnation;
    return {};
}

STOMPCHAT_DECL bool local_registry::alive(const std::string& node, time_point now) const {
    const auto at = nodes_.find(node);
    return at != nodes_.end() && !at->second.dead && at->second.lease_end > now;
}

STOMPCHAT_DECL local_registry::session_state* local_registry::registered(const session_record& session) {
    const auto at = sessions_.find(session.session);
    return at != sessions_.end() && at->second.record == session ? &at->second : nullptr;
}

STOMPCHAT_DECL void local_registry::bury(node_state& node) {
    node.dead = true;
    while (!node.sessions.empty()) forget(std::string(*node.sessions.begin()));
}

STOMPCHAT_DECL void local_registry::forget(const std::string& session) {
    const auto at = sessions_.find(session);
    const session_record& record = at->second.record;
    for (const std::string& room : at->second.rooms) leave(room, record);
    nodes_[record.where.node].sessions.erase(record.session);
    const auto of_user = users_.find(record.user);
    of_user->second.erase(record.session);
    if (of_user->second.empty()) users_.erase(of_user);
    sessions_.erase(at);
}

STOMPCHAT_DECL void local_registry::leave(const std::string& room, const session_record& session) {
    const auto at = rooms_.find(room);
    room_state& left = at->second;
    const auto of_user = left.sessions_of_user.find(session.user);
    of_user->second.erase(session.session);
    if (of_user->second.empty()) {
        left.sessions_of_user.erase(of_user);
        user_changed(room, left, session.user, false);
    }
    const auto on_node = left.sessions_on_node.find(session.where.node);
    if (--on_node->second == 0) left.sessions_on_node.erase(on_node);
    if (left.sessions_of_user.empty()) rooms_.erase(at);
}

STOMPCHAT_DECL void local_registry::take_places(const std::string& room, const session_record& joined) {
    std::vector<std::string> left;
    for (const std::string& other : rooms_.at(room).sessions_of_user.at(joined.user))
        if (other != joined.session && sessions_.at(other).leaving) left.push_back(other);
    for (const std::string& other : left) {
        session_state& gone = sessions_.at(other);
        gone.rooms.erase(room);
        leave(room, gone.record);
    }
}

STOMPCHAT_DECL void local_registry::user_changed(const std::string& room, room_state& in, const std::string& user, bool joined) {
    in.version = in.version == 0 ? first_version() : in.version + 1;
    feed_->add(room, user, joined, in.version, in.sessions_of_user.size());
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
