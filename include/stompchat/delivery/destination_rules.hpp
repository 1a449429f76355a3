// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_DESTINATION_RULES_HPP
#define STOMPCHAT_DELIVERY_DESTINATION_RULES_HPP

#include <stompchat/config.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/// What becomes of the messages of a destination.
enum class destination_policy : std::uint8_t {
    keep,      ///< every message is logged, and every subscriber gets every one
    latest,    ///< every message is logged; a subscriber that is behind gets only the newest of each key
    ephemeral, ///< never logged: for those who are there at the moment
};

/// The policy that a word names: `keep`, `latest` or `ephemeral`. Thread safety: safe to call from any thread.
STOMPCHAT_DECL std::optional<destination_policy> parse_policy(std::string_view word) noexcept;

/** What holds for the destinations that a pattern covers.

    A pattern is a destination in which a segment (what stands between two `/`) may be `*`, which stands for any one segment, and the last
    one `**`, which stands for the rest, one segment at least. A room is `/topic/<name>`; the queues of users are
   `/user/<user>/queue/<name>` whoever speaks of them: a pattern for the queues `typing` of all users has `*` in place of the user. */
struct destination_rule {
    destination_rule() = default;
    /// A rule that says only this.
    explicit destination_rule(std::string covers, destination_policy what = destination_policy::keep)
        : pattern(std::move(covers)), policy(what) {}

    /// Which destinations it covers.
    std::string pattern;
    /// What becomes of their messages.
    destination_policy policy = destination_policy::keep;
    /// Of `latest`: the header whose value is the key. Empty = the user who sent.
    std::string key;
    /// Whether who is in a room can be subscribed to. Absent = the node's option.
    std::optional<bool> presence;
    /// How far back `history` reaches. Absent = the node's option.
    std::optional<std::chrono::seconds> history_window;
};

namespace delivery {

/// What holds for one destination.
struct destination_settings {
    /// What becomes of its messages.
    destination_policy policy = destination_policy::keep;
    /// Whether who is there can be subscribed to.
    bool presence = false;
    /// How far back `history` reaches.
    std::chrono::seconds history_window{600};
    /// Of `latest`: the header whose value is the key. Empty = the user who sent.
    std::string key;
};

/** The rules of a node, in order: of those that cover a destination the first one counts.
    Thread safety: immutable after construction, may be shared. Memory: the rules; a look-up allocates nothing. */
class destination_rules {
public:
    destination_rules() = default;

    /** `otherwise` holds where no rule says something else; its key and policy count only for destinations without a rule.
        Throws `boost::system::system_error` with `error::bad_option` for a rule that problem_of() finds something wrong with; the text
       names the pattern. */
    STOMPCHAT_DECL explicit destination_rules(std::vector<destination_rule> rules, destination_settings otherwise = {});

    /// What is wrong with a rule, for people; empty when nothing is.
    STOMPCHAT_DECL static std::string problem_of(const destination_rule& rule);

    /// Whether a pattern, which must be a good one, covers a destination.
    STOMPCHAT_DECL static bool covers(std::string_view pattern, std::string_view destination) noexcept;

    /// What holds for a destination, as it stands in the log. Lifetime: as long as this object.
    STOMPCHAT_DECL const destination_settings& of(std::string_view in_log) const noexcept;

    /// Whether there are none: all destinations have the same settings.
    bool empty() const noexcept { return rules_.empty(); }

    /// What becomes of a destination's messages.
    destination_policy policy(std::string_view in_log) const noexcept { return of(in_log).policy; }
    /// Whether who is in a room can be subscribed to.
    bool presence(std::string_view in_log) const noexcept { return of(in_log).presence; }

private:
    struct entry {
        std::string pattern;
        destination_settings settings;
    };
    std::vector<entry> rules_;
    destination_settings otherwise_;
};

} // namespace delivery
} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/delivery/impl/destination_rules.ipp>
#endif

#endif
