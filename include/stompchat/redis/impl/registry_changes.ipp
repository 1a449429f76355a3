// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REGISTRY_CHANGES_IPP
#define STOMPCHAT_REDIS_IMPL_REGISTRY_CHANGES_IPP

#include <stompchat/redis/detail/registry_core.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

// The changes of one session are done one after the other, those of different ones side by side.

STOMPCHAT_DECL void registry_core::change(change_request what) {
    run_state* const run = known(what.session.where);
    error_code refused;
    if (closed_) {
        refused = error::stopped;
    } else if (run == nullptr || run->dead || run->leaving) {
        refused = error::stale_incarnation;
    } else if (!run->held || run->changes >= options_.max_changes) {
        run->incomplete = true;
        refused = error::registry_unavailable;
    }
    if (refused) return what.finished(refused);
    ++run->changes;
    what.given = std::chrono::steady_clock::now();
    const auto [at, is_first] = busy_.try_emplace(what.session.session);
    (is_first ? ready_ : at->second).push_back(std::move(what));
    begin_changes();
}

STOMPCHAT_DECL void registry_core::begin_changes() {
    while (changing_ < options_.max_changes_at_once && !ready_.empty()) {
        ++changing_;
        change_request next = std::move(ready_.front());
        ready_.pop_front();
        run_state* const run = known(next.session.where);
        spawn(perform(std::move(next), run));
    }
}

STOMPCHAT_DECL void registry_core::end_change(run_state& run, const std::string& session) {
    --changing_;
    --run.changes;
    const auto at = busy_.find(session);
    if (at->second.empty()) {
        busy_.erase(at);
    } else {
        ready_.push_back(std::move(at->second.front()));
        at->second.pop_front();
    }
    begin_changes();
}

STOMPCHAT_DECL task<void> registry_core::perform(change_request what, run_state* run) {
    writer by;
    by.run = run;
    by.request = &what;
    by.version = next_version();
    error_code ec;
    switch (what.what) {
    case change_request::kind::add: ec = co_await add(by); break;
    case change_request::kind::mark_leaving: ec = co_await mark_leaving(by); break;
    case change_request::kind::join: ec = co_await join(by); break;
    case change_request::kind::leave: ec = co_await leave(by); break;
    case change_request::kind::remove: ec = co_await remove(by, forgotten(what.session, *run, by.version)); break;
    }
    if (what.finished) what.finished(ec);
    end_change(*run, what.session.session);
}

// What the scripts are given.

namespace words {

inline command one_key(std::string_view key) {
    command what;
    what.add(1).add(key);
    return what;
}

inline command session_and_run(std::string_view session, std::string_view run, std::uint64_t version) {
    command what;
    what.add(session).add(run).add(version);
    return what;
}

inline command run_and_user(std::string_view run, std::uint64_t version, std::string_view user) {
    command what;
    what.add(run).add(version).add(user);
    return what;
}

} // namespace words

STOMPCHAT_DECL command registry_core::keys_of_room(std::string_view room) const {
    command what;
    what.add(4).add(keys_.places(room)).add(keys_.users(room)).add(keys_.nodes_of_room(room)).add(keys_.lost(room));
    return what;
}

STOMPCHAT_DECL command registry_core::place(std::string_view room, std::string_view session, std::string_view run,
                                            std::uint64_t version) const {
    command what;
    what.add(keys_.channel(room)).add(session).add(run).add(version);
    return what;
}

// The changes.

STOMPCHAT_DECL task<error_code> registry_core::add(writer by) {
    const session_record& session = by.request->session;
    command keys = words::one_key(keys_.sessions_of_run(by.run->name));
    command rest;
    rest.add(session.session).add(by.version).add(session.user);
    answer got = co_await write(by, scripts().note_session, std::move(keys), std::move(rest));

    for (int i = 0; !got.ec && i != 4; ++i) {
        keys = words::one_key(keys_.session(session.session));
        rest = words::run_and_user(by.run->name, by.version, session.user);
        got = co_await write(by, scripts().claim_session, std::move(keys), std::move(rest));
        if (got.ec || got.what[0].integer() != 2) break;
        forgotten other(session, *by.run, by.version);
        other.user = got.what[1].text();
        other.run = got.what[2].text();
        got.ec = co_await forget(by, std::move(other));
    }
    if (got.ec) co_return got.ec;

    keys = words::one_key(keys_.user(session.user));
    rest = words::session_and_run(session.session, by.run->name, by.version);
    got = co_await write(by, scripts().add_to_user, std::move(keys), std::move(rest));
    co_return got.ec;
}

