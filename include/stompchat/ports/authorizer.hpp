// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_AUTHORIZER_HPP
#define STOMPCHAT_PORTS_AUTHORIZER_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/authenticator.hpp>
#include <stompchat/ports/position.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI {

/// What a user wants to do.
enum class action {
    subscribe, ///< to receive what is sent to a destination
    send,      ///< to send to a destination
};

/** An authorizer's answer. */
struct decision {
    /// Whether the user may.
    bool allow = false;
    /// The oldest message that the user may see there, so that who joins later does not read the past. Absent = no bound.
    std::optional<std::chrono::system_clock::time_point> earliest;
};

/** Decides what a user may do. It is asked for every SUBSCRIBE and SEND, so it answers at once, from the grants that the authenticator
   loaded. Thread safety: called from all shards at once. Lifetime: outlives the node. */
class authorizer {
public:
    virtual ~authorizer() = default;
    /// The answer for a user, `/topic/...`, `/app/...` or `/user/...` as the client wrote it. Must not block and must not throw.
    virtual decision authorize(const identity& who, action what, std::string_view destination) const = 0;
};

/// Refuses everything: what a node does that was given no authorizer.
class deny_all final : public authorizer {
public:
    decision authorize(const identity&, action, std::string_view) const override { return {}; }
};

/// Allows everything. It has to be chosen, it is never the default.
class allow_all final : public authorizer {
public:
    decision authorize(const identity&, action, std::string_view) const override { return {true, {}}; }
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
