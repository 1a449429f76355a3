// Boost Software License 1.0, see LICENSE
// A chat node inside a program of your own: on its io_context, and with its own code behind /app/hello.
#include <boost/asio/signal_set.hpp>
#include <iostream>
#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/node/chat_node.hpp>
using namespace stompchat;
struct anyone final : authenticator { // believes whoever gives a login: ask your own database here
    void do_authenticate(credentials from, detail::completion<void(error_code, identity)> done) override {
        done({}, identity(from.login.value_or("")));
    }
};
struct hello final : app_handler {
    bool on_send(const app_request& request, app_reply&& reply) override {
        if (request.destination != "/app/hello") return false;
        reply.publish("/topic/lobby", {}, request.who.user + " says hello"); // to everyone in the room
        reply.done();                                                        // now the sender's RECEIPT may go out
        return true;
    }
    bool on_subscribe(const app_request&, app_reply&&) override { return false; }
};
int main(int argc, char** argv) {
    asio::io_context context(1);
    memory_broker broker(context.get_executor());
    local_registry registry(context.get_executor());
    local_state_store store(context.get_executor());
    anyone logins;
    allow_all rights;
    hello app;
    chat_node node(context, {broker, registry, store, logins, rights, &app});
    const listener_options where(argc > 1 ? argv[1] : "127.0.0.1:8080");
    std::cout << "listening ws://" << node.listen(where).value().front() << "/ws" << std::endl;
    node.start();
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { node.async_stop(std::chrono::seconds(5), [](auto) {}); });
    context.run(); // returns when the node has stopped
}
