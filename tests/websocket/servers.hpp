// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_WEBSOCKET_SERVERS_HPP
#define STOMPCHAT_TESTS_WEBSOCKET_SERVERS_HPP

#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/node/chat_node.hpp>
#include <stompchat/ports/authenticator.hpp>
#include <stompchat/ports/authorizer.hpp>
#include <websocket/echo_server.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <thread>
#include <utility>

namespace websocket_test {

/// An echo server on a thread of its own.
class running_echo {
public:
    explicit running_echo(echo_options options) : server_(context_, std::move(options)), thread_([this] { context_.run(); }) {}
    ~running_echo() {
        context_.stop();
        thread_.join();
    }

    std::uint16_t port() const { return port_; }
    void close_all(std::uint16_t code, std::string reason) {
        boost::asio::post(context_, [this, code, reason = std::move(reason)] { server_.close_all(code, reason); });
    }

private:
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
    echo_server server_;
    std::uint16_t port_ = server_.port();
    std::thread thread_;
};

/// A chat node of one shard on a thread of its own; everybody may log in and do everything.
class running_node {
public:
    explicit running_node(stompchat::chat_node_options options)
        : broker_(pool_.executor()), registry_(pool_.executor()), store_(pool_.executor()),
          node_(pool_, stompchat::node_ports{broker_, registry_, store_, everybody_, all_}, std::move(options)),
          port_(node_.listen(stompchat::listener_options("127.0.0.1:0")).value().front().port()) {
        node_.start();
        thread_ = std::thread([this] { pool_.run(); });
    }
    ~running_node() {
        stop();
        pool_.stop();
        thread_.join();
    }

    std::uint16_t port() const { return port_; }
    /// Stops the node in order, as a program that ends does; returns when its sessions are gone.
    void stop() {
        if (std::exchange(stopped_, true)) return;
        std::promise<void> done;
        boost::asio::post(node_.get_executor(),
                          [&] { node_.async_stop(std::chrono::seconds(3), [&](stompchat::error_code) { done.set_value(); }); });
        done.get_future().wait();
    }

private:
    struct everybody final : stompchat::authenticator {
        void do_authenticate(stompchat::credentials shown,
                             stompchat::detail::completion<void(stompchat::error_code, stompchat::identity)> done) override {
            stompchat::identity who(shown.login.value_or(""));
            done({}, std::move(who));
        }
    };

    stompchat::shard_pool pool_{1};
    stompchat::memory_broker broker_;
    stompchat::local_registry registry_;
    stompchat::local_state_store store_;
    everybody everybody_;
    stompchat::allow_all all_;
    stompchat::chat_node node_;
    std::uint16_t port_;
    std::thread thread_;
    bool stopped_ = false;
};

} // namespace websocket_test

#endif
