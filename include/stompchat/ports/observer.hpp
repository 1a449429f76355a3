// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_OBSERVER_HPP
#define STOMPCHAT_PORTS_OBSERVER_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/broker.hpp>

#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI {

enum class severity {
    debug,
    info,
    warning,
    error,
};

/** A session, as an observer sees it. Lifetime: dies when the call returns. */
struct session_info {
    std::string_view session;
    std::string_view user;
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
    virtual void on_session_connected(const session_info&) {}
    /// `reason` is clear after a normal end.
    virtual void on_session_gone(const session_info&, error_code /*reason*/) {}
    virtual void on_broker_state(broker_state) {}
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
