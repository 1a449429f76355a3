// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_DISCONNECTS_HPP
#define STOMPCHAT_NODE_DETAIL_DISCONNECTS_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/error.hpp>
#include <stompchat/node/detail/shard_link.hpp>
#include <stompchat/node/farewell.hpp>
#include <stompchat/ports/session_registry.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

class session;

/** Ends sessions for the service: asks the shards one after the other, then the registry who is elsewhere. The registry is not asked who is
    here, because it may be down, or not have heard of a session yet.
    Thread safety: the functions may be called from any thread. */
class disconnects {
public:
    using done = stompchat::detail::completion<void(error_code, disconnect_result)>;

    disconnects(session_registry& registry, node_incarnation self, std::vector<std::shared_ptr<shard_link>> shards)
        : registry_(registry), self_(std::move(self)), shards_(std::move(shards)) {}

    STOMPCHAT_DECL void of_session(std::string session, farewell why, done finished) const;
    STOMPCHAT_DECL void of_user(std::string user, farewell why, done finished) const;

private:
    /// One disconnect under way. It looks at so many sessions in one turn of a shard, that nobody else waits long.
    struct work;
    static constexpr std::size_t at_once = 4096;

    static void go_on(std::shared_ptr<work> under_way);
    static void ask_registry(std::shared_ptr<work> under_way);

    session_registry& registry_;
    const node_incarnation self_;
    const std::vector<std::shared_ptr<shard_link>> shards_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
