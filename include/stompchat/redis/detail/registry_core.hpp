// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_REGISTRY_CORE_HPP
#define STOMPCHAT_REDIS_DETAIL_REGISTRY_CORE_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/observer.hpp>
#include <stompchat/ports/session_registry.hpp>
#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/detail/registry_keys.hpp>
#include <stompchat/redis/detail/registry_scripts.hpp>
#include <stompchat/redis/redis_client.hpp>
#include <stompchat/redis/redis_registry.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::redis {

using steady_time = std::chrono::steady_clock::time_point;

template <class Result>
using task = asio::awaitable<Result>;

/// Behind every time and every version.
inline constexpr std::int64_t never = (std::int64_t(1) << 53) - 1;

namespace reaper {
/// How long others leave a dead run to who clears up behind it.
inline constexpr std::chrono::milliseconds claim{10'000};
} // namespace reaper

/** What a registry knows of Redis's clock. */
class redis_clock {
public:
    /// An answer that came at `at` told the time.
    void set(std::int64_t redis_now, steady_time at) {
        known_ = true;
        told_ = redis_now;
        at_ = at;
    }
    /// The least that Redis's clock can show at `at`: the answer took some time to come here.
    std::int64_t at_least(steady_time at) const { return told_ + std::chrono::duration_cast<std::chrono::milliseconds>(at - at_).count(); }
    bool known() const noexcept { return known_; }

private:
    bool known_ = false;
    std::int64_t told_ = 0;
    steady_time at_;
};

/** One run of a node that was told of here. */
struct run_state {
    explicit run_state(const node_incarnation& of) : which(of), name(run_name(of)) {}

    const node_incarnation which;
    const std::string name;     // as Redis knows it
    bool held = false;          // it had a lease
    bool leaving = false;       // it takes no change any more
    bool dead = false;          // declared dead or replaced, its lease given back, or its data lost
    bool incomplete = false;    // changes had to be dropped
    bool queued = false;        // others know that it must be cleared up behind
    std::string generation;     // of Redis's data
    std::int64_t lease_end = 0; // by Redis's clock, at the earliest
    std::size_t changes = 0;    // given and not done
    std::size_t users = 0;      // who holds a reference over a wait
};

/// Keeps a run in its place.
class user_count {
public:
    explicit user_count(run_state& of) : of_(of) { ++of_.users; }
    user_count(const user_count&) = delete;
    ~user_count() { --of_.users; }

private:
    run_state& of_;
};

/** A change that a session's node wants. Those of one session happen in their order. */
struct change_request {
    enum class kind : std::uint8_t {
        add,
        remove,
        mark_leaving,
        join,
        leave,
    };

    kind what;
    session_record session;
    std::string room;
    stompchat::detail::completion<void(error_code)> finished; // none when the caller was told already
    steady_time given;
};

/** The work of a redis_registry. Everything runs on the client's executor, hence in one thread. */
class registry_core final : public std::enable_shared_from_this<registry_core>, private connection_watcher {
public:
    using done = stompchat::detail::completion<void(error_code)>;
    template <class Result>
    using found = stompchat::detail::completion<void(error_code, Result)>;

    STOMPCHAT_DECL registry_core(redis_client& client, redis_registry_options options, observer* log);

    STOMPCHAT_DECL void start();
    /// What is under way ends with its next answer. From the executor's thread, or when nobody runs it any more.
    void close() noexcept {
        closed_ = true;
        clear_up_timer_.cancel();
    }

    // From here on, the executor's thread.
    STOMPCHAT_DECL void hold(node_incarnation node, node_status status, std::chrono::milliseconds lease, done finished);
    STOMPCHAT_DECL void release(node_incarnation node, done finished);
    STOMPCHAT_DECL void change(change_request what);
    STOMPCHAT_DECL void sessions_of(std::string user, found<std::vector<session_record>> finished);
    STOMPCHAT_DECL void session(std::string id, found<std::vector<session_record>> finished);
    STOMPCHAT_DECL void participants(std::string room, std::size_t most, found<std::vector<participant>> finished);
    STOMPCHAT_DECL void presence(std::string room, std::size_t most, found<presence_view> finished);
    STOMPCHAT_DECL void interested_nodes(std::string room, found<std::vector<node_incarnation>> finished);
    STOMPCHAT_DECL void live_nodes(found<std::vector<live_node>> finished);

    const registry_keys& keys() const noexcept { return keys_; }

private:
    struct answer {
        error_code ec;
        reply what;
    };

    void on_connected(const server_info& server) override;
    void on_lost(error_code ec) override;

    // registry_core.ipp
    void spawn(task<void> work);
    static task<void> finish(task<error_code> work, done finished);
    task<answer> call(const script& which, command what);
    task<answer> ask(command what);
    /// A change whose writes are under way, and the run that writes. None: somebody clears up behind a dead run.
    struct writer {
        run_state* run = nullptr;
        change_request* request = nullptr;
        std::uint64_t version = 0;
    };
    /// With the number of keys and the keys, and with what follows the time until when the script may do something.
    task<answer> write(writer by, const script& which, command keys, command rest);
    task<void> pause(std::chrono::milliseconds time);
    void log(severity how, const std::string& text) {
        if (log_ != nullptr) log_->on_log(how, text);
    }
    std::uint64_t next_version();

