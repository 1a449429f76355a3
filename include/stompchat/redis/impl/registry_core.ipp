// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REGISTRY_CORE_IPP
#define STOMPCHAT_REDIS_IMPL_REGISTRY_CORE_IPP

#include <stompchat/redis/detail/registry_core.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

STOMPCHAT_DECL registry_core::registry_core(redis_client& client, redis_registry_options options, observer* log)
    : executor_(client.get_executor()), commands_(client.commands()), options_(std::move(options)),
      command_timeout_(client.options().command_timeout), keys_(options_.cluster, client.options().database), log_(log), last_version_(0),
      clear_up_timer_(executor_), next_sweep_(std::chrono::steady_clock::now() + options_.sweep_interval) {}

STOMPCHAT_DECL void registry_core::start() { commands_->watch(std::shared_ptr<connection_watcher>(shared_from_this(), this)); }

STOMPCHAT_DECL void registry_core::on_connected(const server_info& server) {
    connected_ = true;
    if (!run_id_.empty() && run_id_ != server.run_id) declare_all_dead("another Redis answers, or it was started anew");
    run_id_ = server.run_id;
}

STOMPCHAT_DECL void registry_core::on_lost(error_code) {
    connected_ = false;
    in_contact_ = false;
}

STOMPCHAT_DECL void registry_core::spawn(task<void> work) {
    // The handler keeps the core alive as long as the work runs.
    asio::co_spawn(executor_, std::move(work), [self = shared_from_this()](const std::exception_ptr&) {});
}

STOMPCHAT_DECL task<void> registry_core::finish(task<error_code> work, done finished) {
    const error_code ec = co_await std::move(work);
    finished(ec);
}

STOMPCHAT_DECL task<registry_core::answer> registry_core::call(const script& which, command what) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void(answer)>(
        [this](auto handler, const script* run, command with) {
            commands_->run(*run, std::move(with), [handler = std::move(handler)](error_code ec, reply& got) mutable {
                answer told;
                told.ec = ec;
                told.what = std::move(got);
                std::move(handler)(std::move(told));
            });
        },
        asio::use_awaitable, &which, std::move(what));
}

STOMPCHAT_DECL task<registry_core::answer> registry_core::ask(command what) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void(answer)>(
        [this](auto handler, command with) {
            commands_->send(std::move(with), [handler = std::move(handler)](error_code ec, reply& got) mutable {
                answer told;
                told.ec = ec;
                told.what = std::move(got);
                std::move(handler)(std::move(told));
            });
        },
        asio::use_awaitable, std::move(what));
}

STOMPCHAT_DECL task<void> registry_core::pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(executor_, time);
    co_await timer.async_wait(asio::use_awaitable);
}

/// A script that Redis refuses for so long will not be taken.
inline constexpr std::chrono::seconds hopeless{10};

/// Whether an error of Redis is about its state and not about the command.
inline bool is_passing(std::string_view error_text) {
    for (const std::string_view one : {"OOM", "LOADING", "BUSY", "MASTERDOWN", "READONLY", "NOREPLICAS", "MISCONF", "TRYAGAIN"})
        if (error_text.starts_with(one)) return true;
    return false;
}

/** Runs a script that changes something until Redis has answered it.

    It does nothing when Redis's clock is past the time that it is given: that is the end of the lease of who writes, and not later than
   when the sender gives the command up. So when another try begins, the one before can take no effect any more. */
STOMPCHAT_DECL task<registry_core::answer> registry_core::write(writer by, const script& which, command keys, command rest) {
    if (by.run == nullptr) {
        keys.add(never).append(rest);
        co_return co_await call(which, std::move(keys));
    }
    answer failed;
    for (int corrections = 0;;) {
        if (closed_ || by.run->dead) {
            failed.ec = closed_ ? error::stopped : error::stale_incarnation;
            co_return failed;
        }
        const steady_time sent = std::chrono::steady_clock::now();
        command what = keys;
        what.add(std::min(by.run->lease_end, clock_.at_least(sent) + command_timeout_.count())).append(rest);
        answer got = co_await call(which, std::move(what));
        const steady_time now = std::chrono::steady_clock::now();
        if (got.ec == error::stopped) co_return got;
        if (!got.ec) {
            if (got.what[0].integer() != -1) co_return got;
            // Too late. Redis's clock may have been taken for slower than it is.
            const std::int64_t redis_now = got.what[1].integer();
            clock_.set(redis_now, now);
            if (redis_now <= by.run->lease_end && ++corrections % 4 != 0) continue;
        } else if (got.what.is_error() && !is_passing(got.what.text()) && now - by.request->given > hopeless) {
            co_return got;
        }
        if (by.request->finished && now - by.request->given >= options_.patience) by.request->finished(error::registry_unavailable);
        co_await pause(connected_ ? std::chrono::milliseconds(50) : std::chrono::milliseconds(250));
    }
}

STOMPCHAT_DECL std::uint64_t registry_core::next_version() {
    // By the clock, so that a process that comes later has greater ones.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto by_clock = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
    return last_version_ = std::max(by_clock, last_version_ + 1);
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
