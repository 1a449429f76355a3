// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_MEMBERSHIP_HPP
#define STOMPCHAT_NODE_DETAIL_MEMBERSHIP_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/cluster_view.hpp>
#include <stompchat/node/detail/broker_health.hpp>
#include <stompchat/node/options.hpp>
#include <stompchat/ports/session_registry.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** The node among the others: its lease, the incarnation under which its sessions are registered, and who else is alive.

    1. The lease is renewed five times while it lasts. With each answer the node asks who else lives; that view is all that anybody in the
       node knows of other nodes.
    2. *Stale*: the node was declared dead, or the registry has lost its data. *Failed*: the registry did not do what it was asked to (a
       session, a room), so that it may show what is no more, and not show what is. Both are cured in one way: the node takes a new
       incarnation, and registers all that its shards hold again under it. The old incarnation's entries are nobody's, and the registry
       forgets them. No session notices.
    3. The new incarnation is used when its lease is held: what a shard registers before that is covered by what it registers again after.
    4. A failure of an incarnation that is not used any more counts for nothing. While the registry does not answer there is nothing to be
       done; the first lease that is held shows whether anything failed meanwhile.
    5. Storms are bounded: after each time the next one waits longer, from one lease up to twelve, until ten leases have passed quietly.

    Thread safety: start(), leave() and stop() are for the thread of the context; the others may be called from any thread.
    Lifetime: kept alive by the registry's handlers; its callbacks are not called after stop(). */
class membership : public std::enable_shared_from_this<membership> {
public:
    struct callbacks {
        /// The registry has answered for the first time, whatever it said.
        std::function<void()> answered;
        /// Registers all sessions again, then calls what it was given with how many there were.
        std::function<void(std::function<void(std::size_t)>)> register_again;
        /// There is a new view.
        std::function<void()> looked;
    };

    STOMPCHAT_DECL membership(boost::asio::io_context& context, session_registry& registry, observer& watcher,
                              const chat_node_options& options, node_incarnation self, const broker_health& health);

    STOMPCHAT_DECL void start(callbacks to);
    /// Nothing is renewed any more.
    STOMPCHAT_DECL void stop();
    /// The last word: with `places` the lease goes on for the time of grace, in which users may come back on another node.
    STOMPCHAT_DECL void leave(bool places, std::function<void(error_code)> done);

    /// The incarnation under which sessions are registered now.
    node_incarnation self() const { return {name_, incarnation()}; }
    std::uint64_t incarnation() const noexcept { return incarnation_.load(std::memory_order_acquire); }
    const std::string& name() const noexcept { return name_; }
    /// Whether something that was registered under that incarnation has failed.
    bool failed(std::uint64_t incarnation) const noexcept { return failed_.load(std::memory_order_acquire) == incarnation; }
    /// Whether the registry answered last time.
    bool reachable() const noexcept { return reachable_.load(std::memory_order_acquire); }
    STOMPCHAT_DECL std::shared_ptr<const cluster_view> view() const;

    /// How an operation of an incarnation has ended that registers something.
    STOMPCHAT_DECL void note(error_code ec, std::uint64_t incarnation, std::string_view what);

private:
    using time_point = std::chrono::steady_clock::time_point;

    STOMPCHAT_DECL void hold();
    STOMPCHAT_DECL void on_held(std::uint64_t asked, error_code ec);
    STOMPCHAT_DECL void on_looked(error_code ec, std::vector<live_node> alive);
    STOMPCHAT_DECL void end_of_beat();
    STOMPCHAT_DECL void renew(const char* why);
    STOMPCHAT_DECL void adopt(std::uint64_t incarnation);
    node_status status() const { return node_status(health_.state() == broker_state::ready, options_.public_url); }

    session_registry& registry_;
    observer& watcher_;
    const chat_node_options& options_;
    const broker_health& health_;
    const std::string name_;
    boost::asio::io_context& context_;
    boost::asio::steady_timer timer_;
    callbacks to_;

    std::atomic<std::uint64_t> incarnation_;
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<bool> reachable_{false};
    mutable std::mutex mutex_;
    std::shared_ptr<const cluster_view> view_;

    bool stopped_ = false;
    bool at_once_ = false; // the next beat does not wait
    bool answered_ = false;
    std::uint64_t next_ = 0; // the incarnation to come; 0 = none is needed
    time_point beat_began_;
    time_point renewed_at_ = time_point::min();
    time_point renew_at_ = time_point::min(); // not before
    std::chrono::milliseconds pause_{0};
};

/// The number of a new run: greater than all before, and differs between nodes that begin in the same millisecond.
STOMPCHAT_DECL std::uint64_t new_incarnation(std::uint64_t after = 0);

} // namespace stompchat::inline STOMPCHAT_ABI::node

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/membership.ipp>
#endif

#endif
