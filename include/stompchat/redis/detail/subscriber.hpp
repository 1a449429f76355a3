// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_SUBSCRIBER_HPP
#define STOMPCHAT_REDIS_DETAIL_SUBSCRIBER_HPP

#include <stompchat/config.hpp>
#include <stompchat/redis/detail/keeper.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** Whom a subscriber tells. Called on the executor. */
class subscriber_listener {
public:
    /// There is a connection, without any channel: subscribe to all of them now. What was published before is lost.
    virtual void on_subscriber_connected(const server_info& server) = 0;
    virtual void on_subscriber_lost(error_code ec) = 0;
    /// Messages published from now on come.
    virtual void on_subscribed(std::string_view channel) = 0;
    virtual void on_message(std::string_view channel, std::string_view payload) = 0;

protected:
    ~subscriber_listener() = default;
};

/** The connection for messages that Redis sends by itself (SUBSCRIBE). Every `command_timeout` without a message it asks whether Redis is
    still there, and begins anew if it is not. It connects when the first listener comes.
    Thread safety: all public functions may be called from any thread. Lifetime: see redis_client.
    Memory: what is subscribed to is the user's to remember. */
class subscriber final : public std::enable_shared_from_this<subscriber>, private keeper_listener {
public:
    STOMPCHAT_DECL subscriber(const link::executor_type& executor, std::shared_ptr<const link_setup> setup);
    subscriber(const subscriber&) = delete;
    STOMPCHAT_DECL ~subscriber();

    /// As long as it lives it is told; each listener is told everything. Connects if nobody did before.
    STOMPCHAT_DECL void listen(std::weak_ptr<subscriber_listener> who);
    /// Without a connection they do nothing: on_subscriber_connected() is the time then.
    STOMPCHAT_DECL void subscribe(std::vector<std::string> channels);
    STOMPCHAT_DECL void unsubscribe(std::vector<std::string> channels);

    /// From the executor's thread, or when nobody runs it any more.
    STOMPCHAT_DECL void close();
    /// From any thread: closes in a turn of the executor.
    STOMPCHAT_DECL void close_soon();

private:
    void on_ready(const server_info& server) override;
    void on_reply(reply& what) override;
    void on_replies_end() override;
    void on_down(error_code ec, const std::string& text) override;

    void write(std::string_view verb, std::vector<std::string> channels);
    void watch_time();
    template <class F>
    void tell(F&& how);

    const link::executor_type executor_;
    const std::shared_ptr<const link_setup> setup_;
    std::shared_ptr<keeper> keeper_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, link::executor_type> timer_;
    std::vector<std::weak_ptr<subscriber_listener>> listeners_;
    server_info server_;
    bool connected_ = false;
    bool stopped_ = false;
    bool timing_ = false;
    bool heard_ = false; // since the timer was set
    bool asked_ = false; // PING is on its way
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/subscriber.ipp>
#endif

#endif
