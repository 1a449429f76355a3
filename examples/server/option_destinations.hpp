// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_OPTION_DESTINATIONS_HPP
#define STOMPCHAT_SERVER_OPTION_DESTINATIONS_HPP

#include <stompchat/delivery/destination_rules.hpp>

#include <toml++/toml.h>

#include <string>
#include <vector>

namespace stompchat_server {

/** The rules that stand as `[[destination]]` in a TOML file; `value` is what the key `destination` has. They are in the file alone: a list
   of them has no place on a command line. Throws option_error; `file` is its name for messages. */
std::vector<stompchat::destination_rule> read_destinations(const toml::node& value, const std::string& file);

} // namespace stompchat_server

#endif
