// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_SHARED_STATE_HPP
#define STOMPCHAT_SERVER_SHARED_STATE_HPP

#include "server_options.hpp"

#include <stompchat/ports/observer.hpp>
#include <stompchat/ports/session_registry.hpp>
#include <stompchat/ports/state_store.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>

namespace stompchat_server {

/** What nodes know in common: who is where, and small values that outlive a session. In this process, or in a Redis. */
class shared_state {
public:
    /// Asks the Redis, if there is one, who it is. Throws start_error if it does not let us in; one that is not there may come later.
    shared_state(const server_options& options, boost::asio::io_context& context, stompchat::observer& log);
    ~shared_state();

    stompchat::session_registry& registry() { return *registry_; }
    stompchat::state_store& store() { return *store_; }

private:
    struct redis_part;

    std::unique_ptr<redis_part> redis_;
    std::unique_ptr<stompchat::session_registry> registry_;
    std::unique_ptr<stompchat::state_store> store_;
};

} // namespace stompchat_server

#endif
