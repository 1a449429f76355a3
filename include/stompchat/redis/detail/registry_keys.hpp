// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_REGISTRY_KEYS_HPP
#define STOMPCHAT_REDIS_DETAIL_REGISTRY_KEYS_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/session_registry.hpp>
#include <stompchat/redis/detail/key_name.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/// A run of a node as Redis knows it: `<node>/<16 hexadecimal digits>`, which sort as the runs do.
inline std::string run_name(const node_incarnation& node) {
    std::string name = key_name(node.node) + '/';
    for (int shift = 60; shift >= 0; shift -= 4) name += "0123456789abcdef"[node.incarnation >> shift & 15];
    return name;
}

/// The way back.
inline node_incarnation run_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    if (slash == std::string_view::npos) return {};
    node_incarnation found(name_of_key(name.substr(0, slash)), 0);
    const std::string_view digits = name.substr(slash + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), found.incarnation, 16);
    return found;
}

/** The keys of a registry. What is in braces is hashed by a Redis Cluster: all keys with the same text there are on one server. */
class registry_keys {
public:
    explicit registry_keys(std::string_view cluster, std::uint32_t database)
        : cluster_("sc:{" + key_name(cluster) + "}:"), rest_("sc:" + key_name(cluster) + ':'),
          // Channels know no databases.
          channel_(std::to_string(database) + ':' + rest_ + "r:{") {}

    std::string nodes() const { return cluster_ + "nodes"; }
    std::string status() const { return cluster_ + "status"; }
    std::string dead() const { return cluster_ + "dead"; }
    std::string generation() const { return cluster_ + "generation"; }
    std::string latest_run(std::string_view node) const { return cluster_ + "run:" + key_name(node); }
    std::string sweep() const { return cluster_ + "sweep"; }

    /// What a run has registered.
    std::string sessions_of_run(std::string_view run) const { return concat(rest_, "nu:{", run, "}"); }
    std::string session(std::string_view id) const { return concat(rest_, "s:{", key_name(id), "}"); }
    std::string user(std::string_view name) const { return concat(rest_, "u:{", key_name(name), "}:s"); }

    std::string places(std::string_view room) const { return of_room(room, "}:o"); }
    std::string users(std::string_view room) const { return of_room(room, "}:uc"); }
    std::string nodes_of_room(std::string_view room) const { return of_room(room, "}:n"); }
    std::string lost(std::string_view room) const { return of_room(room, "}:l"); }
    /// Where the changes of a room are published.
    std::string channel(std::string_view room) const { return concat(channel_, key_name(room), "}"); }

    /// What all keys begin with, except those of the cluster as a whole.
    const std::string& rest() const noexcept { return rest_; }

private:
    template <class... Parts>
    static std::string concat(const Parts&... parts) {
        std::string all;
        (all.append(parts), ...);
        return all;
    }
    std::string of_room(std::string_view room, std::string_view end) const { return concat(rest_, "r:{", key_name(room), end); }

    const std::string cluster_;
    const std::string rest_;
    const std::string channel_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
