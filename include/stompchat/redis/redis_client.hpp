// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_REDIS_CLIENT_HPP
#define STOMPCHAT_REDIS_REDIS_CLIENT_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/net/failure.hpp>
#include <stompchat/ports/observer.hpp>
#include <stompchat/redis/options.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {

namespace redis {
class command_connection;
class subscriber;
} // namespace redis

/** The way to Redis that a redis_registry and a redis_state_store share: one connection for commands, one for what Redis tells by itself.
    Both are made anew when they are lost, and follow the sentinels to another master.
    Thread safety: all functions may be called from any thread.
    Lifetime: outlives what stands on it. It is destroyed when async_stop() has completed, or when nobody runs its context any more, and
    before the context.
    Memory: see redis_options: `max_pending_octets` of commands without an answer, `max_reply_octets` of an answer. */
class redis_client {
public:
    /** Begins to connect. `context` runs everything; one thread runs it. `log`, if any, is told of connections that are made and lost, and
        outlives the client. Throws system_error when a file that the options name cannot be used. Precondition: there is a server. */
    STOMPCHAT_DECL redis_client(asio::io_context& context, redis_options options, observer* log = nullptr);
    redis_client(const redis_client&) = delete;
    redis_client& operator=(const redis_client&) = delete;
    STOMPCHAT_DECL ~redis_client();

    /// The context's.
    asio::any_io_executor get_executor() const { return executor_; }

    /** Closes both connections.
        Handler signature: `void(error_code)`.
        Completes when: they are closed; all commands have failed with error::stopped.
        Errors: none. Cancellation: none. Lifetime: the client outlives it. */
    template <class Token>
    auto async_stop(Token&& token) {
        return detail::async_initiate_on<void(error_code)>(
            get_executor(), std::forward<Token>(token),
            [this](detail::completion<void(error_code)> finished) { do_stop(std::move(finished)); });
    }

    /// As they were given.
    const redis_options& options() const noexcept { return options_; }
    /// For adapters that stand on it.
    const std::shared_ptr<redis::command_connection>& commands() const noexcept { return commands_; }
    /// For adapters that stand on it. Connects when somebody listens.
    const std::shared_ptr<redis::subscriber>& subscriptions() const noexcept { return subscriber_; }

private:
    STOMPCHAT_DECL void do_stop(detail::completion<void(error_code)> finished);

    const asio::any_io_executor executor_;
    const redis_options options_;
    std::shared_ptr<redis::command_connection> commands_;
    std::shared_ptr<redis::subscriber> subscriber_;
};

/** Connects once and tells whom it found, as `redis_version 7.0.15 at 127.0.0.1:6379`. Blocks, at most as long as the options say, so it is
    for the time before the contexts run. Errors: error::bad_option (a Redis Cluster, a sentinel, a database that is not there, a file that cannot be read),
    error::not_authenticated, error::tls_bad_certificate, error::tls_bad_key, error::tls_untrusted_certificate: waiting does not help; the
    others may pass. The text says who did not let us in and why, without a password. */
STOMPCHAT_DECL net::result<std::string> probe_redis(const redis_options& options);

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/redis_client.ipp>
#endif

#endif
