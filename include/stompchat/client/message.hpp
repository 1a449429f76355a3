// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_MESSAGE_HPP
#define STOMPCHAT_CLIENT_MESSAGE_HPP

#include <stompchat/config.hpp>
#include <stompchat/stomp/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/** The STOMP client: `connection` for programs, and below it `persistent_session` and `session`, state machines without input and output.
 */
namespace stompchat::inline STOMPCHAT_ABI::client {

/// Headers of a frame in the order in which they are written.
using header_list = std::vector<std::pair<std::string, std::string>>;

/** A message to be sent. Thread safety: a value type. */
struct outgoing_message {
    outgoing_message() = default;
    /// A body of any octets for a destination.
    outgoing_message(std::string to, std::string octets, header_list more = {})
        : destination(std::move(to)), body(std::move(octets)), headers(std::move(more)) {}

    /// Where to.
    std::string destination;
    /// Any octets.
    std::string body;
    /** Further headers, `content-type` for example. An `idempotency-key` among them is used instead of a generated one: keep it with what
        you send, and a repeat after your program was restarted is not published again either. */
    header_list headers;
};

/** A message as its subscription gets it.
    Lifetime: views that die when the handler returns; copy what must live longer. */
struct incoming_message {
    /// Where it was sent to, as subscribed.
    std::string_view destination;
    std::string_view id;   ///< `message-id`: compare for equality only, and give it to ack()
    std::string_view user; ///< who sent it, as the server says; empty where it does not
    /// Any octets.
    std::string_view body;
    /// All of them, unescaped.
    std::span<const stomp::header> headers;
    /// Not a message but a mark: messages were lost here (`gap:true`). It has no body and is not acknowledged.
    bool gap = false;

    /// The value of the first header of that name.
    std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (const stomp::header& h : headers) {
            if (h.name == name) return h.value;
        }
        return std::nullopt;
    }
};

/// Identifies a subscription of one connection.
using subscription_id = std::uint64_t;

/// Identifies an open transaction of one connection.
using transaction_id = std::uint64_t;

/** What became of a SEND. Thread safety: a value type. */
struct sent {
    /// The message's position, where the server tells it. It does not for `/app/...`.
    std::string message_id;
    /// The server's words, when it refused.
    std::string reason;
};

/** Where a subscription begins. Thread safety: a value type. */
struct subscribed {
    /// For ack() and async_unsubscribe().
    subscription_id id = 0;
    /// The id behind which it begins, or behind which it is live; empty where the server has none.
    std::string position;
    /// After `resume-after`: true if nothing was missed. Absent when nothing was to be resumed. A server that says nothing recovers
    /// nothing.
    std::optional<bool> recovered;
    /// How many messages of the past follow, and whether there are no older ones.
    std::optional<std::uint32_t> history;
    /// Whether there is nothing older within the server's window.
    std::optional<bool> complete;
    /// `new` or `resumed` for a durable subscription.
    std::string durable;
    /// The server's words, when it refused.
    std::string reason;
};

/** The server, as CONNECTED tells it. Thread safety: a value type. */
struct connected {
    /// Of STOMP: `1.2`.
    std::string version;
    /// Its name and version, where it tells them.
    std::string server;
    /// The id that the server gives to the session.
    std::string session;
    std::string user; ///< `user-name`
    std::string url;  ///< which of the given ones it is
    /// Why there is no connection.
    std::string reason;
};

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
