// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REGISTRY_LOOKS_IPP
#define STOMPCHAT_REDIS_IMPL_REGISTRY_LOOKS_IPP

#include <stompchat/redis/detail/registry_core.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {
namespace looks {

/// Elements of a step through a hash: Redis does nothing else meanwhile, for some hundred microseconds.
inline constexpr int step = 512;
/// So many users are read at once, at one version.
inline constexpr std::size_t most_at_once = 4096;

/// `first rest`, cut at the first space.
inline std::pair<std::string_view, std::string_view> cut(std::string_view text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return {text, {}};
    return {text.substr(0, space), text.substr(space + 1)};
}

inline std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// Those users of a room whose names come first, with their sessions.
class first_users {
public:
    explicit first_users(std::size_t most) : most_(most) {}

    void add(std::string_view user, const std::string& session) {
        auto at = users_.find(user);
        if (at == users_.end()) {
            if (users_.size() == most_ && user > users_.rbegin()->first) return;
            at = users_.try_emplace(std::string(user)).first;
            if (users_.size() > most_) users_.erase(std::prev(users_.end()));
        }
        // A step through a hash may show an entry twice.
        const std::size_t which = std::hash<std::string>()(session);
        if (std::find(at->second.begin(), at->second.end(), which) == at->second.end()) at->second.push_back(which);
    }
    const auto& all() const noexcept { return users_; }

private:
    const std::size_t most_;
    std::map<std::string, std::vector<std::size_t>, std::less<>> users_;
};

} // namespace looks

template <class Result>
void registry_core::look(found<Result> finished, look_work<Result> work) {
    spawn(finish_look<Result>(std::move(finished), std::move(work)));
}

template <class Result>
task<void> registry_core::finish_look(found<Result> finished, look_work<Result> work) {
    Result result;
    error_code ec;
    if (closed_)
        ec = error::stopped;
    else
        ec = co_await work(result);
    if (ec) result = Result();
    finished(ec, std::move(result));
}

STOMPCHAT_DECL task<registry_core::answer> registry_core::scan(std::string key, std::string& cursor) {
    command what;
    what.add("HSCAN").add(key).add(cursor).add("COUNT").add(looks::step);
    answer got = co_await ask(std::move(what));
    answer page;
    page.ec = got.ec;
    if (got.what.elements().size() == 2) {
        cursor = got.what[0].text();
        page.what = std::move(got.what.elements()[1]);
    }
    co_return page;
}

STOMPCHAT_DECL task<error_code> registry_core::states_of(const std::vector<std::string>& runs, std::vector<int>& into) {
    into.clear();
    if (runs.empty()) co_return error_code();
    command what;
    what.add(2).add(keys_.nodes()).add(keys_.dead());
    for (const std::string& one : runs) what.add(one);
    const answer got = co_await call(scripts().alive, std::move(what));
    if (got.ec) co_return got.ec;
    for (const reply& one : got.what.elements()) into.push_back(static_cast<int>(one.integer()));
    into.resize(runs.size());
    co_return error_code();
}

STOMPCHAT_DECL task<error_code> registry_core::keep_alive_only(std::vector<std::pair<std::string, std::string>>& sessions,
                                                               std::vector<std::string>& alive) {
    for (const auto& one : sessions)
        if (std::find(alive.begin(), alive.end(), one.second) == alive.end()) alive.push_back(one.second);
    std::vector<int> states;
    const error_code ec = co_await states_of(alive, states);
    if (ec) co_return ec;
    std::vector<std::string> kept;
    for (std::size_t i = 0; i != alive.size(); ++i)
        if (states[i] == 1) kept.push_back(alive[i]);
    alive = std::move(kept);
    std::erase_if(sessions, [&](const auto& one) { return std::find(alive.begin(), alive.end(), one.second) == alive.end(); });
    co_return error_code();
}

// Sessions.

STOMPCHAT_DECL void registry_core::sessions_of(std::string user, found<std::vector<session_record>> finished) {
    look<std::vector<session_record>>(std::move(finished),
                                      [this, user = std::move(user)](auto& into) { return look_sessions_of(user, into); });
}

STOMPCHAT_DECL task<error_code> registry_core::look_sessions_of(std::string user, std::vector<session_record>& into) {
    std::vector<std::pair<std::string, std::string>> sessions; // and their runs
    std::string cursor = "0";
    do {
        const answer page = co_await scan(keys_.user(user), cursor);
        if (page.ec) co_return page.ec;
        const auto entries = page.what.elements();
        for (std::size_t i = 0; i + 1 < entries.size(); i += 2)
            sessions.emplace_back(entries[i].text(), std::string(looks::cut(entries[i + 1].text()).first));
    } while (cursor != "0");
    // A step through a hash may show an entry twice.
    std::sort(sessions.begin(), sessions.end());
    sessions.erase(std::unique(sessions.begin(), sessions.end()), sessions.end());
    std::vector<std::string> alive;
    const error_code ec = co_await keep_alive_only(sessions, alive);
    if (ec) co_return ec;
    for (auto& [session, run] : sessions) into.emplace_back(std::move(session), user, run_of(run));
    co_return ec;
}

STOMPCHAT_DECL void registry_core::session(std::string id, found<std::vector<session_record>> finished) {
    look<std::vector<session_record>>(std::move(finished), [this, id = std::move(id)](auto& into) { return look_session(id, into); });
}

