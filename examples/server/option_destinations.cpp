// Boost Software License 1.0, see LICENSE

#include "option_destinations.hpp"

#include "option_error.hpp"
#include "option_values.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string_view>

namespace stompchat_server {
namespace {

using namespace std::chrono_literals;
using stompchat::destination_rule;

constexpr std::array<std::string_view, 5> keys{"pattern", "policy", "key", "presence", "history-window"};
constexpr std::array<std::string_view, 3> policies{"keep", "latest", "ephemeral"};

/// Reads one `[[destination]]`; every error names the file, the line and the key.
class rule_reader {
public:
    rule_reader(const toml::table& from, const std::string& file) : from_(from), file_(file) {}

    destination_rule read() {
        destination_rule rule;
        for (const auto& [key, value] : from_) {
            source_ = fmt::format("{}:{}: {}", file_, key.source().begin.line, key.str());
            try {
                take(key.str(), value, rule);
            } catch (const option_error& wrong) {
                throw option_error(fmt::format("{}: {}", source_, wrong.what()));
            }
        }
        const auto line = from_.source().begin.line;
        if (rule.pattern.empty()) throw option_error(fmt::format("{}:{}: destination: has no pattern: write one", file_, line));
        if (const std::string problem = stompchat::delivery::destination_rules::problem_of(rule); !problem.empty())
            throw option_error(fmt::format("{}:{}: destination: pattern {}: {}", file_, line, in_quotes(rule.pattern), problem));
        return rule;
    }

private:
    static void take(std::string_view key, const toml::node& value, destination_rule& into) {
        if (key == "pattern") {
            into.pattern = text(value);
            destination_rule alone(into.pattern);
            if (const std::string problem = stompchat::delivery::destination_rules::problem_of(alone); !problem.empty())
                throw option_error(fmt::format("{}: {}", in_quotes(into.pattern), problem));
        } else if (key == "policy") {
            into.policy = *stompchat::parse_policy(parse_choice(text(value), policies));
        } else if (key == "key") {
            into.key = text(value);
            if (into.key.empty()) throw option_error("is empty: write the name of a header, or leave it out");
        } else if (key == "presence") {
            const auto* const truth = value.as_boolean();
            if (truth == nullptr) throw option_error("has a value of a wrong type: write true or false");
            into.presence = truth->get();
        } else if (key == "history-window") {
            into.history_window = std::chrono::ceil<std::chrono::seconds>(parse_duration(text(value), {0ms, 168h}));
        } else {
            const std::string_view meant = nearest(key, keys);
            throw option_error(fmt::format("a destination has no such key: {}", meant.empty()
                                                                                    ? fmt::format("write {}", fmt::join(keys, " or "))
                                                                                    : fmt::format("did you mean {}?", meant)));
        }
    }

    static std::string text(const toml::node& value) {
        const auto* const found = value.as_string();
        if (found == nullptr) throw option_error("has a value of a wrong type: write a string");
        return found->get();
    }

    const toml::table& from_;
    const std::string& file_;
    std::string source_;
};

} // namespace

std::vector<destination_rule> read_destinations(const toml::node& value, const std::string& file) {
    const auto wrong = [&] {
        return option_error(fmt::format("{}:{}: destination: is no list of tables: write [[destination]] and its keys below it", file,
                                        value.source().begin.line));
    };
    const auto* const list = value.as_array();
    if (list == nullptr) throw wrong();
    std::vector<destination_rule> rules;
    for (const toml::node& one : *list) {
        const auto* const table = one.as_table();
        if (table == nullptr) throw wrong();
        rules.push_back(rule_reader(*table, file).read());
    }
    return rules;
}

} // namespace stompchat_server
