// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_HANDLERS_HPP
#define STOMPCHAT_CLIENT_HANDLERS_HPP

#include <stompchat/client/message.hpp>
#include <stompchat/config.hpp>
#include <stompchat/error.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client {

/// Called for each message of a subscription, in order. With ack mode auto the message counts as processed when it returns.
using message_handler = std::function<void(const incoming_message&)>;

/** What a subscription tells the application. Each is called on the thread that runs the io_context, never from within a call of the
    connection's functions, and may call them all. It must not run the io_context. If it throws, the connection is lost for that, the
    exception leaves `io_context::run()`, and the message comes again. */
struct subscription_handlers {
    subscription_handlers() = default;
    /// With a handler for messages alone.
    explicit subscription_handlers(message_handler on_message) : message(std::move(on_message)) {}

    /// A message.
    message_handler message;
    /// It is live again after a reconnect. Unless `recovered` is true, messages may have been missed: fetch your state anew.
    std::function<void(const subscribed&)> resumed;
    /// There will be nothing more: the server refused it after a reconnect, or the connection has stopped.
    std::function<void(error_code, const std::string&)> ended;
};

/** What happens to a connection. */
struct state_change {
    /// What has happened.
    enum class kind : std::uint8_t {
        connected, ///< `server`
        lost,      ///< lost, or an attempt has failed: `ec`, `text`; the next one begins after `delay`
        stopped,   ///< for good: `ec` (none after async_disconnect()), `text`
    };

    /// Which of the following count stands with it.
    kind what = kind::stopped;
    /// Why; clear for none.
    error_code ec;
    /// The same in words.
    std::string text;
    /// Until the next attempt.
    std::chrono::milliseconds delay{0};
    /// Which server it is.
    connected server;
};

/// Called as subscription_handlers says.
using state_handler = std::function<void(const state_change&)>;

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
