// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_CHAT_NODE_HPP
#define STOMPCHAT_NODE_CHAT_NODE_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/failure.hpp>
#include <stompchat/node/options.hpp>
#include <stompchat/node/shard_pool.hpp>
#include <stompchat/detail/completion.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** A chat node: STOMP clients on one side, the log and the registry that all nodes share on the other.

    Each io_context is one shard, run by one thread; sessions are spread over the shards by the system and stay where they are.
    Thread safety: ready() and sessions() may be called from any thread; the other functions from one thread at a time.
    Lifetime: what stands behind the ports, and the contexts, outlive the node. Destroy it when async_stop() has completed, or when no
   context runs any more. An `app_reply` may be kept longer than the node. Memory: what `chat_node_options` bounds; every bound says what
   happens there. */
class chat_node {
public:
    /// One shard on the embedder's own context, which one thread runs.
    STOMPCHAT_DECL chat_node(asio::io_context& context, const node_ports& ports, chat_node_options options = {});
    /// One shard for each thread of the pool.
    STOMPCHAT_DECL chat_node(shard_pool& pool, const node_ports& ports, chat_node_options options = {});
    STOMPCHAT_DECL ~chat_node();

    chat_node(const chat_node&) = delete;
    chat_node& operator=(const chat_node&) = delete;

    /** Opens listening sockets, and returns the addresses: several when the host has several, with the port that the system chose for 0.
        Connections are accepted from start() on.
        Errors: the system's (`address_in_use`, `permission_denied`...), `error::bad_option` for an address that cannot be read; the text
        names the address. */
    STOMPCHAT_DECL net::result<std::vector<asio::ip::tcp::endpoint>> listen(const listener_options& where);

    /// Begins: delivery from the log, the lease in the registry, accepting. Called once.
    STOMPCHAT_DECL void start();

    /// Whether it can serve: started, not stopping, the broker answers.
    STOMPCHAT_DECL bool ready() const noexcept;

    /** Stops, in this order: listeners; sessions, each when its SENDs are answered (a client that does not come to an end within `patience`
        is cut off); the registry's lease; the broker.
        Handler signature: `void(error_code)`.
        Completes when: nothing of the node runs any more.
        Errors: none at present.
        Cancellation: none.
        Lifetime: the node must live until then. Called once. */
    template <class Token>
    auto async_stop(std::chrono::milliseconds patience, Token&& token) {
        return detail::async_initiate_on<void(error_code)>(
            get_executor(), std::forward<Token>(token),
            [this, patience](detail::completion<void(error_code)> done) mutable { do_stop(patience, std::move(done)); });
    }

    /// Of the first shard.
    STOMPCHAT_DECL asio::any_io_executor get_executor() const;

private:
    STOMPCHAT_DECL void do_stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done);

    struct parts;
    std::shared_ptr<parts> parts_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/chat_node.ipp>
// A shard, its connections and its sessions know each other: their definitions stand behind all of their declarations.
#include <stompchat/node/impl/http_connection.ipp>
#include <stompchat/node/impl/session.ipp>
#include <stompchat/node/impl/session_delivery.ipp>
#include <stompchat/node/impl/session_frames.ipp>
#include <stompchat/node/impl/session_input.ipp>
#include <stompchat/node/impl/session_output.ipp>
#include <stompchat/node/impl/session_start.ipp>
#include <stompchat/node/impl/session_subscribe.ipp>
#include <stompchat/node/impl/shard.ipp>
#include <stompchat/node/impl/shard_delivery.ipp>
#include <stompchat/node/impl/shard_subscriptions.ipp>
#include <stompchat/node/impl/shard_sweep.ipp>
#endif

#endif
