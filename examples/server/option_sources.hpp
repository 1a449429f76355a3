// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_OPTION_SOURCES_HPP
#define STOMPCHAT_SERVER_OPTION_SOURCES_HPP

#include "server_options.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat_server {

/** One option as one source gave it, not yet parsed. */
struct setting {
    std::string name;
    /// How messages name the place: `--listen`, `STOMPCHAT_LISTEN in the environment`, `server.toml:3: listen`.
    std::string source;
    std::vector<std::string> values;
};

enum class command {
    run,
    check_config,
    version,
    help,
};

/** What the command line asks for. */
struct command_line {
    command what = command::run;
    /// Empty = not given.
    std::string config_file;
    std::vector<setting> settings;
    /// Only for command::help.
    std::string help_text;
};

// Each source is read on its own; all of them throw option_error for what they do not know.

/// `arguments` without the program's name.
command_line read_arguments(std::vector<std::string> arguments);

/** Variables as `NAME=value`; those that do not begin with `STOMPCHAT_` are passed over. The file's name, if there is one, is put into
    `config_file`. */
std::vector<setting> read_environment(std::span<const std::string> variables, std::string& config_file);

/** What stands in a TOML file. */
struct toml_file {
    std::vector<setting> settings;
    /// Rules for destinations, which only a file can hold.
    std::vector<stompchat::destination_rule> destinations;
};

/// A TOML file's content; `file` is its name for messages.
toml_file read_toml(std::string_view content, const std::string& file);

/// Parses settings into options, in order: a later one of the same name replaces an earlier one.
void apply_settings(std::span<const setting> settings, server_options& options);

/** What to do, and with which options. */
struct invocation {
    command what = command::run;
    server_options options;
    std::string help_text;
};

/** Reads everything: flag beats environment beats file beats default. Values that are beaten are checked all the same.
    Throws option_error, and start_error when the configuration file cannot be read. */
invocation read_invocation(std::vector<std::string> arguments, std::span<const std::string> variables);

} // namespace stompchat_server

#endif
