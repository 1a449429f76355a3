// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_PRESENCE_WATCH_HPP
#define STOMPCHAT_REDIS_DETAIL_PRESENCE_WATCH_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/ports/detail/presence_feed.hpp>
#include <stompchat/redis/detail/registry_keys.hpp>
#include <stompchat/redis/detail/subscriber.hpp>
#include <stompchat/redis/redis_client.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** Hears of the changes in the rooms that somebody watches: one channel of Redis for each.

    A message is `version count +user`, or `-user`. When the connection is lost all are told so, and nobody watches any more.
    Thread safety: for the thread that runs the client's executor. Memory: about 300 octets for each room that is watched. */
class presence_watch final : public std::enable_shared_from_this<presence_watch>, private subscriber_listener {
public:
    using done = stompchat::detail::completion<void(error_code)>;
    using sink_ptr = std::shared_ptr<presence_sink>;

    STOMPCHAT_DECL presence_watch(redis_client& client, registry_keys keys);

    STOMPCHAT_DECL void start();
    STOMPCHAT_DECL void watch(std::string room, sink_ptr sink, done finished);
    STOMPCHAT_DECL void unwatch(const std::string& room, const sink_ptr& sink);
    /// From the executor's thread, or when nobody runs it any more.
    STOMPCHAT_DECL void close();

private:
    struct waiter {
        sink_ptr sink;
        done finished;
        std::chrono::steady_clock::time_point until;
    };
    struct channel {
        std::string room;
        std::size_t asked = 0; // SUBSCRIBEs without an answer
        bool wanted = false;
        std::vector<waiter> waiters;
    };
    using channel_map = std::unordered_map<std::string, channel>;

    void on_subscriber_connected(const server_info& server) override;
    void on_subscriber_lost(error_code ec) override;
    void on_subscribed(std::string_view name) override;
    void on_message(std::string_view name, std::string_view payload) override;

    void subscribe(const std::string& name, channel& to);
    void forget_if_unused(channel_map::iterator at);
    void fail_waiters(error_code ec, std::chrono::steady_clock::time_point given_until);
    void arm_timer();

    const registry_keys keys_;
    const std::shared_ptr<subscriber> subscriber_;
    const std::chrono::milliseconds patience_;
    const std::shared_ptr<stompchat::detail::presence_feed> feed_;
    asio::steady_timer timer_;
    channel_map channels_;
    bool connected_ = false;
    bool timing_ = false;
    bool closed_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
