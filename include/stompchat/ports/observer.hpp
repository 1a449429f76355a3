// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_OBSERVER_HPP
#define STOMPCHAT_PORTS_OBSERVER_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/broker.hpp>

#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI {

/// How much an operator should care.
enum class severity {
    debug,   ///< for who looks for a mistake
    info,    ///< something usual
    warning, ///< something went wrong and the node goes on
    error,   ///< something needs an operator
};

/** A session, as an observer sees it. Lifetime: dies when the call returns. */
struct session_info {
    /// Its id, as CONNECTED tells it.
    std::string_view session;
    /// Whose it is.
    std::string_view user;
    /// The peer's address as text, for example `127.0.0.1`.
    std::string_view remote_address;
    /// `ws`, `wss`, `tcp` or `tls`.
    std::string_view transport;
    /// The STOMP version, for example `1.2`.
    std::string_view version;
};

/** Sees what a node does: for logs and metrics, and for a service that does something when users come and go. The library itself never
   prints.

    Of one session it is told in this order: connected, once; then subscribed and unsubscribed as they happen, on the session's shard, in
   the order of the session's frames; gone, exactly once for each session that was connected, and nothing behind it. A node that is
    destroyed without being stopped tells nothing more.
    Thread safety: called from all shards and from the broker's executor at once. It must not block and must not throw; it may call the
    node's asynchronous functions. Lifetime: outlives the node. */
class observer {
public:
    virtual ~observer() = default;

    /// Something that an operator may want to read: one line, no line end.
    virtual void on_log(severity, std::string_view /*text*/) {}
    /// A client was let in, and its CONNECTED is on its way.
    virtual void on_session_connected(const session_info&) {}
    /** A subscription has begun: it sees all that is published from now on, so what is published from within this call too. The
        destination is as the client wrote it. One to `/app/...` has begun when the application has accepted it. Those that were refused,
        or removed before they began, are not told. */
    virtual void on_session_subscribed(const session_info&, std::string_view /*destination*/) {}
    /// A subscription that was told has ended before its session. Those that end with their session are not told one by one.
    virtual void on_session_unsubscribed(const session_info&, std::string_view /*destination*/) {}
    /// A session has ended, and all its subscriptions with it. `reason` is clear after a normal end.
    virtual void on_session_gone(const session_info&, error_code /*reason*/) {}
    /// The log can be reached, or no more.
    virtual void on_broker_state(broker_state) {}
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
