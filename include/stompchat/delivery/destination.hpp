// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_DESTINATION_HPP
#define STOMPCHAT_DELIVERY_DESTINATION_HPP

#include <stompchat/config.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/// Longest destination, in octets. A longer one is refused.
inline constexpr std::size_t max_destination_length = 255;

enum class destination_kind : std::uint8_t {
    unknown,
    topic,         ///< `/topic/<name>`: a room
    app,           ///< `/app/<name>`: handed to the application
    session_queue, ///< `/session/queue/<name>`: what is meant for one session alone
};

/** What a destination means. Names are opaque UTF-8 and may contain `/`; an empty name makes the destination unknown.
    Thread safety: safe to call from any thread. */
constexpr destination_kind kind_of(std::string_view destination) noexcept {
    const auto named = [destination](std::string_view prefix) {
        return destination.size() > prefix.size() && destination.substr(0, prefix.size()) == prefix;
    };
    if (named("/topic/")) return destination_kind::topic;
    if (named("/app/")) return destination_kind::app;
    if (named("/session/queue/")) return destination_kind::session_queue;
    return destination_kind::unknown;
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
