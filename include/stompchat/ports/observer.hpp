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

/** Sees what a node does, for logs and metrics. The library itself never prints.
    Thread safety: called from all shards and from the broker's executor at once. It must not block and must not throw. Lifetime: outlives
   the node. */
class observer {
public:
    virtual ~observer() = default;

    /// Something that an operator may want to read: one line, no line end.
    virtual void on_log(severity, std::string_view /*text*/) {}
    /// A client got its CONNECTED.
    virtual void on_session_connected(const session_info&) {}
    /// `reason` is clear after a normal end.
    virtual void on_session_gone(const session_info&, error_code /*reason*/) {}
    /// The log can be reached, or no more.
    virtual void on_broker_state(broker_state) {}
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
