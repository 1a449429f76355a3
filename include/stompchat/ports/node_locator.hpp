// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_NODE_LOCATOR_HPP
#define STOMPCHAT_PORTS_NODE_LOCATOR_HPP

#include <stompchat/config.hpp>

#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI {

/** Says on which node a user belongs, where a load balancer sees to it that he is there: without asking a store.

    It knows where somebody should be, a session_registry where he is. docs/redis.md, "Without a registry", says when which is right.
    Thread safety: node_of() may be called from any thread, also at once. */
class node_locator {
public:
    virtual ~node_locator() = default;
    node_locator(const node_locator&) = delete;
    node_locator& operator=(const node_locator&) = delete;

    /// The name of the user's node; empty when there is no node.
    virtual std::string node_of(std::string_view user) const = 0;

protected:
    node_locator() = default;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
