// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_OPTIONS_HPP
#define STOMPCHAT_CLIENT_OPTIONS_HPP

#include <stompchat/client/message.hpp>
#include <stompchat/client/session.hpp>
#include <stompchat/config.hpp>
#include <stompchat/net/tls_context.hpp>
#include <stompchat/stomp/ack_window.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::client {

/** How long to wait before connecting again: `first`, doubled with each failure up to `longest`; of that a random part, at most `jitter`,
    is taken away, so that those who lost a node together do not come back together. */
struct backoff_options {
    /// After the first failure.
    std::chrono::milliseconds first{500};
    /// However many have failed.
    std::chrono::milliseconds longest{30'000};
    /// From 0 (none) to 1 (any time up to the full one).
    double jitter = 0.5;
    /// A connection that held for so long ends the row of failures.
    std::chrono::milliseconds stable{5000};
    /// A `retry-after` of the server counts up to this.
    std::chrono::seconds longest_retry_after{300};
};

/** How a persistent_session behaves. */
struct persistent_options {
    persistent_options() = default;
    /// One node, or several of one cluster: the next one is tried when one cannot be reached or is lost. See parse_url().
    explicit persistent_options(std::vector<std::string> where) : urls(std::move(where)) {}

    /// At least one.
    std::vector<std::string> urls;
    /// The header `host` of CONNECT; empty = the host of the URL.
    std::string host;
    /// Sent in CONNECT unless empty.
    std::string login;
    /// Sent in CONNECT unless empty.
    std::string passcode;
    /// More headers of CONNECT: `authorization` for example.
    header_list connect_headers;
    /// Called before each CONNECT with its headers, to renew a token for example. It must not block. Null = nothing.
    std::function<void(header_list&)> before_connect;
    /// Versions, heart-beats and limits.
    session_options session;
    /// For each attempt: from the look-up of the name to CONNECTED.
    std::chrono::milliseconds connect_timeout{10'000};
    /// Whether a lost connection is made anew. Without, its loss ends everything, and connecting tries each URL once.
    bool reconnect = true;
    /// How many attempts in a row may fail before it is given up; 0 = any number.
    std::uint32_t attempts = 0;
    /// How long to wait between two attempts.
    backoff_options backoff;
    /// Ask to keep the session when a SEND or SUBSCRIBE is refused (`soft-errors`).
    bool soft_errors = true;
    /// What may wait for its RECEIPT. One more: error::outbox_full.
    std::size_t outbox_messages = 1000;
    /// The same in octets of headers and bodies.
    std::size_t outbox_octets = 4 * 1024 * 1024;
    /** A SEND whose answer was lost with its connection is repeated within this time after it was first written. Later the server might not
        know its idempotency-key any more: it ends with error::outcome_unknown. Zero = never repeat, for servers that know no such key. */
    std::chrono::seconds resend_within{540};
    /// For the RECEIPT of DISCONNECT and for the server to close behind it.
    std::chrono::milliseconds close_timeout{5000};
    /// How many messages of a `client` or `client-individual` subscription may be unsettled behind the oldest that is not acknowledged.
    /// Above it the oldest settled ones are forgotten, and may come again after a reconnect.
    std::size_t max_unsettled = 65'536;
};

/** How a `connection` behaves. */
struct connection_options : persistent_options {
    connection_options() = default;
    /// For one server.
    explicit connection_options(std::string where) : persistent_options({std::move(where)}) {}
    /// For the nodes of a cluster.
    explicit connection_options(std::vector<std::string> where) : persistent_options(std::move(where)) {}

    /// Verification is on unless it is turned off here.
    net::tls_client_options tls;
    /// More headers of the WebSocket upgrade: `Authorization`, `Cookie`, `Origin`.
    header_list upgrade_headers;
    /// The largest WebSocket message that a server may send, in octets.
    std::size_t max_websocket_message = 16 * 1024 * 1024;
    /// While more octets than this wait for the socket, nothing is read: a server that does not take acknowledgements sends no more.
    std::size_t output_high_water = 1024 * 1024;
};

/** How to subscribe. */
struct subscribe_options {
    subscribe_options() = default;
    /// With an ack mode.
    explicit subscribe_options(stomp::ack_mode how) : ack(how) {}

    /// Whether and how the application acknowledges.
    stomp::ack_mode ack = stomp::ack_mode::auto_;
    /// How many of the last messages to get first; also when resuming fails later.
    std::uint32_t history = 0;
    /// Of an earlier life of the program: the id behind which to go on. Empty = begin now.
    std::string resume_after;
    /// Whether to go on behind the last processed message after a reconnect. Without, the subscription begins anew each time.
    bool resume = true;
    /// A durable subscription of this name; needs `ack` other than auto. Empty = none.
    std::string durable;
    /// Unacknowledged messages in flight; empty = the server's choice.
    std::optional<std::uint32_t> prefetch_count;
    /// Further headers of SUBSCRIBE.
    header_list headers;
};

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
