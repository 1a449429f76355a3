// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_EVACUATION_HPP
#define STOMPCHAT_NODE_DETAIL_EVACUATION_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/cluster_view.hpp>
#include <stompchat/node/detail/broker_health.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** When clients are better off on another node.

    1. The log has been out of reach for `patience`, and all that time, for a lease at least, some other node has said that it reaches it.
       (Nodes notice the end of a broker one after the other. Who has not noticed yet is no better place.)
    2. When no other node says so, or the registry does not answer, clients stay: their messages wait, and nothing is gained elsewhere.
    3. A broker that has refused to serve never comes back: nobody stays, and nobody can tell what they would miss.
    Thread safety: one object is for one thread at a time. */
class send_away_rule {
public:
    using time_point = broker_health::time_point;
    using duration = time_point::duration;

    send_away_rule(duration patience, duration lease) noexcept : patience_(patience), lease_(lease) {}

    /// What holds now. `others_reach_it`: as some other node has said with its last heart-beat.
    bool holds(broker_state state, duration lost_for, bool others_reach_it, time_point now) noexcept {
        if (state == broker_state::refused) return true;
        if (state == broker_state::ready || state == broker_state::stopped || !others_reach_it) {
            others_since_ = time_point::max();
            return false;
        }
        others_since_ = std::min(others_since_, now);
        return lost_for >= patience_ && now - others_since_ >= lease_;
    }

    /// Whether a node other than that one says that it reaches the log.
    static bool others_reach_it(const cluster_view& view) {
        return view.current && std::any_of(view.nodes.begin(), view.nodes.end(), [&](const live_node& one) {
                   return one.node.node != view.self.node.node && one.status.broker_ready;
               });
    }

private:
    const duration patience_;
    const duration lease_;
    time_point others_since_ = time_point::max();
};

/** Sends the node's clients away as long as the rule says so, a bounded number a second.
    Thread safety: for the thread of the context. Lifetime: nothing is called after stop(). */
class evacuation {
public:
    /// Tells a shard to send at most so many sessions away.
    using send_away = std::function<void(std::size_t shard, std::size_t most)>;

    evacuation(boost::asio::io_context& context, std::size_t shards, std::size_t rate, send_away_rule rule, std::atomic<bool>& active,
               send_away send)
        : shards_(shards), rate_(rate), rule_(rule), active_(active), send_(std::move(send)), timer_(context) {}

    /// There is a new view. True when the answer has changed.
    bool look(const broker_health& health, const cluster_view& view, send_away_rule::time_point now) {
        const bool holds = !stopped_ && rule_.holds(health.state(), health.lost_for(now), send_away_rule::others_reach_it(view), now);
        if (active_.exchange(holds) == holds) return false;
        if (holds)
            turn();
        else
            timer_.cancel();
        return true;
    }

    void stop() {
        if (stopped_) return;
        stopped_ = true;
        active_ = false;
        timer_.cancel();
    }

private:
    static constexpr std::size_t turns_a_second = 10;

    void turn() {
        // What a turn cannot divide the later ones send.
        owed_ += rate_;
        std::size_t now = owed_ / turns_a_second;
        owed_ %= turns_a_second;
        for (std::size_t i = 0; i != shards_ && now != 0; ++i) {
            const std::size_t share = (now + shards_ - i - 1) / (shards_ - i);
            send_((next_shard_ + i) % shards_, share);
            now -= share;
        }
        next_shard_ = (next_shard_ + 1) % shards_;
        timer_.expires_after(std::chrono::milliseconds(1000 / turns_a_second));
        timer_.async_wait([this](boost::system::error_code ec) {
            if (!ec && !stopped_ && active_) turn();
        });
    }

    const std::size_t shards_;
    const std::size_t rate_;
    send_away_rule rule_;
    std::atomic<bool>& active_;
    const send_away send_;
    boost::asio::steady_timer timer_;
    std::size_t owed_ = 0; // in tenths
    std::size_t next_shard_ = 0;
    bool stopped_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
