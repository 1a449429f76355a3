// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_BROKER_HEALTH_HPP
#define STOMPCHAT_NODE_DETAIL_BROKER_HEALTH_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/broker.hpp>

#include <atomic>
#include <chrono>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** Whether the node reaches the log, and since when it does not.
    Thread safety: on_state() is for one thread at a time, the others may be called from any thread. */
class broker_health {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit broker_health(time_point now) noexcept : lost_at_(now.time_since_epoch().count()) {}

    void on_state(broker_state next, time_point now) noexcept {
        if (state() == broker_state::ready && next != broker_state::ready)
            lost_at_.store(now.time_since_epoch().count(), std::memory_order_release);
        if (next == broker_state::ready) ever_ready_.store(true, std::memory_order_release);
        state_.store(next, std::memory_order_release);
    }

    broker_state state() const noexcept { return state_.load(std::memory_order_acquire); }
    bool refused() const noexcept { return state() == broker_state::refused; }

    /// How long it has not been ready; zero while it is.
    time_point::duration lost_for(time_point now) const noexcept {
        if (state() == broker_state::ready) return {};
        return now - time_point(time_point::duration(lost_at_.load(std::memory_order_acquire)));
    }

    /// Whether clients should still be sent here: a broker that was ready may be away for less than `patience`.
    bool serves(std::chrono::milliseconds patience, time_point now) const noexcept {
        const broker_state is = state();
        if (is == broker_state::ready) return true;
        return is == broker_state::unavailable && ever_ready_.load(std::memory_order_acquire) && lost_for(now) < patience;
    }

private:
    std::atomic<broker_state> state_{broker_state::starting};
    std::atomic<time_point::rep> lost_at_;
    std::atomic<bool> ever_ready_{false};
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
