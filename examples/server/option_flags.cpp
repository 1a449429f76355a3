// Boost Software License 1.0, see LICENSE

#include "option_error.hpp"
#include "option_sources.hpp"
#include "option_table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace stompchat_server {
namespace {

constexpr auto heading = "A chat node that STOMP clients reach over WebSocket and TCP.";
constexpr auto notes =
    "Every option but --config, --check-config, --version and --help is also a key of the TOML file, under the same name,\n"
    "and an environment variable: --tls-cert is tls-cert and STOMPCHAT_TLS_CERT. A flag beats the environment, the\n"
    "environment beats the file. Repeatable ones are an array in the file and a comma list in the environment.\n"
    "What holds for which destinations stands in the file alone, as [[destination]] tables with pattern, policy (keep,\n"
    "latest or ephemeral), key, presence and history-window.\n"
    "TIME is a number and ms, s, m or h; SIZE is octets, or a number and KiB, MiB or GiB.";

std::string help_of(const option& o) {
    static const server_options defaults;
    const std::string shown = o.show(defaults);
    return shown.empty() ? std::string(o.help) : fmt::format("{} [{}]", o.help, shown);
}

[[noreturn]] void unknown_argument(const std::string& argument) {
    if (!argument.starts_with("-"))
        // A URL in the wrong place may hold a password.
        throw option_error(
            fmt::format("{}: is not an option: options begin with --, see --help", in_quotes(argument.substr(0, argument.find("://")))));
    std::vector<std::string> known{"--config", "--check-config", "--version", "--help"};
    for (const option& o : option_table()) known.push_back(fmt::format("--{}", o.name));
    const std::vector<std::string_view> words(known.begin(), known.end());
    const std::string name = argument.substr(0, argument.find('='));
    const std::string_view meant = nearest(name, words);
    throw option_error(
        fmt::format("{}: there is no such option{}", name, meant.empty() ? ": see --help" : fmt::format(": did you mean {}?", meant)));
}

/** The flags and what they hold. CLI11 only collects text: values are parsed where those of the other sources are. */
struct flags {
    CLI::App app{heading, "stompchat-server"};
    std::map<std::string_view, std::vector<std::string>> values;
    std::vector<std::string> config;
    bool check_config = false;
    bool version = false;

    flags() {
        app.allow_extras();
        app.footer(notes);
        app.get_formatter()->column_width(34);
        for (const option& o : option_table()) {
            const std::string name = fmt::format("--{}", o.name);
            std::vector<std::string>& into = values[o.name];
            if (o.values == arity::toggle)
                app.add_flag(name, into, help_of(o))->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
            else
                app.add_option(name, into, help_of(o))
                    ->type_name(std::string(o.value_name))
                    ->expected(1, o.values == arity::many ? CLI::detail::expected_max_vector_size : 1)
                    ->allow_extra_args(false)
                    ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        }
        app.add_option("--config", config, "a TOML file with options")
            ->type_name("FILE")
            ->expected(1)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        app.add_flag("--check-config", check_config, "check all options, the files they name too, and end")->disable_flag_override();
        app.add_flag("--version", version, "tell the version and end")->disable_flag_override();
    }
};

} // namespace

command_line read_arguments(std::vector<std::string> arguments) {
    flags given;
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants them
    try {
        given.app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        return {command::help, {}, {}, given.app.help()};
    } catch (const CLI::ParseError& wrong) {
        std::string text = wrong.what();
        std::replace(text.begin(), text.end(), '\n', ' ');
        // CLI11 begins its text with the option, as "--listen: 1 required HOST:PORT missing".
        if (dynamic_cast<const CLI::ArgumentMismatch*>(&wrong))
            text = text.starts_with("--") ? text.substr(0, text.find(':')) + ": has no value: see --help"
                                          : "--" + text.substr(0, text.find(' ')) + ": takes no value";
        throw option_error(text);
    }
    if (const auto left = given.app.remaining(); !left.empty()) unknown_argument(left.front());

    command_line line;
    if (given.version)
        line.what = command::version;
    else if (given.check_config)
        line.what = command::check_config;
    if (given.config.size() > 1) throw option_error("--config: is given more than once: give one file");
    if (!given.config.empty()) {
        line.config_file = given.config.front();
        if (line.config_file.empty()) throw option_error("--config: is empty: write the path of a TOML file");
    }
    for (const option& o : option_table()) {
        std::vector<std::string>& values = given.values[o.name];
        if (values.empty()) continue;
        if (values.size() > 1 && o.values != arity::many)
            throw option_error(fmt::format("--{}: is given more than once: give it once", o.name));
        line.settings.push_back({std::string(o.name), fmt::format("--{}", o.name), std::move(values)});
    }
    return line;
}

} // namespace stompchat_server
