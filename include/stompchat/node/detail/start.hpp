// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_START_HPP
#define STOMPCHAT_NODE_DETAIL_START_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** What a SUBSCRIBE asked for, until its subscription begins and its RECEIPT has gone out. */
struct start_request {
    /// Empty when the client asked for no RECEIPT.
    std::string receipt;
    /// Whether there was a `resume-after`, and the position it names; absent when it names none of this destination.
    bool resumes = false;
    std::optional<position> resume_after;
    /// `history`, if it was asked for: how many messages at most.
    std::optional<std::uint32_t> history;
    /// Nothing older is shown to this user.
    std::optional<std::chrono::system_clock::time_point> earliest;

    /// Where it begins without a token.
    offset now = 0;

    // While history is read: where the reading goes on, the last messages so far, and whether the log reached back far enough.
    position reads_from;
    std::deque<message> found;
    bool complete = true;

    // What the RECEIPT tells.
    bool recovered = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
