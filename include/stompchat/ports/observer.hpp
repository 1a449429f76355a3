// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_OBSERVER_HPP
#define STOMPCHAT_PORTS_OBSERVER_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/broker.hpp>

#include <chrono>
#include <cstdint>
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

/** What a broker over a network counts. Numbers are since its start, where nothing else is said. */
struct broker_statistics {
    /// Records that the log has acknowledged.
    std::uint64_t produced = 0;
    /// Records that came from the log and were shown.
    std::uint64_t consumed = 0;
    /// Records that were a copy of an earlier one, so that nobody was shown them.
    std::uint64_t void_copies = 0;
    /// Records that were passed over because they are no messages of this log.
    std::uint64_t unreadable = 0;
    /// How often the producer lost track of its records and was replaced; what it had not acknowledged was written again.
    std::uint64_t fatal_producers = 0;
    /// Connections to the broker that could not be closed in time and were left behind.
    std::uint64_t leaked_handles = 0;
    /// How often the log turned out to have been truncated or made anew.
    std::uint64_t new_epochs = 0;
    /// Reads of a partition's past.
    std::uint64_t physical_reads = 0;
    /// Messages that are taken and not acknowledged at the moment.
    std::uint64_t in_flight = 0;
    /// From publish() to the acknowledgement, since the last report: half of the messages, and 99 of 100, took at most so long.
    std::chrono::microseconds acknowledged_p50{0};
    /// See `acknowledged_p50`.
    std::chrono::microseconds acknowledged_p99{0};
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
    /// The registry had lost what this node had registered, or may have: that many sessions are registered again. None has noticed.
    virtual void on_registered_again(std::size_t /*sessions*/) {}
    /// The log can be reached, or no more.
    virtual void on_broker_state(broker_state) {}
    /// What a broker over a network has counted, every ten seconds while it runs.
    virtual void on_broker_statistics(const broker_statistics&) {}
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
