// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_IMPL_DESTINATION_RULES_IPP
#define STOMPCHAT_DELIVERY_IMPL_DESTINATION_RULES_IPP

#include <stompchat/delivery/destination.hpp>
#include <stompchat/delivery/destination_rules.hpp>
#include <stompchat/error.hpp>
#include <stompchat/utf8.hpp>

#include <boost/system/system_error.hpp>

#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL std::optional<destination_policy> parse_policy(std::string_view word) noexcept {
    if (word == "keep") return destination_policy::keep;
    if (word == "latest") return destination_policy::latest;
    if (word == "ephemeral") return destination_policy::ephemeral;
    return std::nullopt;
}

namespace delivery {
namespace detail {

/// Takes the first segment, and the `/` behind it, from the front of `path`. `last` tells whether there was none.
inline std::string_view take_segment(std::string_view& path, bool& last) noexcept {
    const auto slash = path.find('/');
    last = slash == std::string_view::npos;
    const std::string_view segment = path.substr(0, slash);
    path.remove_prefix(last ? path.size() : slash + 1);
    return segment;
}

inline std::string problem_of_pattern(std::string_view pattern) {
    if (pattern.empty()) return "a pattern is missing";
    if (pattern.front() != '/') return "a pattern begins with /, for example /topic/typing/*";
    if (pattern.size() > max_destination_length) return "a pattern has at most 255 octets, as a destination has";
    if (!is_utf8(pattern)) return "a pattern is UTF-8";
    if (kind_of(pattern) == destination_kind::user_queue) return "the queues of users are /user/*/queue/... in a pattern";
    std::string_view rest = pattern.substr(1);
    bool last = false;
    const std::string_view first = take_segment(rest, last);
    if (first != "topic" && first != "user" && first != "*" && first != "**") return "only /topic/... and /user/... have policies";
    for (std::string_view segment = first;; segment = take_segment(rest, last)) {
        if (segment == "**" && !last) return "** stands for the rest and can only come last";
        if (segment != "*" && segment != "**" && segment.find('*') != std::string_view::npos)
            return "* stands for a whole segment, between two /";
        if (last) return {};
    }
}

} // namespace detail

STOMPCHAT_DECL std::string destination_rules::problem_of(const destination_rule& rule) {
    if (std::string problem = detail::problem_of_pattern(rule.pattern); !problem.empty()) return problem;
    if (!rule.key.empty() && rule.policy != destination_policy::latest) return "only the policy latest has a key";
    if (rule.history_window && rule.history_window->count() < 0) return "a history window is not negative";
    return {};
}

STOMPCHAT_DECL destination_rules::destination_rules(std::vector<destination_rule> rules, destination_settings otherwise)
    : otherwise_(std::move(otherwise)) {
    for (destination_rule& rule : rules) {
        if (const std::string problem = problem_of(rule); !problem.empty())
            throw boost::system::system_error(make_error_code(error::bad_option), "destination \"" + rule.pattern + "\": " + problem);
        entry& added = rules_.emplace_back();
        added.pattern = std::move(rule.pattern);
        added.settings.policy = rule.policy;
        added.settings.presence = rule.presence.value_or(otherwise_.presence);
        added.settings.history_window = rule.history_window.value_or(otherwise_.history_window);
        added.settings.key = std::move(rule.key);
    }
}

STOMPCHAT_DECL bool destination_rules::covers(std::string_view pattern, std::string_view destination) noexcept {
    if (destination.empty() || destination.front() != '/') return false;
    pattern.remove_prefix(1);
    destination.remove_prefix(1);
    for (bool pattern_ends = false, destination_ends = false;;) {
        const std::string_view wanted = detail::take_segment(pattern, pattern_ends);
        if (wanted == "**") return true;
        const std::string_view met = detail::take_segment(destination, destination_ends);
        if (wanted != "*" && wanted != met) return false;
        if (pattern_ends || destination_ends) return pattern_ends == destination_ends;
    }
}

STOMPCHAT_DECL const destination_settings& destination_rules::of(std::string_view in_log) const noexcept {
    for (const entry& one : rules_) {
        if (covers(one.pattern, in_log)) return one.settings;
    }
    return otherwise_;
}

} // namespace delivery
} // namespace stompchat::inline STOMPCHAT_ABI

#endif
