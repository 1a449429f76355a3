// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_OPTION_TABLE_HPP
#define STOMPCHAT_SERVER_OPTION_TABLE_HPP

#include "server_options.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace stompchat_server {

enum class arity {
    once,   ///< takes one value
    many,   ///< repeatable: several flags, a comma list in the environment, an array in the file
    toggle, ///< as a flag its value may be left out
};

/** One option. Flag, environment variable and TOML key all derive from its name. */
struct option {
    std::string_view name;
    /// What stands for the value in the help.
    std::string_view value_name;
    std::string_view help;
    arity values = arity::once;
    /// Puts values into the options; throws option_error.
    std::function<void(server_options&, std::span<const std::string>)> apply;
    /// How the value would be written, for the help.
    std::function<std::string(const server_options&)> show;
};

/// All options, in the order in which the help shows them.
std::span<const option> option_table();

/// Null if there is none of that name.
const option* find_option(std::string_view name);

/// `tls-cert` -> `STOMPCHAT_TLS_CERT`.
std::string environment_name(std::string_view name);

} // namespace stompchat_server

#endif
