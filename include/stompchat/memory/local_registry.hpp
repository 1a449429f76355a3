// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_LOCAL_REGISTRY_HPP
#define STOMPCHAT_MEMORY_LOCAL_REGISTRY_HPP

#include <stompchat/config.hpp>
#include <stompchat/memory/detail/name_table.hpp>
#include <stompchat/memory/detail/registry_entries.hpp>
#include <stompchat/ports/detail/presence_feed.hpp>
#include <stompchat/ports/session_registry.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a local_registry is like. */
struct local_registry_options {
    /// The clock by which leases end. Called from any thread, also at once.
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/** A session registry in the memory of this process, for a node that stands alone, or for several nodes of one process.

    A lease that has ended can be taken up again, until async_hold_lease() of another node finds it ended: that declares the incarnation
    dead and forgets what it registered. So a process that was paused goes on where it was, and the others clean up behind a node that is
   gone. Thread safety: as the port says. Memory: what is registered (about 200 octets for a session in one
    room, and the names of user and room once), and a few octets for every node name that was ever seen. */
class local_registry final : public session_registry {
public:
    /// `executor` runs handlers that have no executor of their own.
    STOMPCHAT_DECL explicit local_registry(asio::any_io_executor executor, local_registry_options options = {});

    asio::any_io_executor get_executor() const override { return executor_; }

    /// How many sessions are registered, and how many rooms have a participant, shown or not. For tests.
    STOMPCHAT_DECL std::size_t sessions() const;
    /// See sessions().
    STOMPCHAT_DECL std::size_t rooms() const;

    /// With `false` every operation fails with `error::registry_unavailable`. For tests of what stands on it.
    void inject_available(bool available) {
        available_ = available;
        if (!available) feed_->interrupt();
    }
    /// As if the registry had been emptied: nothing is known any more, and nodes that go on as if nothing had happened are told
    /// `error::stale_incarnation`. For tests of what stands on it.
    STOMPCHAT_DECL void inject_data_loss();

private:
    using time_point = std::chrono::steady_clock::time_point;

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

    template <class Change>
    void change(done& finished, Change change);
    template <class Result, class Finished, class Look>
    void look_up(Finished& finished, Look look) const;

    // With the lock held.
    STOMPCHAT_DECL error_code hold(const node_incarnation& node, node_status status, std::chrono::milliseconds lease, time_point now);
    STOMPCHAT_DECL error_code check(const node_incarnation& node) const;
    STOMPCHAT_DECL memory::node_entry* node_of(const std::string& name);
    STOMPCHAT_DECL memory::session_entry* registered(const session_record& session);
    STOMPCHAT_DECL void bury(memory::node_entry& node);
    STOMPCHAT_DECL void forget(memory::session_entry& session);
    STOMPCHAT_DECL void leave(const memory::place& left);
    STOMPCHAT_DECL void give_up(const memory::place& left);
    STOMPCHAT_DECL void user_changed(memory::room_entry& room, std::string_view user, bool joined);
    STOMPCHAT_DECL std::uint64_t first_version();

    const asio::any_io_executor executor_;
    const local_registry_options options_;
    std::atomic<bool> available_{true};
    mutable std::mutex mutex_;
    std::map<std::string, memory::node_entry> nodes_;
    memory::name_table<memory::user_entry> users_;
    memory::name_table<memory::room_entry> rooms_;
    memory::name_table<memory::session_entry> sessions_;
    std::uint64_t last_first_version_ = 0;
    const std::shared_ptr<detail::presence_feed> feed_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/memory/impl/local_registry.ipp>
#endif

#endif
