// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_COMMAND_CONNECTION_HPP
#define STOMPCHAT_REDIS_DETAIL_COMMAND_CONNECTION_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/redis/detail/keeper.hpp>
#include <stompchat/redis/detail/reply_handler.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** Who wants to know to which server commands go. Called on the executor. */
class connection_watcher {
public:
    /// Before any answer of this server. `run_id` differs from the last one after a restart and after a fail-over.
    virtual void on_connected(const server_info& server) = 0;
    /// The connection was lost. Behind the last answer: all commands that it has not answered have failed.
    virtual void on_lost(error_code ec) = 0;

protected:
    ~connection_watcher() = default;
};

/** The connection for commands: many at once, from any thread, in one pipeline.

    The rules:
    - Commands are sent in the order in which they were given, and answered in that order. All that are given within one turn of the
      executor go out in one write. Only a script of which Redis says that it does not know it (after SCRIPT FLUSH) is sent again, behind
      what was sent meanwhile.
    - The first call of a script on a connection is EVAL, further ones EVALSHA.
    - Each command has `command_timeout` from when it was given. If the oldest one has no answer then, the connection is closed, and with it
      all that it has not answered fails. Whether Redis has executed those, or executes them later, nobody knows.
    - While there is no connection, commands fail; those that come while an attempt to connect is under way wait for its outcome.
    - A READONLY error means that the master has become a replica: the connection is closed, and another master is looked for.

    A handler is called on the executor, exactly once, and not within the call that gave the command. Its error is
    error::registry_unavailable (also for an error that Redis answers; the reply says which) or error::stopped.
    Thread safety: all public functions may be called from any thread. Lifetime: see redis_client.
    Memory: commands without an answer, bounded by `max_pending_commands` and `max_pending_octets`; one more fails. */
class command_connection final : public std::enable_shared_from_this<command_connection>, private keeper_listener {
public:
    STOMPCHAT_DECL command_connection(const link::executor_type& executor, std::shared_ptr<const link_setup> setup);
    command_connection(const command_connection&) = delete;
    STOMPCHAT_DECL ~command_connection();

    STOMPCHAT_DECL void start();
    /// All commands fail with error::stopped, then `done` is completed.
    STOMPCHAT_DECL void stop(stompchat::detail::completion<void(error_code)> done);
    /// The same from the executor's thread, or when nobody runs it any more.
    STOMPCHAT_DECL void close();

    STOMPCHAT_DECL void send(command what, reply_handler handler);
    /// Runs a script. `what` begins with the number of keys, then come keys, then arguments, as for EVAL.
    STOMPCHAT_DECL void run(const script& which, command what, reply_handler handler);

    /// Tells of each connection from now on; of the present one too. As long as it lives.
    STOMPCHAT_DECL void watch(std::weak_ptr<connection_watcher> who);

private:
    struct pending {
        command what; // of a script until it is answered, else until it is sent
        const script* which;
        reply_handler handler;
        std::size_t octets;
        std::chrono::steady_clock::time_point deadline;
        bool repeated = false;
    };

    void on_ready(const server_info& server) override;
    void on_reply(reply& what) override;
    void on_replies_end() override;
    void on_down(error_code ec, const std::string& text) override;

    void give(pending one);
    void take_given();
    void write(pending& one);
    void write_given();
    void finish(pending one, error_code ec, reply& answer);
    void fail_all(error_code ec);
    void watch_time();
    void on_time();
    void log_refusal(const std::string& text);
    template <class F>
    void tell_watchers(F&& tell);

    const link::executor_type executor_;
    const std::shared_ptr<const link_setup> setup_;

    std::mutex mutex_;
    std::vector<pending> given_;
    bool taking_ = false; // take_given() is on its way
    std::atomic<std::size_t> pending_commands_{0};
    std::atomic<std::size_t> pending_octets_{0};

    // For the executor's thread.
    std::shared_ptr<keeper> keeper_;
    std::vector<pending> taken_;
    std::deque<pending> queue_;
    std::size_t sent_ = 0; // of queue_
    std::unordered_set<const script*> known_scripts_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, link::executor_type> timer_;
    bool timing_ = false;
    bool last_chance_ = false;
    bool stopped_ = false;
    bool connected_ = false;
    server_info server_;
    std::vector<std::weak_ptr<connection_watcher>> watchers_;
    std::string last_refusal_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/command_connection.ipp>
#endif

#endif
