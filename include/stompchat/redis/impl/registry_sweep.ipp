// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REGISTRY_SWEEP_IPP
#define STOMPCHAT_REDIS_IMPL_REGISTRY_SWEEP_IPP

#include <stompchat/redis/detail/registry_core.hpp>
#include <stompchat/redis/impl/registry_changes.ipp>
#include <stompchat/redis/impl/registry_looks.ipp>

#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

// Going through all keys, slowly, for entries of runs that are neither alive nor dead and waiting to be cleared up behind. There are none,
// unless Redis lost a part of its data, or its clock was set back: then nobody else finds them.

namespace sweep {

inline constexpr int step = 200;

/// Characters that a pattern of SCAN takes for more than themselves.
inline std::string literal(std::string_view text) {
    std::string escaped;
    for (const char one : text) {
        if (std::string_view("*?[]^\\-").find(one) != std::string_view::npos) escaped += '\\';
        escaped += one;
    }
    return escaped;
}

/// What stands between `begin` and `end`, decoded; false when the key is another one.
inline bool name_in(std::string_view key, std::string_view begin, std::string_view end, std::string& name) {
    if (key.size() < begin.size() + end.size() || !key.starts_with(begin) || !key.ends_with(end)) return false;
    name = name_of_key(key.substr(begin.size(), key.size() - begin.size() - end.size()));
    return true;
}

} // namespace sweep

/// Runs that a key names, and what to do about those that nobody knows.
struct registry_core::suspect {
    enum class kind : std::uint8_t {
        run,
        session,
        user,
        room,
    };
    kind what;
    std::string name;
    std::vector<std::string> runs;
};

STOMPCHAT_DECL void registry_core::sweep_if_due() {
    const steady_time now = std::chrono::steady_clock::now();
    if (closed_ || sweeping_ || options_.sweep_interval.count() == 0 || now < next_sweep_) return;
    next_sweep_ = now + options_.sweep_interval;
    sweeping_ = true;
    spawn(sweep_all());
}

STOMPCHAT_DECL task<void> registry_core::sweep_all() {
    // One node of the cluster in each interval.
    command claim;
    claim.add("SET").add(keys_.sweep()).add("1").add("NX").add("EX").add(std::max<std::int64_t>(options_.sweep_interval.count(), 1));
    const answer mine = co_await ask(std::move(claim));
    std::string cursor = "0";
    const std::string all = sweep::literal(keys_.rest()) + '*';
    while (!mine.ec && !mine.what.is_nil() && !closed_ && holds_a_lease()) {
        const steady_time begun = std::chrono::steady_clock::now();
        command what;
        what.add("SCAN").add(cursor).add("MATCH").add(all).add("COUNT").add(sweep::step);
        const answer page = co_await ask(std::move(what));
        if (page.ec) break;
        std::vector<std::string> keys;
        for (const reply& one : page.what[1].elements()) keys.push_back(one.text());
        const bool done = co_await sweep_some(std::move(keys));
        cursor = page.what[0].text();
        if (!done || cursor == "0") break;
        const auto share = std::chrono::milliseconds(1000 * sweep::step / std::max<std::size_t>(options_.sweep_rate, 1));
        const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
        if (used < share) co_await pause(share - used);
    }
    sweeping_ = false;
}

STOMPCHAT_DECL task<bool> registry_core::sweep_some(std::vector<std::string> keys) {
    std::vector<suspect> suspects;
    std::vector<std::string> runs;
    for (const std::string& key : keys) {
        const bool done = co_await read_suspect(key, suspects);
        if (!done) co_return false;
    }
    for (const suspect& one : suspects) runs.insert(runs.end(), one.runs.begin(), one.runs.end());
    std::sort(runs.begin(), runs.end());
    runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
    std::vector<int> states;
    const error_code ec = co_await states_of(runs, states);
    if (ec) co_return false;
    for (suspect& one : suspects) {
        for (const std::string& run : one.runs) {
            const auto at = std::lower_bound(runs.begin(), runs.end(), run) - runs.begin();
            if (states[static_cast<std::size_t>(at)] != 0) continue;
            log(severity::warning, "redis: an entry of " + run + ", of which nothing is known, is removed");
            const bool done = co_await sweep_away(one, run);
            if (!done) co_return false;
        }
    }
    co_return true;
}

STOMPCHAT_DECL task<bool> registry_core::read_suspect(std::string key, std::vector<suspect>& into) {
    suspect found{suspect::kind::run, {}, {}};
    command what;
    if (sweep::name_in(key, keys_.rest() + "nu:{", "}", found.name)) {
        const std::size_t begin = keys_.rest().size() + 4;
        found.runs.push_back(key.substr(begin, key.size() - begin - 1));
        into.push_back(std::move(found));
        co_return true;
    }
    if (sweep::name_in(key, keys_.rest() + "s:{", "}", found.name)) {
        found.what = suspect::kind::session;
        what.add("HMGET").add(key).add("n");
    } else if (sweep::name_in(key, keys_.rest() + "u:{", "}:s", found.name)) {
        found.what = suspect::kind::user;
        what.add("HVALS").add(key);
    } else if (sweep::name_in(key, keys_.rest() + "r:{", "}:n", found.name)) {
        found.what = suspect::kind::room;
        what.add("HKEYS").add(key);
    } else {
        co_return true;
    }
    const answer got = co_await ask(std::move(what));
    if (got.ec) co_return false;
    for (const reply& one : got.what.elements()) {
        const std::string run(looks::cut(one.text()).first);
        if (run.find('/') != std::string::npos && std::find(found.runs.begin(), found.runs.end(), run) == found.runs.end())
            found.runs.push_back(run);
    }
    into.push_back(std::move(found));
    co_return true;
}

STOMPCHAT_DECL task<bool> registry_core::sweep_away(const suspect& which, std::string run) {
    if (which.what == suspect::kind::run) {
        command what;
        what.add("ZADD").add(keys_.dead()).add("NX").add(0).add(run);
        const answer got = co_await ask(std::move(what));
        co_return !got.ec;
    }
    const writer nobody;
    if (which.what == suspect::kind::session) {
        command ask_user;
        ask_user.add("HGET").add(keys_.session(which.name)).add("u");
        const answer user = co_await ask(std::move(ask_user));
        if (user.ec) co_return false;
        forgotten gone;
        gone.session = which.name;
        gone.user = user.what.text();
        gone.run = std::move(run);
        gone.version = static_cast<std::uint64_t>(never);
        const error_code ec = co_await remove(nobody, std::move(gone));
        co_return !ec;
    }
    const bool is_room = which.what == suspect::kind::room;
    const std::string key = is_room ? keys_.places(which.name) : keys_.user(which.name);
    std::string cursor = "0";
    do {
        const answer page = co_await scan(key, cursor);
        if (page.ec) co_return false;
        const auto entries = page.what.elements();
        for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
            if (looks::cut(entries[i + 1].text()).first != run) continue;
            const std::string& session = entries[i].text();
            command keys = is_room ? keys_of_room(which.name) : words::one_key(key);
            command rest = is_room ? place(which.name, session, run, static_cast<std::uint64_t>(never))
                                   : words::session_and_run(session, run, static_cast<std::uint64_t>(never));
            const answer got =
                co_await write(nobody, is_room ? scripts().exit : scripts().remove_from_user, std::move(keys), std::move(rest));
            if (got.ec) co_return false;
        }
    } while (cursor != "0");
    co_return true;
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
