// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_OPTIONS_HPP
#define STOMPCHAT_NODE_OPTIONS_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/destination_rules.hpp>
#include <stompchat/net/tls_context.hpp>
#include <stompchat/ports/app_handler.hpp>
#include <stompchat/ports/authenticator.hpp>
#include <stompchat/ports/authorizer.hpp>
#include <stompchat/ports/broker.hpp>
#include <stompchat/ports/observer.hpp>
#include <stompchat/ports/publish_interceptor.hpp>
#include <stompchat/ports/session_registry.hpp>
#include <stompchat/ports/state_store.hpp>
#include <stompchat/stomp/server_session.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** A plain HTTP request that reached a WebSocket listener. Lifetime: a view that dies when the handler returns. */
struct http_request {
    /// `GET` or `HEAD`.
    std::string_view method;
    /// As in the request line, with the query.
    std::string_view target;
    /// The `Host` header.
    std::string_view host;
    /// The peer's address as text, for example `127.0.0.1`.
    std::string_view remote_address;
    /// The `Origin` header: the web site whose page asks, when that is another one.
    std::string_view origin = {};
};

/// The answer of an http_handler.
struct http_response {
    http_response() = default;
    /// An answer without headers of its own.
    http_response(unsigned status_code, std::string type, std::shared_ptr<const std::string> octets)
        : status(status_code), content_type(std::move(type)), body(std::move(octets)) {}

    /// The HTTP status code.
    unsigned status = 200;
    /// The `Content-Type` header.
    std::string content_type = "text/plain; charset=utf-8";
    /// Shared, so that a page is not copied per request. Null = empty. The node leaves it out of the answer to HEAD.
    std::shared_ptr<const std::string> body;
    /// Further headers.
    std::vector<std::pair<std::string, std::string>> headers;
};

/// Answers GET and HEAD requests that are no upgrade. Called on a shard; it must not block and must not throw.
using http_handler = std::function<http_response(const http_request&)>;

/// What becomes of a client that connects while the registry does not answer.
enum class registry_policy {
    accept, ///< it is served; the others learn of it when the registry is back
    refuse, ///< it is refused: nobody is connected whom no other node can find
};

/// What clients speak on a listener.
enum class transport {
    websocket, ///< HTTP, upgraded to STOMP over WebSocket
    stomp,     ///< STOMP over plain TCP
};

/** Where a node listens. */
struct listener_options {
    listener_options() = default;
    /// `with` turns TLS on.
    explicit listener_options(std::string where, transport what = transport::websocket, std::shared_ptr<const net::tls_context> with = {})
        : address(std::move(where)), kind(what), tls(std::move(with)) {}

    /// `HOST:PORT`, for example `127.0.0.1:8080` or `[::1]:0`; port 0 lets the system choose one.
    std::string address;
    /// What clients speak there.
    transport kind = transport::websocket;
    /// Null = no TLS.
    std::shared_ptr<const net::tls_context> tls;
};