    // registry_lease.ipp
    run_state& state_of(const node_incarnation& node);
    run_state* known(const node_incarnation& node);
    run_state* known(std::string_view name);
    void declare_dead(run_state& which, const std::string& why);
    void declare_all_dead(const std::string& why);
    bool may_bury(steady_time now, std::chrono::milliseconds length) const;
    task<error_code> hold_lease(node_incarnation node, node_status status, std::chrono::milliseconds length);
    error_code take_lease(run_state& mine, const reply& told, std::chrono::milliseconds length);
    task<error_code> give_back(node_incarnation node);
    task<void> reap_behind(std::string run, std::shared_ptr<bool> cleared);

    // registry_changes.ipp
    void begin_changes();
    void end_change(run_state& run, const std::string& session);
    task<void> perform(change_request what, run_state* run);
    task<error_code> add(writer by);
    task<error_code> mark_leaving(writer by);
    task<error_code> join(writer by);
    task<error_code> leave(writer by);
    /// A session as a run knows it, in the versions before that one.
    struct forgotten {
        forgotten() = default;
        forgotten(const session_record& of, const run_state& as, std::uint64_t before)
            : session(of.session), user(of.user), run(as.name), version(before) {}

        std::string session;
        std::string user;
        std::string run;
        std::uint64_t version = 0;
    };
    task<error_code> remove(writer by, forgotten gone);
    task<error_code> forget(writer by, forgotten gone);
    task<error_code> still_alive(run_state* run);
    command keys_of_room(std::string_view room) const;
    command place(std::string_view room, std::string_view session, std::string_view run, std::uint64_t version) const;

    // registry_looks.ipp
    template <class Result>
    using look_work = std::function<task<error_code>(Result&)>;
    template <class Result>
    void look(found<Result> finished, look_work<Result> work);
    template <class Result>
    task<void> finish_look(found<Result> finished, look_work<Result> work);
    /// Of a hash, those fields and their values that come next; moves the cursor on.
    task<answer> scan(std::string key, std::string& cursor);
    /// Of each run: 1 alive, 2 its lease has ended, 3 dead, 0 unknown.
    task<error_code> states_of(const std::vector<std::string>& runs, std::vector<int>& into);
    /// Of sessions with their runs. Tells the runs that are alive.
    task<error_code> keep_alive_only(std::vector<std::pair<std::string, std::string>>& sessions, std::vector<std::string>& alive);
    task<error_code> look_sessions_of(std::string user, std::vector<session_record>& into);
    task<error_code> look_session(std::string id, std::vector<session_record>& into);
    task<error_code> look_participants(std::string room, std::size_t most, std::vector<participant>& into);
    task<error_code> view_of(const std::string& room, std::size_t most, presence_view& into);
    task<error_code> look_presence(std::string room, std::size_t most, presence_view& into);
    task<error_code> look_interested(std::string room, std::vector<node_incarnation>& into);
    task<error_code> look_live(std::vector<live_node>& into);

    // registry_reaper.ipp
    bool holds_a_lease() const;
    void clear_up_in(std::chrono::milliseconds time);
    task<void> clear_up();
    task<bool> reap(std::string run);
    struct batch;
    task<bool> reap_all_of(std::shared_ptr<batch> what);
    task<void> reap_some_of(std::shared_ptr<batch> what);
    task<bool> extend(std::string run, std::chrono::milliseconds time);

    // registry_sweep.ipp
    struct suspect;
    void sweep_if_due();
    task<void> sweep_all();
    task<bool> sweep_some(std::vector<std::string> keys);
    task<bool> read_suspect(std::string key, std::vector<suspect>& into);
    task<bool> sweep_away(const suspect& which, std::string run);

    const asio::any_io_executor executor_;
    const std::shared_ptr<command_connection> commands_;
    const redis_registry_options options_;
    const std::chrono::milliseconds command_timeout_;
    const registry_keys keys_;
    observer* const log_;
    bool closed_ = false;

    bool connected_ = false;
    std::string run_id_;
    redis_clock clock_;
    std::uint64_t last_version_;

    std::list<run_state> runs_; // few
    bool in_contact_ = false;
    steady_time contact_since_;
    steady_time last_contact_;
    std::chrono::milliseconds lease_{5000};

    std::unordered_map<std::string, std::deque<change_request>> busy_; // by session: what waits for the change before it
    std::deque<change_request> ready_;                                 // waits for nothing but its turn
    std::size_t changing_ = 0;                                         // changes under way

    asio::steady_timer clear_up_timer_;
    bool clear_up_waits_ = false; // for the timer
    bool clearing_up_ = false;
    bool sweeping_ = false;
    steady_time next_sweep_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
