// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REGISTRY_LEASE_IPP
#define STOMPCHAT_REDIS_IMPL_REGISTRY_LEASE_IPP

#include <stompchat/redis/detail/registry_core.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {
namespace lease {

/// Runs that are remembered, dead ones included: their late changes are refused without asking Redis.
inline constexpr std::size_t most_runs = 64;
/// A heart-beat that takes longer is a break of the contact.
inline constexpr std::chrono::milliseconds longest_answer{1000};
/// How long a release waits until nothing of the node is left.
inline constexpr std::chrono::milliseconds release_patience{2000};

inline std::string random_name() {
    std::random_device random;
    std::string name;
    for (int i = 0; i != 16; ++i) name += "0123456789abcdef"[random() & 15];
    return name;
}

inline std::string encoded(const node_status& status) { return (status.broker_ready ? '1' : '0') + status.url; }

} // namespace lease

STOMPCHAT_DECL run_state* registry_core::known(const node_incarnation& node) {
    const auto at = std::find_if(runs_.begin(), runs_.end(), [&](const run_state& one) { return one.which == node; });
    return at != runs_.end() ? &*at : nullptr;
}

STOMPCHAT_DECL run_state* registry_core::known(std::string_view name) {
    const auto at = std::find_if(runs_.begin(), runs_.end(), [&](const run_state& one) { return one.name == name; });
    return at != runs_.end() ? &*at : nullptr;
}

STOMPCHAT_DECL run_state& registry_core::state_of(const node_incarnation& node) {
    if (run_state* const found = known(node)) return *found;
    if (runs_.size() >= lease::most_runs) {
        const auto old =
            std::find_if(runs_.begin(), runs_.end(), [](const run_state& one) { return one.dead && one.users == 0 && one.changes == 0; });
        if (old != runs_.end()) runs_.erase(old);
    }
    return runs_.emplace_back(node);
}

STOMPCHAT_DECL void registry_core::declare_dead(run_state& which, const std::string& why) {
    if (std::exchange(which.dead, true)) return;
    log(severity::warning, "redis: " + which.name + " must register again: " + why);
}

STOMPCHAT_DECL void registry_core::declare_all_dead(const std::string& why) {
    for (run_state& one : runs_)
        if (one.held) declare_dead(one, why);
}

// Taking and renewing.

STOMPCHAT_DECL void registry_core::hold(node_incarnation node, node_status status, std::chrono::milliseconds lease, done finished) {
    spawn(finish(hold_lease(std::move(node), std::move(status), lease), std::move(finished)));
}

STOMPCHAT_DECL bool registry_core::may_bury(steady_time now, std::chrono::milliseconds length) const {
    // A pause of this process, or of the machine, breaks the contact too: what is left of a lease then is less than a heart-beat's
    // interval.
    return in_contact_ && now - contact_since_ >= length && now - last_contact_ <= length * 3 / 4;
}

