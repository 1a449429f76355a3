// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_DESTINATION_HPP
#define STOMPCHAT_DELIVERY_DESTINATION_HPP

#include <stompchat/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/// Longest destination, in octets; the user of a user destination counts as it is, not as it is encoded. A longer one is refused.
inline constexpr std::size_t max_destination_length = 255;

/// What a destination is, by its beginning.
enum class destination_kind : std::uint8_t {
    unknown,       ///< none of the others
    topic,         ///< `/topic/<name>`: a room
    app,           ///< `/app/<name>`: handed to the application
    session_queue, ///< `/session/queue/<name>`: what is meant for one session alone
    user_queue,    ///< `/user/queue/<name>`: what is sent to the subscriber
    to_user,       ///< `/user/<user>/queue/<name>`: sends to that user
    presence,      ///< `/presence/<name>`: who is in the room `/topic/<name>`
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
    if (named("/presence/")) return destination_kind::presence;
    if (named("/user/queue/")) return destination_kind::user_queue;
    if (named("/user/")) {
        const auto slash = destination.find('/', 6);
        constexpr std::string_view queue = "/queue/";
        if (slash != std::string_view::npos && slash > 6 && destination.size() > slash + queue.size()
            && destination.substr(slash, queue.size()) == queue)
            return destination_kind::to_user;
    }
    return destination_kind::unknown;
}

/// Whether a destination is too long as it stands. That of a user's queue is checked decoded, by log_destination().
constexpr bool too_long(std::string_view destination) noexcept {
    return destination.size() > max_destination_length && kind_of(destination) != destination_kind::to_user;
}

/// The room whose participants `/presence/<name>` tells of. Precondition: that is its kind.
inline std::string room_of_presence(std::string_view destination) {
    return std::string("/topic/").append(destination.substr(std::string_view("/presence/").size()));
}

namespace detail {

constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

} // namespace detail

/** The destination in the log of what is sent to a user's queue. In it `/` and `%` of the user's name are percent-encoded and nothing else
   is, so that there is one spelling. */
inline std::string user_destination(std::string_view user, std::string_view queue) {
    std::string result = "/user/";
    for (const char c : user) {
        if (c == '/')
            result += "%2F";
        else if (c == '%')
            result += "%25";
        else
            result += c;
    }
    return result.append("/queue/").append(queue);
}

/** The destination in the log that a client means: itself for a topic, the user's own for `/user/queue/<name>`, the spelling of
    user_destination() for `/user/<user>/queue/<name>`. Nothing when the percent-encoding is bad, or it is too long.
    Precondition: kind_of(destination) is one of the three. */
inline std::optional<std::string> log_destination(std::string_view destination, std::string_view user) {
    switch (kind_of(destination)) {
    case destination_kind::user_queue: {
        const std::string_view queue = destination.substr(12);
        return user_destination(user, queue);
    }
    case destination_kind::to_user: {
        const auto slash = destination.find('/', 6);
        const std::string_view encoded = destination.substr(6, slash - 6);
        std::string receiver;
        for (std::size_t i = 0; i != encoded.size(); ++i) {
            if (encoded[i] != '%') {
                receiver += encoded[i];
                continue;
            }
            if (encoded.size() - i < 3) return std::nullopt;
            const int high = detail::hex_value(encoded[i + 1]);
            const int low = detail::hex_value(encoded[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            receiver += static_cast<char>(high * 16 + low);
            i += 2;
        }
        const std::string_view queue = destination.substr(slash + 7);
        if (destination.size() - encoded.size() + receiver.size() > max_destination_length) return std::nullopt;
        return user_destination(receiver, queue);
    }
    default: return std::string(destination);
    }
}

/// What a subscriber sees of a destination in the log: a user's queue under the name it was subscribed by. `storage` holds the text if
/// needed.
inline std::string_view subscribed_destination(std::string_view in_log, std::string& storage) {
    if (in_log.substr(0, 6) != "/user/") return in_log;
    const auto slash = in_log.find('/', 6);
    storage.assign("/user").append(in_log.substr(slash));
    return storage;
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
