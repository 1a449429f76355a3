// Boost Software License 1.0, see LICENSE

// A chat node on threads of its own, with a door, rights, a moderator, a greeter and an office.

#include "door.hpp"
#include "greeter.hpp"
#include "moderator.hpp"
#include "office.hpp"

#include <boost/asio/signal_set.hpp>
#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/node/chat_node.hpp>
#include <stompchat/node/shard_pool.hpp>

#include <chrono>
#include <iostream>

using namespace stompchat;

int main(int argc, char** argv) {
    asio::thread_pool background(1); // what may block
    shard_pool shards(2);            // what may not: one thread and one io_context each
    memory_broker log(shards.executor());
    local_registry registry(shards.executor());
    local_state_store store(shards.executor());
    moderated::door door(background);
    moderated::rights rights;
    moderated::office office(background);
    moderated::greeter greeter;
    moderated::moderator moderator(background);

    chat_node_options options;
    options.output_queue = 256 * 1024;
    options.max_in_flight = 64;
    chat_node node(shards, {log, registry, store, door, rights, &office, &greeter, &moderator}, options);
    office.node = greeter.node = &node;
    const auto listening = node.listen(listener_options(argc > 1 ? argv[1] : "127.0.0.1:8080"));
    if (!listening) {
        std::cerr << listening.error().text << '\n';
        return 1;
    }
    std::cout << "listening ws://" << listening->front() << "/ws" << std::endl;
    node.start();

    asio::signal_set signals(shards.context(0), SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { node.async_stop(std::chrono::seconds(5), [&](error_code) { shards.stop(); }); });
    shards.run();
    background.join(); // whoever still answers now finds nobody; then everything goes, the node first
}
