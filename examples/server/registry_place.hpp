// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_REGISTRY_PLACE_HPP
#define STOMPCHAT_SERVER_REGISTRY_PLACE_HPP

#include <string>
#include <string_view>

namespace stompchat_server {

/// `local`, or the URL of a Redis. Throws option_error, whose text has no password in it.
std::string parse_registry_place(std::string_view text);

/// As it stands in a log: without passwords. Precondition: it was parsed.
std::string show_registry_place(const std::string& place);

} // namespace stompchat_server

#endif
