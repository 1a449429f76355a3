// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_CHAT_NODE_HPP
#define STOMPCHAT_NODE_CHAT_NODE_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/net/failure.hpp>
#include <stompchat/node/cluster_view.hpp>
#include <stompchat/node/farewell.hpp>
#include <stompchat/node/options.hpp>
#include <stompchat/node/service_message.hpp>
#include <stompchat/node/shard_pool.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** A chat node: STOMP clients on one side, the log and the registry that all nodes share on the other.

    Each io_context is one shard, run by one thread; sessions are spread over the shards by the system and stay where they are.
    Thread safety: ready() and the functions that say so may be called from any thread, also at once; the others from one thread at a time.
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

    /// Whether it can serve: started, not stopping, the broker answers or has been away for less than `broker_patience`, and clients are
    /// not refused for the registry's sake.
    STOMPCHAT_DECL bool ready() const noexcept;

    /// This node and the others, as of the last heart-beat. Thread safety: may be called from any thread; it asks nobody.
    STOMPCHAT_DECL std::shared_ptr<const cluster_view> view() const;

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

    /** Publishes a message of the service itself to everyone subscribed to its destination. Neither the authorizer nor the interceptor is
        asked. Messages that one thread publishes to one destination, one call after the other, stand in the log in that order.
        Handler signature: `void(error_code, std::string message_id)`: the id under which subscribers see the message, which is also a token
        to resume from; empty for a destination whose policy is `ephemeral`.
        Completes when: the broker has made the message durable (an ephemeral one: has taken it), or on the first error.
        Errors: `error::unknown_destination` (neither a topic nor `/user/<user>/queue/...`), `error::destination_too_long`,
        `error::bad_header` (a name is empty), `error::bad_header_value` (not UTF-8, a NUL octet, or a user that is too long or not
        percent-encoded as it should be), `error::header_line_too_long`, `error::too_many_headers`, `error::body_too_long`: the limits are
        those of `chat_node_options::session`; `error::too_many_in_flight` (wait for earlier ones to complete);
        `error::message_too_large` and `error::outcome_unknown` of the broker; `error::stopped` before start() and from async_stop() on.
        Cancellation: none; the message may be out already.
        Lifetime: `what` is moved in. The node must live until this function returns.
        Thread safety: may be called from any thread. */
    template <class Token>
    auto async_publish(service_message what, Token&& token) {
        return detail::async_initiate_on<void(error_code, std::string)>(
            get_executor(), std::forward<Token>(token),
            [this, what = std::move(what)](detail::completion<void(error_code, std::string)> done) mutable {
                do_publish(std::move(what), std::move(done));
            });
    }

    /** Who is in a room, on all nodes: the users who are subscribed to `/topic/...`, sorted by name, at most `most`.
        Handler signature: `void(error_code, std::vector<participant>)`.
        Completes when: the registry answered. It learns of a SUBSCRIBE soon, not at once.
        Errors: `error::registry_unavailable`, `error::stopped`. Cancellation: none.
        Thread safety: may be called from any thread. */
    template <class Token>
    auto async_participants(std::string room, std::size_t most, Token&& token) {
        return registry().async_participants(std::move(room), most, std::forward<Token>(token));
    }

    /** The sessions of a user, on all nodes.
        Handler signature: `void(error_code, std::vector<session_record>)`.
        Completes when: the registry answered. It learns of a CONNECT soon, not at once.
        Errors: `error::registry_unavailable`, `error::stopped`. Cancellation: none.
        Thread safety: may be called from any thread. */
    template <class Token>
    auto async_sessions_of(std::string user, Token&& token) {
        return registry().async_sessions_of(std::move(user), std::forward<Token>(token));
    }

    /** Ends a session of this node: ERROR with the farewell's reason, then WebSocket's close code 1008, or 1012 when it should come back.
        What it has sent so far is published; what comes later is not looked at. To keep a user out, have the authenticator refuse first.
        Handler signature: `void(error_code, disconnect_result)`.
        Completes when: the session is told and takes no frame any more, or the registry said on which other node it is. A session that
        is not found is no error: the result then is empty.
        Errors: `error::registry_unavailable`, `error::stopped`. Cancellation: none.
        Thread safety: may be called from any thread. Costs a look at each session of the node. */
    template <class Token>
    auto async_disconnect_session(std::string session, farewell why, Token&& token) {
        return detail::async_initiate_on<void(error_code, disconnect_result)>(
            get_executor(), std::forward<Token>(token),
            [this, session = std::move(session),
             why = std::move(why)](detail::completion<void(error_code, disconnect_result)> done) mutable {
                do_disconnect(std::move(session), false, std::move(why), std::move(done));
            });
    }

    /** The same for all sessions of a user. With an error of the registry those of this node are ended all the same, and counted. */
    template <class Token>
    auto async_disconnect_user(std::string user, farewell why, Token&& token) {
        return detail::async_initiate_on<void(error_code, disconnect_result)>(
            get_executor(), std::forward<Token>(token),
            [this, user = std::move(user), why = std::move(why)](detail::completion<void(error_code, disconnect_result)> done) mutable {
                do_disconnect(std::move(user), true, std::move(why), std::move(done));
            });
    }

    /// Of the first shard.
    STOMPCHAT_DECL asio::any_io_executor get_executor() const;

private:
    STOMPCHAT_DECL void do_publish(service_message what, detail::completion<void(error_code, std::string)> done);
    STOMPCHAT_DECL session_registry& registry() const noexcept;
    STOMPCHAT_DECL void do_disconnect(std::string whom, bool user, farewell why,
                                      detail::completion<void(error_code, disconnect_result)> done);
    STOMPCHAT_DECL void do_stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done);

    struct parts;
    std::shared_ptr<parts> parts_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/chat_node.ipp>
// A shard, its connections and its sessions know each other: their definitions stand behind all of their declarations.
#include <stompchat/node/impl/disconnects.ipp>
#include <stompchat/node/impl/durables.ipp>
#include <stompchat/node/impl/http_connection.ipp>
#include <stompchat/node/impl/keyed_sends.ipp>
#include <stompchat/node/impl/presence_hub.ipp>
#include <stompchat/node/impl/registration.ipp>
#include <stompchat/node/impl/session.ipp>
#include <stompchat/node/impl/session_delivery.ipp>
#include <stompchat/node/impl/session_durable.ipp>
#include <stompchat/node/impl/session_frames.ipp>
#include <stompchat/node/impl/session_input.ipp>
#include <stompchat/node/impl/session_intercept.ipp>
#include <stompchat/node/impl/session_keyed.ipp>
#include <stompchat/node/impl/session_output.ipp>
#include <stompchat/node/impl/session_start.ipp>
#include <stompchat/node/impl/session_subscribe.ipp>
#include <stompchat/node/impl/shard.ipp>
#include <stompchat/node/impl/shard_delivery.ipp>
#include <stompchat/node/impl/shard_subscriptions.ipp>
#include <stompchat/node/impl/shard_sweep.ipp>
#endif

#endif
