// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_FAREWELL_HPP
#define STOMPCHAT_NODE_FAREWELL_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/session_registry.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a client is told that the service disconnects, see chat_node::async_disconnect_session(). */
struct farewell {
    farewell() = default;
    /// For good, with a sentence for people.
    explicit farewell(std::string sentence) : reason(std::move(sentence)) {}
    /// Until `again_after`: the client should come back then.
    farewell(std::string sentence, std::chrono::seconds again_after) : reason(std::move(sentence)), retry_after(again_after) {}

    /// The body of the ERROR; empty = a general sentence.
    std::string reason;
    /// Absent: WebSocket's close code 1008. Present: 1012, and the close reason `retry-after=<seconds>`.
    std::optional<std::chrono::seconds> retry_after;
};

/** Whom a disconnect reached. */
struct disconnect_result {
    disconnect_result() = default;

    /// Sessions of this node that were told to go.
    std::size_t here = 0;
    /// Sessions of other nodes, which are as they were: `where` names the node that has to be asked.
    std::vector<session_record> elsewhere;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
