// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REGISTRY_REAPER_IPP
#define STOMPCHAT_REDIS_IMPL_REGISTRY_REAPER_IPP

#include <stompchat/redis/detail/registry_core.hpp>
#include <stompchat/redis/impl/registry_looks.ipp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

// Clearing up behind dead runs. Whoever holds a lease asks now and then whether there is one; Redis gives each to one asker for a time,
// and again to another when that one did not come to an end. Two at once do no harm.

STOMPCHAT_DECL bool registry_core::holds_a_lease() const {
    return std::any_of(runs_.begin(), runs_.end(), [](const run_state& one) { return one.held && !one.dead; });
}

STOMPCHAT_DECL void registry_core::clear_up_in(std::chrono::milliseconds time) {
    if (closed_ || clearing_up_) return;
    const auto at = std::chrono::steady_clock::now() + time;
    if (clear_up_waits_ && clear_up_timer_.expiry() <= at) return;
    clear_up_waits_ = true;
    clear_up_timer_.expires_at(at);
    clear_up_timer_.async_wait([weak = weak_from_this()](error_code ec) {
        const auto self = weak.lock();
        if (ec || self == nullptr || self->closed_) return;
        self->clear_up_waits_ = false;
        if (self->clearing_up_ || !self->holds_a_lease()) return;
        self->clearing_up_ = true;
        self->spawn(self->clear_up());
    });
}

STOMPCHAT_DECL task<void> registry_core::clear_up() {
    while (!closed_ && holds_a_lease()) {
        command what;
        what.add(1).add(keys_.dead()).add(clock_.at_least(std::chrono::steady_clock::now()) + command_timeout_.count());
        what.add(reaper::claim.count());
        const answer got = co_await call(scripts().claim_dead, std::move(what));
        if (got.ec || got.what[0].integer() != 0 || got.what[1].is_nil()) break;
        const bool whole = co_await reap(got.what[1].text());
        if (!whole) break;
    }
    clearing_up_ = false;
    sweep_if_due();
    const std::chrono::milliseconds least(50);
    const std::chrono::milliseconds most(1000);
    if (holds_a_lease()) clear_up_in(std::clamp(lease_ / 4, least, most));
}

/// Sessions of a dead run, and who forgets them.
struct registry_core::batch {
    explicit batch(const asio::any_io_executor& executor, std::string of) : run(std::move(of)), ended(executor) {}

    const std::string run;
    std::vector<std::pair<std::string, std::string>> sessions; // and their users
    std::size_t next = 0;
    std::size_t workers = 0;
    bool failed = false;
    asio::steady_timer ended; // cancelled when the last worker has ended
};

STOMPCHAT_DECL task<bool> registry_core::reap(std::string run) {
    std::size_t forgotten_sessions = 0;
    for (int round = 0; round != 8; ++round) {
        std::string cursor = "0";
        do {
            const answer page = co_await scan(keys_.sessions_of_run(run), cursor);
            if (page.ec || closed_) co_return false;
            const auto work = std::make_shared<batch>(executor_, run);
            const auto entries = page.what.elements();
            for (std::size_t i = 0; i + 1 < entries.size(); i += 2)
                work->sessions.emplace_back(entries[i].text(), std::string(looks::cut(entries[i + 1].text()).second));
            forgotten_sessions += work->sessions.size();
            const bool done = co_await reap_all_of(work);
            if (!done) co_return false;
            const bool kept = co_await extend(run, reaper::claim);
            if (!kept) co_return false;
        } while (cursor != "0");

        command left;
        left.add("EXISTS").add(keys_.sessions_of_run(run));
        const answer got = co_await ask(std::move(left));
        if (got.ec) co_return false;
        if (got.what.integer() != 0) continue;
        if (forgotten_sessions != 0) log(severity::info, "redis: forgot " + std::to_string(forgotten_sessions) + " sessions of " + run);
        co_return co_await extend(run, std::chrono::milliseconds(0));
    }
    co_return false;
}

STOMPCHAT_DECL task<bool> registry_core::reap_all_of(std::shared_ptr<batch> what) {
    what->workers = std::min(options_.reap_at_once, what->sessions.size());
    if (what->workers == 0) co_return true;
    what->ended.expires_at(steady_time::max());
    for (std::size_t i = what->workers; i != 0; --i) spawn(reap_some_of(what));
    error_code ignored;
    co_await what->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return !what->failed;
}

STOMPCHAT_DECL task<void> registry_core::reap_some_of(std::shared_ptr<batch> what) {
    while (what->next != what->sessions.size() && !what->failed && !closed_) {
        const auto& [session, user] = what->sessions[what->next++];
        forgotten gone;
        gone.session = session;
        gone.user = user;
        gone.run = what->run;
        gone.version = static_cast<std::uint64_t>(never);
        const writer nobody;
        const error_code ec = co_await remove(nobody, std::move(gone));
        if (ec) what->failed = true;
    }
    if (--what->workers == 0) what->ended.cancel();
}

STOMPCHAT_DECL task<bool> registry_core::extend(std::string run, std::chrono::milliseconds time) {
    command what;
    what.add(1).add(keys_.dead()).add(never).add(run).add(time.count());
    const answer got = co_await call(scripts().extend, std::move(what));
    co_return !got.ec;
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