STOMPCHAT_DECL task<error_code> registry_core::hold_lease(node_incarnation node, node_status status, std::chrono::milliseconds length) {
    run_state& mine = state_of(node);
    const user_count used(mine);
    if (mine.dead) co_return error::stale_incarnation;
    const bool first = !mine.held;
    std::vector<run_state*> earlier;
    if (first) {
        for (run_state& one : runs_)
            if (one.dead && !one.queued && one.which.node == node.node && &one != &mine) earlier.push_back(&one);
    }
    const auto limit = std::min(lease::longest_answer, length / 2);
    answer got;
    for (int i = 0; i != 2; ++i) {
        const steady_time sent = std::chrono::steady_clock::now();
        // A heart-beat that Redis reads later, after a pause of its own, must not find all others dead.
        const std::int64_t until = clock_.known() ? clock_.at_least(sent) + limit.count() : never;
        command what;
        what.add(5).add(keys_.nodes()).add(keys_.status()).add(keys_.dead()).add(keys_.generation()).add(keys_.latest_run(node.node));
        what.add(until).add(mine.name).add(mine.name.substr(mine.name.size() - 16)).add(length.count()).add(lease::encoded(status));
        what.add(first ? 1 : 0).add(first ? lease::random_name() : mine.generation).add(may_bury(sent, length) ? 1 : 0);
        what.add(mine.name.substr(0, mine.name.size() - 16));
        for (const run_state* const one : earlier) what.add(one->name);
        got = co_await call(scripts().hold, std::move(what));
        const steady_time now = std::chrono::steady_clock::now();
        if (got.ec) {
            in_contact_ = false;
            co_return got.ec;
        }
        if (got.what[0].integer() != -1) {
            if (!in_contact_ || now - last_contact_ > length * 3 / 4 || now - sent > limit) contact_since_ = now;
            in_contact_ = true;
            last_contact_ = now;
            break;
        }
        in_contact_ = false;
        clock_.set(got.what[1].integer(), now);
    }
    if (got.what[0].integer() == -1) co_return error::registry_unavailable;
    if (got.what[0].integer() != 0) {
        const std::string& why = got.what[1].text();
        declare_dead(mine, why);
        // What is lost for one is lost for all.
        for (run_state& one : runs_)
            if (got.what[0].integer() == 2 && one.held && one.generation == mine.generation) declare_dead(one, why);
        co_return error::stale_incarnation;
    }
    for (run_state* const one : earlier) one->queued = true;
    co_return take_lease(mine, got.what, length);
}

STOMPCHAT_DECL error_code registry_core::take_lease(run_state& mine, const reply& told, std::chrono::milliseconds length) {
    clock_.set(told[1].integer(), std::chrono::steady_clock::now());
    lease_ = length;
    mine.held = true;
    mine.lease_end = told[2].integer();
    mine.generation = told[3].text();
    for (std::size_t i = 4; i < told.elements().size(); ++i) {
        const std::string& name = told[i].text();
        log(severity::warning, "redis: the lease of " + name + " has ended; it is declared dead");
        if (run_state* const one = known(name)) declare_dead(*one, "its lease has ended");
    }
    // Another connection may have told of another server meanwhile.
    if (mine.incomplete) declare_dead(mine, "changes were dropped while Redis could not be reached");
    if (!mine.dead) clear_up_in(told.elements().size() > 4 ? std::chrono::milliseconds(0) : lease_ / 4);
    return mine.dead ? error::stale_incarnation : error_code();
}

// Giving back.

STOMPCHAT_DECL void registry_core::release(node_incarnation node, done finished) {
    spawn(finish(give_back(std::move(node)), std::move(finished)));
}

STOMPCHAT_DECL task<error_code> registry_core::give_back(node_incarnation node) {
    run_state& mine = state_of(node);
    const user_count used(mine);
    mine.leaving = true;
    const auto begun = std::chrono::steady_clock::now();
    while (mine.changes != 0 && std::chrono::steady_clock::now() - begun < options_.patience) co_await pause(std::chrono::milliseconds(10));
    // What is not answered may still be written until the lease ends. Then others clear up.
    const bool clean = mine.changes == 0 && !mine.incomplete;
    command what;
    what.add(4).add(keys_.nodes()).add(keys_.status()).add(keys_.dead()).add(keys_.latest_run(node.node));
    what.add(never).add(mine.name).add(mine.name.substr(mine.name.size() - 16)).add(clean ? reaper::claim.count() : 0);
    const answer got = co_await call(scripts().release, std::move(what));
    if (got.ec) co_return got.ec;
    mine.dead = true;
    if (got.what[0].integer() == 1) co_return error::stale_incarnation;
    mine.queued = true;
    if (!clean) co_return error_code();
    const auto cleared = std::make_shared<bool>(false);
    spawn(reap_behind(mine.name, cleared));
    const auto end = std::chrono::steady_clock::now() + lease::release_patience;
    while (!*cleared && std::chrono::steady_clock::now() < end) co_await pause(std::chrono::milliseconds(2));
    co_return error_code();
}

STOMPCHAT_DECL task<void> registry_core::reap_behind(std::string run, std::shared_ptr<bool> cleared) {
    co_await reap(std::move(run));
    *cleared = true;
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
