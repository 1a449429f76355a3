// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_SERVICE_MESSAGE_HPP
#define STOMPCHAT_NODE_SERVICE_MESSAGE_HPP

#include <stompchat/config.hpp>

#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** A message that the service itself publishes, see chat_node::async_publish(). */
struct service_message {
    service_message() = default;
    /// A message without headers; `from` is the user that receivers see, empty for none.
    service_message(std::string to, std::string text, std::string from = {})
        : destination(std::move(to)), body(std::move(text)), user(std::move(from)) {}

    /// `/topic/<name>`, or `/user/<user>/queue/<name>` with the user percent-encoded, as clients write it.
    std::string destination;
    /// Octets, perhaps none.
    std::string body;
    /// What the `user` header of the MESSAGE says. The service is believed; it need not be a user who ever connected. Empty = no such
    /// header.
    std::string user;
    /// Names and values, raw. Those that the server stamps are dropped.
    std::vector<std::pair<std::string, std::string>> headers;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
