// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CLIENT_CLUSTER_NODE_HPP
#define STOMPCHAT_TESTS_CLIENT_CLUSTER_NODE_HPP

#include "shared_log.hpp"

#include <node/running_node.hpp>

#include <optional>
#include <string>

namespace client_test {

/** What the nodes of a cluster share. */
struct cluster {
    shared_log log;
    node_test::scripted_authenticator authentication;
    node_test::scripted_authorizer authorization;
};

/** A node of a cluster that can be stopped and started again at the same port. */
class cluster_node {
public:
    explicit cluster_node(cluster& whole) : whole_(whole) { start(); }
    ~cluster_node() { stop(); }

    void start() {
        running_.emplace(whole_);
        const auto listen = [&](stompchat::transport what, std::uint16_t port) {
            const stompchat::listener_options where("127.0.0.1:" + std::to_string(port), what);
            return running_->node->listen(where).value().front().port();
        };
        ws_ = listen(stompchat::transport::websocket, ws_);
        stomp_ = listen(stompchat::transport::stomp, stomp_);
        running_->start();
    }

    /// In order: the sessions are closed with 1012.
    void stop() {
        if (!running_) return;
        running_->stop();
        running_.reset();
    }

    std::string ws() const { return "ws://127.0.0.1:" + std::to_string(ws_) + "/ws"; }
    std::string stomp() const { return "stomp://127.0.0.1:" + std::to_string(stomp_); }
    std::uint16_t ws_port() const { return ws_; }

private:
    struct running {
        explicit running(cluster& whole)
            : log(whole.log), registry(pool.executor()), store(pool.executor()),
              node(std::make_unique<stompchat::chat_node>(
                  pool, stompchat::node_ports{log, registry, store, whole.authentication, whole.authorization})) {}

        void start() {
            node->start();
            thread = std::thread([this] { pool.run(); });
            REQUIRE_MESSAGE(node_test::eventually([this] { return node->ready(); }), "the node does not become ready");
        }
        void stop() {
            std::atomic<bool> stopped = false;
            node->async_stop(std::chrono::milliseconds(100), [&](error_code) { stopped = true; });
            CHECK_MESSAGE(node_test::eventually([&] { return stopped.load(); }), "the node does not stop");
            pool.stop();
            thread.join();
        }

        stompchat::shard_pool pool{1};
        shared_log::view log;
        stompchat::local_registry registry;
        stompchat::local_state_store store;
        std::unique_ptr<stompchat::chat_node> node;
        std::thread thread;
    };

    cluster& whole_;
    std::optional<running> running_;
    std::uint16_t ws_ = 0;
    std::uint16_t stomp_ = 0;
};

} // namespace client_test

#endif