STOMPCHAT_DECL task<error_code> registry_core::look_session(std::string id, std::vector<session_record>& into) {
    command what;
    what.add("HMGET").add(keys_.session(id)).add("n").add("u").add("l").add("g");
    const answer got = co_await ask(std::move(what));
    if (got.ec || got.what[0].is_nil() || !got.what[2].is_nil() || !got.what[3].is_nil()) co_return got.ec;
    std::vector<std::pair<std::string, std::string>> sessions;
    sessions.emplace_back(id, got.what[0].text());
    std::vector<std::string> alive;
    const error_code ec = co_await keep_alive_only(sessions, alive);
    if (!ec && !sessions.empty()) into.emplace_back(std::move(id), got.what[1].text(), run_of(sessions.front().second));
    co_return ec;
}

// Rooms.

STOMPCHAT_DECL void registry_core::participants(std::string room, std::size_t most, found<std::vector<participant>> finished) {
    look<std::vector<participant>>(std::move(finished),
                                   [this, room = std::move(room), most](auto& into) { return look_participants(room, most, into); });
}

STOMPCHAT_DECL task<error_code> registry_core::look_participants(std::string room, std::size_t most, std::vector<participant>& into) {
    if (most == 0) co_return error_code();
    std::vector<live_node> nodes;
    error_code ec = co_await look_live(nodes);
    if (ec) co_return ec;
    std::unordered_set<std::string> alive;
    for (const live_node& one : nodes) alive.insert(run_name(one.node));
    looks::first_users users(most);
    std::string cursor = "0";
    do {
        const answer page = co_await scan(keys_.places(room), cursor);
        if (page.ec) co_return page.ec;
        const auto entries = page.what.elements();
        for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
            const auto [run, rest] = looks::cut(entries[i + 1].text());
            if (alive.contains(std::string(run))) users.add(looks::cut(rest).second, entries[i].text());
        }
    } while (cursor != "0");
    for (const auto& [user, sessions] : users.all()) into.emplace_back(user, static_cast<std::uint32_t>(sessions.size()));
    co_return error_code();
}

STOMPCHAT_DECL void registry_core::presence(std::string room, std::size_t most, found<presence_view> finished) {
    look<presence_view>(std::move(finished), [this, room = std::move(room), most](auto& into) { return look_presence(room, most, into); });
}

STOMPCHAT_DECL task<error_code> registry_core::view_of(const std::string& room, std::size_t most, presence_view& into) {
    command what;
    what.add(2).add(keys_.users(room)).add(keys_.nodes_of_room(room)).add(most);
    answer got = co_await call(scripts().view, std::move(what));
    if (got.ec) co_return got.ec;
    into.version = looks::number(got.what[0].text());
    into.count = static_cast<std::size_t>(got.what[1].integer());
    into.users.clear();
    for (const reply& one : got.what[2].elements()) into.users.push_back(one.text());
    std::sort(into.users.begin(), into.users.end());
    co_return error_code();
}

STOMPCHAT_DECL task<error_code> registry_core::look_presence(std::string room, std::size_t most, presence_view& into) {
    error_code ec = co_await view_of(room, std::min(most, looks::most_at_once), into);
    if (ec || into.count <= looks::most_at_once || into.count > most) co_return ec;
    // So many are read in steps, which show one version only if nothing changed meanwhile.
    for (int i = 0; i != 3; ++i) {
        std::vector<std::string> users;
        std::string cursor = "0";
        do {
            const answer page = co_await scan(keys_.users(room), cursor);
            if (page.ec) co_return page.ec;
            for (std::size_t at = 0; at < page.what.elements().size(); at += 2) users.push_back(page.what[at].text());
        } while (cursor != "0");
        const std::uint64_t version = into.version;
        ec = co_await view_of(room, 0, into);
        if (ec || into.count > most) co_return ec;
        if (into.version != version) continue;
        std::sort(users.begin(), users.end());
        users.erase(std::unique(users.begin(), users.end()), users.end());
        into.users = std::move(users);
        co_return error_code();
    }
    co_return error_code(); // the number, at least
}

STOMPCHAT_DECL void registry_core::interested_nodes(std::string room, found<std::vector<node_incarnation>> finished) {
    look<std::vector<node_incarnation>>(std::move(finished),
                                        [this, room = std::move(room)](auto& into) { return look_interested(room, into); });
}

STOMPCHAT_DECL task<error_code> registry_core::look_interested(std::string room, std::vector<node_incarnation>& into) {
    command what;
    what.add("HKEYS").add(keys_.nodes_of_room(room));
    const answer got = co_await ask(std::move(what));
    if (got.ec) co_return got.ec;
    std::vector<std::string> runs;
    for (const reply& one : got.what.elements())
        if (one.text().find('/') != std::string::npos) runs.push_back(one.text());
    std::vector<int> states;
    const error_code ec = co_await states_of(runs, states);
    if (ec) co_return ec;
    for (std::size_t i = 0; i != runs.size(); ++i)
        if (states[i] == 1) into.push_back(run_of(runs[i]));
    co_return error_code();
}

// Nodes.

STOMPCHAT_DECL void registry_core::live_nodes(found<std::vector<live_node>> finished) {
    look<std::vector<live_node>>(std::move(finished), [this](auto& into) { return look_live(into); });
}

STOMPCHAT_DECL task<error_code> registry_core::look_live(std::vector<live_node>& into) {
    command what;
    what.add(2).add(keys_.nodes()).add(keys_.status());
    const answer got = co_await call(scripts().live, std::move(what));
    if (got.ec) co_return got.ec;
    const auto told = got.what.elements();
    for (std::size_t i = 0; i + 1 < told.size(); i += 2) {
        const std::string& status = told[i + 1].text();
        node_status says(status.empty() || status.front() != '0', status.empty() ? std::string() : status.substr(1));
        into.emplace_back(run_of(told[i].text()), std::move(says));
    }
    co_return error_code();
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
