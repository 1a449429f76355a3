// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_CLUSTER_VIEW_HPP
#define STOMPCHAT_NODE_CLUSTER_VIEW_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/session_registry.hpp>

#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a node knows of itself and the others, see chat_node::view(). */
struct cluster_view {
    /// This node.
    live_node self;
    /// All nodes that hold a lease, this one included, by name; as the registry told at the last heart-beat.
    std::vector<live_node> nodes;
    /// Whether the registry answered at the last heart-beat; else `nodes` is what it told before.
    bool current = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