/** What bounds a node and its sessions. Every size is in octets. */
struct chat_node_options {
    /// The node's name in the registry. Empty = a random one.
    std::string node_id;
    /// What the other nodes are told of where clients find this one, for example `wss://chat-2.example/ws`; a node does not use it itself.
    /// Empty = the address of its first WebSocket listener, if that is the address of one interface.
    std::string public_url;
    /// Where the WebSocket upgrade is answered.
    std::string websocket_path = "/ws";
    /// Values of `Origin` that may upgrade, for example `https://chat.example`; `*` allows every one. Empty = only the origin whose host is
    /// the request's own `Host`. A request without `Origin` does not come from a browser and is let through.
    std::vector<std::string> allowed_origins;
    /// Limits of STOMP frames, heart-beats, time for CONNECT.
    stomp::session_options session;
    /// Largest WebSocket message; a STOMP frame may span many messages, and a message may hold many frames.
    std::size_t max_websocket_message = 4 * 256 * 1024;
    /// What may wait for one session's socket. A subscription that finds no room is behind: it loses nothing and is fed from the log later.
    std::size_t output_queue = 1024 * 1024;
    /// What all sessions of a shard together may keep alive in their queues; above it only sessions with an empty queue get more.
    std::size_t shard_output = 256 * 1024 * 1024;
    /// What may wait between the reader of the log and one shard; above it the shard's subscriptions fall behind and read the log.
    std::size_t shard_inbox = 16 * 1024 * 1024;
    /// Recent messages that the node keeps for those who come back, in octets over all shards; 0 = none, then the log is read each time.
    std::size_t recent_octets = 64 * 1024 * 1024;
    /// How long a room without subscriptions on a shard keeps its recent messages.
    std::chrono::milliseconds topic_linger{30'000};
    /// How far back `history` reaches.
    std::chrono::seconds history_window{600};
    /// The largest `history`; above it the header's value is clipped.
    std::uint32_t max_history = 1000;
    /// What holds for which destinations; of those that cover one the first counts. Where none does, messages are kept. A bad rule makes
    /// the node's constructor throw.
    std::vector<destination_rule> destinations;
    /// Whether who is in a room can be subscribed to, where no rule says.
    bool presence = false;
    /// How long a user whose connection was lost stays a participant of rooms with presence, to come back unnoticed.
    std::chrono::milliseconds presence_grace{5'000};
    /// How often the subscribers of presence get a snapshot although nothing has happened.
    std::chrono::milliseconds presence_digest{60'000};
    /// With more users in a room than this, its presence tells only how many they are.
    std::size_t presence_users = 1'000;
    /// Unacknowledged messages of a `client` or `client-individual` subscription without a `prefetch-count` header.
    std::uint32_t prefetch_count = 1024;
    /// The highest `prefetch-count`; above it the header's value is clipped.
    std::uint32_t max_prefetch_count = 65535;
    /// How long the position of a durable subscription is kept that nobody comes back to.
    std::chrono::hours durable_lifetime{30 * 24};
    /// Between two writes of a durable position, and the longest that an acknowledgement waits for one.
    std::chrono::milliseconds durable_interval{1000};
    /// The same for a durable subscription on which nothing happens. Each one costs the state store an operation that often; by it a holder
    /// on another node learns at the latest that it was taken over.
    std::chrono::milliseconds durable_idle_interval{5000};
    /// The longest name of a durable subscription, in octets.
    std::size_t max_durable_name = 64;
    /// Most durable subscriptions of a user, those included that nobody holds at the moment.
    std::size_t max_durable_names = 100;
    /// SENDs of one session that the broker has not answered; at that number the session is not read on.
    std::size_t max_in_flight = 256;
    /// The same in octets of bodies.
    std::size_t max_in_flight_octets = 1024 * 1024;
    /// Messages of the service itself, see chat_node::async_publish(), that the broker has not answered; one more is refused.
    std::size_t max_own_in_flight = 4096;
    /// The same in octets of headers and bodies.
    std::size_t max_own_in_flight_octets = 16 * 1024 * 1024;
    /// Ends a session whose SENDs the broker leaves unanswered for so long that it was not read.
    std::chrono::seconds max_unread{300};
    /// Ends a session whose socket takes nothing although something is queued.
    std::chrono::seconds no_progress{30};
    /// For the TLS handshake and the HTTP request together.
    std::chrono::seconds handshake_timeout{10};
    /// A WebSocket session without heart-beats is pinged that often, and ends after `idle_timeout` without an octet.
    std::chrono::seconds ping_interval{30};
    /// See `ping_interval`.
    std::chrono::seconds idle_timeout{90};
    /// For the peer's part of a close, and for the socket to take what was queued before it.
    std::chrono::milliseconds close_timeout{2000};
    /// How long the registry believes in this node without hearing from it.
    std::chrono::milliseconds lease{5000};
    /// Of clients that connect; those that are connected stay in any case.
    registry_policy registry_down = registry_policy::accept;
    /// How long the log may be out of reach before the node says that it is not ready, and, if another node reaches it, sends its clients
    /// there.
    std::chrono::milliseconds broker_patience{10'000};
    /// How many sessions a second are then told to connect again, so that the other nodes are not overrun.
    std::size_t send_away_rate = 1000;
    /// Answers plain HTTP requests on WebSocket listeners; empty = each of them is 404.
    http_handler http;
    /// Whether the node itself answers `/healthz` (the process lives) and `/readyz` (it can serve).
    bool health_endpoints = true;
};

/** What a node stands on. Everything outlives the node. */
struct node_ports {
    /// The log that all nodes share.
    broker& log;
    /// Who is where, on all nodes.
    session_registry& registry;
    /// Small values that follow a user from node to node.
    state_store& store;
    /// Who a client is.
    authenticator& authentication;
    /// What a user may do.
    const authorizer& authorization;
    /// Null: `/app/...` does not exist.
    app_handler* app = nullptr;
    /// Null: nobody watches.
    observer* watcher = nullptr;
    /// Null: what the authorizer allows is published.
    publish_interceptor* interceptor = nullptr;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
