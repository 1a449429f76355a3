// Boost Software License 1.0, see LICENSE

// A chat node on a broker of one's own: its messages are in files, and are still there after a restart.
//
// usage: stompchat-custom-broker [address:port] [folder of the log]

#include "file_broker.hpp"

#include <boost/asio/signal_set.hpp>
#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/node/chat_node.hpp>

#include <iostream>

using namespace stompchat;

struct anyone final : authenticator {
    void do_authenticate(credentials from, detail::completion<void(error_code, identity)> done) override {
        done({}, identity(from.login.value_or("")));
    }
};

int main(int argc, char** argv) {
    asio::io_context context(1);
    custom::file_broker log(context.get_executor(), argc > 2 ? argv[2] : "chat-log");
    local_registry registry(context.get_executor());
    local_state_store store(context.get_executor());
    anyone logins;
    allow_all rights;
    chat_node node(context, {log, registry, store, logins, rights});
    const listener_options where(argc > 1 ? argv[1] : "127.0.0.1:8080");
    std::cout << "listening ws://" << node.listen(where).value().front() << "/ws" << std::endl;
    node.start();
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { node.async_stop(std::chrono::seconds(5), [](auto) {}); });
    context.run();
}
