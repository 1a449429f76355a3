// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_NODE_RUNNING_NODE_HPP
#define STOMPCHAT_TESTS_NODE_RUNNING_NODE_HPP

#include "doubles.hpp"

#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/node/chat_node.hpp>
#include <support/certificate.hpp>
#include <support/stomp_client.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace node_test {

using stompchat_test::client_options;
using stompchat_test::command;
using stompchat_test::headers;
using stompchat_test::received;
using stompchat_test::stomp_client;
using endpoint = stomp_client::endpoint;

/// Waits for what another thread does.
bool eventually(const std::function<bool()>& reached, std::chrono::milliseconds limit = stompchat_test::patience);

/// What a test's node is like. Waits that only the end of a test would feel are short.
struct setup {
    setup() {
        options.close_timeout = std::chrono::milliseconds(500);
        options.broker_patience = std::chrono::milliseconds(0);
    }

    std::size_t shards = 1;
    stompchat::memory_broker_options log;
    stompchat::chat_node_options options;
    bool with_app = true;
    /// None: nobody sees what is sent.
    stompchat::publish_interceptor* interceptor = nullptr;
    bool tls = false;
    std::string host = "127.0.0.1";
    /// That of another node, which outlives this one; null = its own.
    stompchat::session_registry* shared_registry = nullptr;
};

/** A node on memory adapters that listens on loopback, a WebSocket and a STOMP listener, and runs on threads of its own. The doubles can be
    given their scripts before the first client comes. */
class running_node {
public:
    explicit running_node(setup how = {});
    ~running_node();

    /// Runs `f` on the first shard's thread and waits for it.
    void on_first_shard(const std::function<void()>& f);
    /// Stops the node and waits for it; returns how long that took.
    std::chrono::milliseconds stop(std::chrono::milliseconds patience);
    void begin_stop(std::chrono::milliseconds patience);
    bool stopped() const { return stopped_; }
    void wait_for_stop();
    /// Destroys the node while its shards run on.
    /// Only of a node that has stopped.
    void destroy_node() { node.reset(); }
    /// As if its process ended: no thread runs any more, nothing is given back.
    void kill_node();

    scripted_authenticator authentication;
    scripted_authorizer authorization;
    scripted_app app;
    recording_observer watcher;
    stompchat::shard_pool pool;
    stompchat::memory_broker log;
    stompchat::local_registry registry;
    stompchat::local_state_store store;
    std::unique_ptr<stompchat::chat_node> node;
    endpoint ws;
    endpoint tcp;

private:
    void end_threads();

    std::thread thread_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> stopped_{false};
};

/// Certificates for all tests, and how a client reaches a node that uses them.
const stompchat::net::tls_context& server_tls();
const stompchat::net::tls_context& client_tls();
/// The PEM file of the authority behind them.
const std::string& authority_file();

inline client_options over_tcp() {
    client_options how;
    how.websocket = false;
    return how;
}

/// Runs `f(node)` on one shard, then on four.
template <class F>
void on_shards(setup how, F&& f) {
    for (const std::size_t shards : {1u, 4u}) {
        CAPTURE(shards);
        how.shards = shards;
        running_node node(how);
        f(node);
    }
}
template <class F>
void on_shards(F&& f) {
    on_shards(setup(), std::forward<F>(f));
}

/// The same for a client over WebSocket and one over plain TCP.
template <class F>
void over_both(running_node& node, F&& f) {
    {
        INFO("over WebSocket");
        stomp_client client(node.ws);
        f(client);
    }
    INFO("over TCP");
    stomp_client client(node.tcp, over_tcp());
    f(client);
}

} // namespace node_test

#endif
