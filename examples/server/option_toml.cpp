// Boost Software License 1.0, see LICENSE

#include "option_destinations.hpp"
#include "option_error.hpp"
#include "option_sources.hpp"
#include "option_table.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

namespace stompchat_server {
namespace {

/// A scalar as it would stand in a flag, so that one parser serves all sources.
std::optional<std::string> as_text(const toml::node& value) {
    if (const auto* text = value.as_string()) return text->get();
    if (const auto* number = value.as_integer()) return fmt::to_string(number->get());
    if (const auto* truth = value.as_boolean()) return std::string(truth->get() ? "true" : "false");
    return {};
}

std::vector<std::string> values_of(const toml::node& value, const option& known, std::string_view source) {
    const auto wrong = [&](std::string_view right) -> option_error {
        return option_error(fmt::format("{}: has a value of a wrong type: write {}", source, right));
    };
    if (const auto* list = value.as_array()) {
        if (known.values != arity::many) throw option_error(fmt::format("{}: takes one value, not an array", source));
        std::vector<std::string> values;
        for (const toml::node& element : *list) {
            const auto* text = element.as_string();
            if (!text) throw wrong("an array of strings");
            values.push_back(text->get());
        }
        return values;
    }
    auto text = as_text(value);
    if (!text) throw wrong(known.values == arity::many ? "an array of strings" : "a string, a whole number, true or false");
    return {std::move(*text)};
}

toml_file content_of(const toml::table& table, const std::string& file) {
    toml_file found;
    for (const auto& [key, value] : table) {
        if (key.str() == "destination") {
            found.destinations = read_destinations(value, file);
            continue;
        }
        const std::string source = fmt::format("{}:{}: {}", file, key.source().begin.line, key.str());
        const option* known = find_option(key.str());
        if (!known) {
            std::vector<std::string_view> words;
            for (const option& o : option_table()) words.push_back(o.name);
            const std::string_view meant = nearest(key.str(), words);
            throw option_error(fmt::format("{}: there is no such option{}", source,
                                           meant.empty() ? ": see --help" : fmt::format(": did you mean {}?", meant)));
        }
        found.settings.push_back({std::string(key.str()), source, values_of(value, *known, source)});
    }
    return found;
}

} // namespace

toml_file read_toml(std::string_view content, const std::string& file) {
    try {
        return content_of(toml::parse(content, file), file);
    } catch (const toml::parse_error& wrong) {
        std::string text(wrong.description());
        std::replace(text.begin(), text.end(), '\n', ' ');
        throw option_error(fmt::format("{}:{}: is not TOML: {}", file, wrong.source().begin.line, text));
    }
}

} // namespace stompchat_server
