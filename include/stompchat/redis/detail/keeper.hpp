// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_KEEPER_HPP
#define STOMPCHAT_REDIS_DETAIL_KEEPER_HPP

#include <stompchat/config.hpp>
#include <stompchat/redis/detail/link.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** Who answers at the other end. */
struct server_info {
    /// Another one after each start of the server.
    std::string run_id;
    std::string version;
    /// `host:port`.
    std::string address;
};

/** Whom a keeper tells. Called from its executor. */
class keeper_listener {
public:
    /// Logged in to a master. What is written to the keeper's link from now on is sent; the last of these calls need not flush.
    virtual void on_ready(const server_info& server) = 0;
    virtual void on_reply(reply& what) = 0;
    /// All answers that were there have been told.
    virtual void on_replies_end() = 0;
    /// An attempt failed, or the connection was lost. The next attempt follows by itself after a pause.
    virtual void on_down(error_code ec, const std::string& text) = 0;

protected:
    ~keeper_listener() = default;
};

/** Keeps a connection to a Redis that is a master: finds it, logs in, and begins anew when it is lost.

    The rules:
    - An attempt is: with sentinels, ask one after the other for the master, until one knows it; connect; AUTH, SELECT; INFO must name no
      cluster and no sentinel, ROLE must be master, PING must be answered (a server that still loads its data refuses). Each step has its
   time.
    - Whatever goes wrong ends the attempt and is told. The next begins after a pause, which doubles with each failure in a row.
    - A lost connection is followed by an attempt at once, unless one was lost just before.

    Thread safety: for the thread that runs the executor. Lifetime: stop() before the listener goes away. */
class keeper final : public std::enable_shared_from_this<keeper>, private link_listener {
public:
    STOMPCHAT_DECL keeper(const link::executor_type& executor, std::shared_ptr<const link_setup> setup, keeper_listener& listener);
    keeper(const keeper&) = delete;
    STOMPCHAT_DECL ~keeper();

    STOMPCHAT_DECL void start();
    /// The listener is told nothing any more.
    STOMPCHAT_DECL void stop();
    /// Ends the connection, as if it had been lost.
    STOMPCHAT_DECL void fail(error_code ec, const std::string& text);

    bool is_ready() const noexcept { return state_ == state::ready; }
    /// Whether an attempt is under way, which may end well.
    bool is_connecting() const noexcept { return state_ == state::asking || state_ == state::greeting; }
    /// Precondition: is_ready().
    link& to() noexcept { return *link_; }

private:
    enum class state : std::uint8_t {
        stopped,
        asking, // a sentinel
        greeting,
        ready,
        waiting,
    };
    enum class step : std::uint8_t {
        auth,
        master_address,
        select,
        info,
        role,
        ping,
    };

    void on_open() override;
    void on_reply(reply& what) override;
    void on_replies_end() override;
    void on_closed(error_code ec, const std::string& text) override;

    void attempt();
    void dial(state next, net::host_and_port to);
    void write_auth(const std::string& user, const std::string& password);
    void take_answer(step what, reply& answer);
    void take_info(const std::string& text);
    void set_timer(std::chrono::milliseconds time);
    void on_timer();
    std::chrono::milliseconds pause();

    const link::executor_type executor_;
    const std::shared_ptr<const link_setup> setup_;
    keeper_listener& listener_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, link::executor_type> timer_;
    std::uint64_t timer_number_ = 0;
    std::shared_ptr<link> link_;
    state state_ = state::stopped;
    std::vector<step> steps_; // answers that are awaited, in reverse
    server_info server_;
    std::size_t sentinel_ = 0; // the one that is asked next
    std::size_t asked_ = 0;    // in this attempt
    std::uint32_t failures_ = 0;
    std::chrono::steady_clock::time_point ready_since_;
    std::minstd_rand random_;
    std::string last_logged_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/keeper.ipp>
#endif

#endif
