// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_REDIS_REGISTRY_HPP
#define STOMPCHAT_REDIS_REDIS_REGISTRY_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/observer.hpp>
#include <stompchat/ports/session_registry.hpp>
#include <stompchat/redis/redis_client.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI {

namespace redis {
class registry_core;
class presence_watch;
} // namespace redis

/** What a redis_registry is like. */
struct redis_registry_options {
    /// The cluster's name: nodes with the same one see each other. Part of every key.
    std::string cluster = "stompchat";
    /// How long a change waits for a Redis that does not answer before it fails with `error::registry_unavailable`. The registry makes up
    /// for it all the same as soon as Redis is back, unless there are too many.
    std::chrono::milliseconds patience{2000};
    /// Changes of one run of a node that wait or are under way. Where there are more, they are dropped, and async_hold_lease() returns
    /// `error::stale_incarnation`: the node registers everything again. So it must be more than all sessions of a node and their rooms.
    std::size_t max_changes = 2'000'000;
    /// Changes under way at once.
    std::size_t max_changes_at_once = 2'000;
    /// Sessions of a dead node that are forgotten at once.
    std::size_t reap_at_once = 64;
    /// How often a node goes through all keys for what nobody knows of any more; one node of the cluster at a time. 0 = never.
    std::chrono::seconds sweep_interval{3600};
    /// Keys that it looks at in a second.
    std::size_t sweep_rate = 2'000;
};

/** Who is where, for all nodes of a cluster, in a Redis. docs/redis.md says what stands there.

    The lease of a node ends by Redis's clock. Another node declares it dead only after it has had unbroken contact to Redis for one lease
    itself, so that a Redis that was away, or was paused, costs nobody his life. A registry that finds that Redis has lost its data, or that
    another server answers (after a fail-over, or a restart), says `error::stale_incarnation`. A change that its caller was told of as
    `error::registry_unavailable` is made up for when Redis is back; changes of one session happen in the order in which they were given.
    What a node that has just been declared dead writes before it learns of it may be taken without an error; it is shown to nobody and
    is removed.
    Thread safety: as the port says. Lifetime: the client and the observer outlive it; it is destroyed when the client has stopped, or when
    nobody runs its context any more. It looks after dead nodes as long as a lease is held through it.
    Memory: changes that wait, at most `max_changes` of about 300 octets; rooms that are watched. */
class redis_registry final : public session_registry {
public:
    /// `log`, if any, is told of what an operator may want to know.
    STOMPCHAT_DECL explicit redis_registry(redis_client& client, redis_registry_options options = {}, observer* log = nullptr);
    STOMPCHAT_DECL ~redis_registry() override;

    asio::any_io_executor get_executor() const override { return executor_; }

private:
    STOMPCHAT_DECL void do_hold_lease(node_incarnation node, node_status status, std::chrono::milliseconds lease, done finished) override;
    STOMPCHAT_DECL void do_release(node_incarnation node, done finished) override;
    STOMPCHAT_DECL void do_add_session(session_record session, done finished) override;
    STOMPCHAT_DECL void do_remove_session(session_record session, done finished) override;
    STOMPCHAT_DECL void do_mark_leaving(session_record session, done finished) override;
    STOMPCHAT_DECL void do_join(std::string room, session_record session, done finished) override;
    STOMPCHAT_DECL void do_leave(std::string room, session_record session, done finished) override;
    STOMPCHAT_DECL void do_sessions_of(std::string user, sessions_done finished) override;
    STOMPCHAT_DECL void do_session(std::string session, sessions_done finished) override;
    STOMPCHAT_DECL void do_participants(std::string room, std::size_t most, participants_done finished) override;
    STOMPCHAT_DECL void do_presence(std::string room, std::size_t most, presence_done finished) override;
    STOMPCHAT_DECL void do_watch_presence(std::string room, std::shared_ptr<presence_sink> sink, done finished) override;
    STOMPCHAT_DECL void do_unwatch_presence(std::string_view room, const std::shared_ptr<presence_sink>& sink) override;
    STOMPCHAT_DECL void do_interested_nodes(std::string room, nodes_done finished) override;
    STOMPCHAT_DECL void do_live_nodes(live_nodes_done finished) override;

    const asio::any_io_executor executor_;
    const std::shared_ptr<redis::registry_core> core_;
    const std::shared_ptr<redis::presence_watch> watch_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/redis_registry.ipp>
#endif

#endif