STOMPCHAT_DECL task<error_code> registry_core::mark_leaving(writer by) {
    const session_record& session = by.request->session;
    command keys = words::one_key(keys_.session(session.session));
    command rest = words::run_and_user(by.run->name, by.version, session.user);
    const answer lost = co_await write(by, scripts().lose_session, std::move(keys), std::move(rest));
    if (lost.ec || lost.what[0].integer() == 1) co_return lost.ec;

    keys = words::one_key(keys_.user(session.user));
    rest = words::session_and_run(session.session, by.run->name, by.version);
    answer got = co_await write(by, scripts().remove_from_user, std::move(keys), std::move(rest));
    for (std::size_t i = 1; !got.ec && i < lost.what.elements().size(); ++i) {
        const std::string& room = lost.what[i].text();
        keys = keys_of_room(room);
        rest = place(room, session.session, by.run->name, by.version);
        got = co_await write(by, scripts().mark, std::move(keys), std::move(rest));
    }
    co_return got.ec;
}

STOMPCHAT_DECL task<error_code> registry_core::join(writer by) {
    const session_record& session = by.request->session;
    const std::string& room = by.request->room;
    command keys = words::one_key(keys_.session(session.session));
    command rest = words::run_and_user(by.run->name, by.version, session.user);
    rest.add(room);
    answer got = co_await write(by, scripts().note_place, std::move(keys), std::move(rest));
    if (got.ec) co_return got.ec;
    if (got.what[0].integer() == 1) co_return co_await still_alive(by.run);

    keys = keys_of_room(room);
    rest = place(room, session.session, by.run->name, by.version);
    rest.add(session.user);
    got = co_await write(by, scripts().enter, std::move(keys), std::move(rest));
    co_return got.ec;
}

STOMPCHAT_DECL task<error_code> registry_core::still_alive(run_state* run) {
    // The session is gone: by its own node, or together with the node.
    std::vector<std::string> asked;
    asked.push_back(run->name);
    std::vector<int> states;
    const error_code ec = co_await states_of(asked, states);
    if (ec) co_return ec;
    if (states.front() == 0 || states.front() == 3) declare_dead(*run, "declared dead");
    co_return run->dead ? make_error_code(error::stale_incarnation) : error_code();
}

STOMPCHAT_DECL task<error_code> registry_core::leave(writer by) {
    const session_record& session = by.request->session;
    const std::string& room = by.request->room;
    command keys = keys_of_room(room);
    command rest = place(room, session.session, by.run->name, by.version);
    answer got = co_await write(by, scripts().exit, std::move(keys), std::move(rest));
    if (got.ec) co_return got.ec;

    keys = words::one_key(keys_.session(session.session));
    rest = command();
    rest.add(by.run->name).add(by.version).add(room);
    got = co_await write(by, scripts().drop_place, std::move(keys), std::move(rest));
    co_return got.ec;
}

STOMPCHAT_DECL task<error_code> registry_core::remove(writer by, forgotten gone) {
    forgotten again = gone;
    const error_code ec = co_await forget(by, std::move(again));
    if (ec) co_return ec;
    command keys = words::one_key(keys_.sessions_of_run(gone.run));
    command rest;
    rest.add(gone.session).add(gone.version);
    const answer got = co_await write(by, scripts().drop_session, std::move(keys), std::move(rest));
    co_return got.ec;
}

STOMPCHAT_DECL task<error_code> registry_core::forget(writer by, forgotten gone) {
    command keys = words::one_key(keys_.session(gone.session));
    command rest;
    rest.add(gone.run).add(gone.version);
    const answer rooms = co_await write(by, scripts().begin_forget, std::move(keys), std::move(rest));
    if (rooms.ec) co_return rooms.ec;

    for (std::size_t i = 1; i + 1 < rooms.what.elements().size(); i += 2) {
        const std::string& room = rooms.what[i].text();
        keys = keys_of_room(room);
        rest = place(room, gone.session, gone.run, gone.version);
        rest.add(rooms.what[i + 1].text());
        const answer left = co_await write(by, scripts().exit, std::move(keys), std::move(rest));
        if (left.ec) co_return left.ec;
    }

    keys = words::one_key(keys_.user(gone.user));
    rest = words::session_and_run(gone.session, gone.run, gone.version);
    const answer removed = co_await write(by, scripts().remove_from_user, std::move(keys), std::move(rest));
    if (removed.ec) co_return removed.ec;

    keys = words::one_key(keys_.session(gone.session));
    rest = command();
    rest.add(gone.run).add(gone.version);
    for (std::size_t i = 1; i < rooms.what.elements().size(); ++i) rest.add(rooms.what[i].text());
    const answer ended = co_await write(by, scripts().end_forget, std::move(keys), std::move(rest));
    co_return ended.ec;
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
