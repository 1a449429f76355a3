// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_REDIS_STATE_STORE_HPP
#define STOMPCHAT_REDIS_REDIS_STATE_STORE_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/state_store.hpp>
#include <stompchat/redis/redis_client.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a redis_state_store is like. */
struct redis_state_store_options {
    /// Nodes with the same name share their entries.
    std::string cluster = "stompchat";
};

/** A state store that all nodes of a cluster share. An entry is a string of Redis with an EXPIRE; its key is `sc:<cluster>:` and then the
    entry's own, with what has a meaning there percent-encoded in the cluster's name. What stands in braces in an entry's key
   decides on its place in a Redis Cluster. What fails with error::registry_unavailable may have happened all the same, or may still happen:
   nothing is tried twice, so a caller that tries again has to expect its own value. Thread safety: as the port says. Lifetime: the client
   must outlive it. Memory: see redis_client. */
class redis_state_store final : public state_store {
public:
    /// Throws std::bad_alloc only.
    STOMPCHAT_DECL explicit redis_state_store(redis_client& client, const redis_state_store_options& options = {});

    asio::any_io_executor get_executor() const override { return executor_; }

private:
    STOMPCHAT_DECL void do_get(std::string key, detail::completion<void(error_code, value)> finished) override;
    STOMPCHAT_DECL void do_compare_and_set(std::string key, value expected, value desired, std::chrono::seconds time_to_live,
                                           detail::completion<void(error_code, bool, value)> finished) override;
    STOMPCHAT_DECL void do_set(std::string key, std::string new_value, std::chrono::seconds time_to_live,
                               detail::completion<void(error_code)> finished) override;

    const asio::any_io_executor executor_;
    const std::shared_ptr<redis::command_connection> commands_;
    std::string prefix_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/redis_state_store.ipp>
#endif

#endif
