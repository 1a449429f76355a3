// Boost Software License 1.0, see LICENSE

#include "option_sources.hpp"

#include "option_error.hpp"
#include "option_table.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

namespace stompchat_server {
namespace {

std::vector<std::string> split_at_commas(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
        const auto comma = list.find(',');
        std::string_view part = list.substr(0, comma);
        const auto first = part.find_first_not_of(' ');
        part = first == part.npos ? std::string_view() : part.substr(first, part.find_last_not_of(' ') - first + 1);
        parts.emplace_back(part);
        if (comma == list.npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

[[noreturn]] void unknown_variable(std::string_view variable) {
    std::vector<std::string> known{"STOMPCHAT_CONFIG"};
    for (const option& o : option_table()) known.push_back(environment_name(o.name));
    const std::vector<std::string_view> words(known.begin(), known.end());
    const std::string_view meant = nearest(variable, words);
    throw option_error(fmt::format("{} in the environment: there is no such option{}", variable,
                                   meant.empty() ? ": see --help" : fmt::format(": did you mean {}?", meant)));
}

const option* option_of_variable(std::string_view variable) {
    for (const option& o : option_table())
        if (environment_name(o.name) == variable) return &o;
    return nullptr;
}

std::string content_of(const std::string& file, std::string_view named_by) {
    const auto fail = [&](const char* why) { return start_error(fmt::format("{}: cannot read {}: {}", named_by, in_quotes(file), why)); };
    errno = 0;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"), std::fclose);
    if (!in) throw fail(std::strerror(errno));
    std::string content;
    char piece[4096];
    while (const std::size_t read = std::fread(piece, 1, sizeof piece, in.get())) content.append(piece, read);
    if (std::ferror(in.get())) throw fail(std::strerror(errno)); // a directory opens, but does not read
    return content;
}

} // namespace

std::vector<setting> read_environment(std::span<const std::string> variables, std::string& config_file) {
    std::vector<setting> found;
    for (const std::string_view variable : variables) {
        if (!variable.starts_with("STOMPCHAT_")) continue;
        const auto equals = variable.find('=');
        if (equals == variable.npos) continue;
        const std::string_view name = variable.substr(0, equals);
        const std::string_view value = variable.substr(equals + 1);
        if (name == "STOMPCHAT_CONFIG") {
            if (value.empty())
                throw option_error("STOMPCHAT_CONFIG in the environment: is empty: write the path of a TOML file, or unset it");
            config_file = value;
            continue;
        }
        const option* known = option_of_variable(name);
        if (!known) unknown_variable(name);
        found.push_back({std::string(known->name), fmt::format("{} in the environment", name),
                         known->values == arity::many ? split_at_commas(value) : std::vector{std::string(value)}});
    }
    return found;
}

void apply_settings(std::span<const setting> settings, server_options& options) {
    for (const setting& given : settings) {
        try {
            find_option(given.name)->apply(options, given.values);
        } catch (const option_error& wrong) {
            throw option_error(fmt::format("{}: {}", given.source, wrong.what()));
        }
        options.sources[given.name] = given.source;
    }
}

invocation read_invocation(std::vector<std::string> arguments, std::span<const std::string> variables) {
    command_line line = read_arguments(std::move(arguments));
    if (line.what == command::help || line.what == command::version) return {line.what, {}, std::move(line.help_text)};

    std::string config_file;
    const std::vector<setting> environment = read_environment(variables, config_file);
    std::string named_by = "STOMPCHAT_CONFIG in the environment";
    if (!line.config_file.empty()) {
        config_file = std::move(line.config_file);
        named_by = "--config";
    }

    invocation result{line.what, {}, {}};
    if (!config_file.empty()) {
        toml_file content = read_toml(content_of(config_file, named_by), config_file);
        apply_settings(content.settings, result.options);
        result.options.destinations = std::move(content.destinations);
    }
    apply_settings(environment, result.options);
    apply_settings(line.settings, result.options);
    check_together(result.options);
    return result;
}

} // namespace stompchat_server
