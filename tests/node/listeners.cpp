// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

#include <future>

using namespace node_test;

namespace {

client_options with_tls(bool websocket) {
    client_options how;
    how.websocket = websocket;
    how.tls = &client_tls();
    return how;
}

std::vector<stompchat::participant> participants(running_node& node, const std::string& room) {
    std::promise<std::vector<stompchat::participant>> promise;
    node.registry.async_participants(
        room, 100, [&](stompchat::error_code, std::vector<stompchat::participant> found) { promise.set_value(std::move(found)); });
    return promise.get_future().get();
}

} // namespace

TEST_CASE("wss and STOMP over TLS carry the same sessions") {
    setup how;
    how.tls = true;
    on_shards(how, [](running_node& node) {
        stomp_client web(node.ws, with_tls(true));
        stomp_client plain(node.tcp, with_tls(false));
        web.connect({{"login", "ann"}});
        plain.connect({{"login", "bob"}});
        CHECK(node.watcher.connected() == std::vector<std::string>{"ann wss 1.2", "bob tls 1.2"});
        web.subscribe_and_wait("1", "/topic/room");
        plain.subscribe_and_wait("1", "/topic/room");
        for (const std::size_t size : {1u, 1000u, 100'000u}) {
            const std::string body(size, 'x');
            web.send("/topic/room", body);
            web.expect_message(body);
            plain.expect_message(body);
            plain.send_and_wait("/topic/room", body);
            web.expect_message(body);
            plain.expect_message(body);
        }
        web.disconnect("bye");
        web.expect_receipt("bye");
        web.expect_close(1000);
        plain.send("/queue/x", "");
        plain.expect_error("/queue/x");
        plain.expect_close(1008);
    });
}

TEST_CASE("a slow client over TLS gets everything too") {
    setup how;
    how.tls = true;
    how.options.output_queue = 64 * 1024;
    how.log.history_octets_per_partition = 64 * 1024 * 1024;
    running_node node(how);
    client_options small = with_tls(true);
    small.receive_buffer = 4096;
    stomp_client slow(node.ws, small);
    stomp_client sender(node.tcp, with_tls(false));
    slow.connect();
    sender.connect();
    slow.subscribe_and_wait("1", "/topic/room");
    for (int i = 0; i != 600; ++i) sender.send("/topic/room", std::to_string(i) + std::string(10'000, 'x'));
    sender.expect_nothing();
    for (int i = 0; i != 600; ++i) slow.expect_message(std::to_string(i) + std::string(10'000, 'x'));
}

TEST_CASE("what is no TLS on a TLS listener harms nobody else") {
    setup how;
    how.tls = true;
    running_node node(how);
    stomp_client confused(node.tcp, over_tcp());
    confused.send_octets("CONNECT\naccept-version:1.2\n\n");
    const auto answer = confused.next();
    REQUIRE(answer.has_value());
    CHECK(answer->what == received::kind::end);
    stomp_client client(node.tcp, with_tls(false));
    client.connect();
}

TEST_CASE("a node listens on IPv6") {
    setup how;
    how.host = "[::1]";
    running_node node(how);
    CHECK(node.ws.address().is_v6());
    over_both(node, [](stomp_client& client) {
        client.connect();
        client.subscribe_and_wait("1", "/topic/room");
        client.send("/topic/room", "x");
        client.expect_message("x");
    });
}

TEST_CASE("a node may listen in several places, also when it runs already") {
    on_shards([](running_node& node) {
        std::promise<endpoint> more;
        node.on_first_shard([&] {
            more.set_value(node.node->listen(stompchat::listener_options("127.0.0.1:0", stompchat::transport::stomp)).value().front());
        });
        const endpoint where = more.get_future().get();
        CHECK(where.port() != node.tcp.port());
        stomp_client first(node.ws);
        first.connect();
        first.subscribe_and_wait("1", "/topic/room");
        for (int i = 0; i != 8; ++i) {
            stomp_client second(where, over_tcp());
            second.connect();
            second.send("/topic/room", "x");
            first.expect_message("x");
        }
    });
}

TEST_CASE("a port in use and an address that is none are told with the address") {
    running_node node;
    const std::string taken = "127.0.0.1:" + std::to_string(node.ws.port());
    const auto again = node.node->listen(stompchat::listener_options(taken));
    REQUIRE(again.has_error());
    CHECK(again.error().code == boost::asio::error::address_in_use);
    CHECK(again.error().text.find(taken) != std::string::npos);
    for (const char* const bad : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "[::1:8080"}) {
        CAPTURE(bad);
        const auto result = node.node->listen(stompchat::listener_options(bad));
        REQUIRE(result.has_error());
        CHECK(result.error().code == stompchat::error::bad_option);
        CHECK_FALSE(result.error().text.empty());
    }
}

TEST_CASE("two nodes on one port are refused, although each of them shares it among its shards") {
    setup how;
    how.shards = 4;
    running_node node(how);
    stompchat::shard_pool pool(2);
    stompchat::memory_broker log(pool.executor());
    const stompchat::node_ports ports{log, node.registry, node.store, node.authentication, node.authorization};
    stompchat::chat_node second(pool, ports);
    const auto result = second.listen(stompchat::listener_options("127.0.0.1:" + std::to_string(node.tcp.port())));
    REQUIRE(result.has_error());
    CHECK(result.error().code == boost::asio::error::address_in_use);
}

TEST_CASE("the registry follows sessions and subscriptions") {
    on_shards([](running_node& node) {
        CHECK(node.registry.sessions() == 0);
        stomp_client ann(node.ws);
        stomp_client phone(node.ws);
        ann.connect({{"login", "ann"}});
        phone.connect({{"login", "ann"}});
        CHECK(eventually([&] { return node.registry.sessions() == 2; }));
        ann.subscribe_and_wait("1", "/topic/room");
        ann.subscribe_and_wait("2", "/topic/room");
        phone.subscribe_and_wait("1", "/topic/room");
        phone.subscribe_and_wait("2", "/session/queue/replies");
        CHECK(eventually([&] {
            const auto found = participants(node, "/topic/room");
            return found.size() == 1 && found[0] == stompchat::participant("ann", 2);
        }));
        CHECK(node.registry.rooms() == 1);
        ann.unsubscribe("1", {{"receipt", "u"}});
        ann.expect_receipt("u");
        CHECK(participants(node, "/topic/room").at(0).sessions == 2);
        ann.unsubscribe("2", {{"receipt", "u"}});
        ann.expect_receipt("u");
        CHECK(eventually([&] { return participants(node, "/topic/room").at(0).sessions == 1; }));
        phone.vanish();
        CHECK(eventually([&] { return node.registry.rooms() == 0 && node.registry.sessions() == 1; }));
        ann.disconnect("bye");
        ann.expect_receipt("bye");
        ann.expect_close(1000);
        CHECK(eventually([&] { return node.registry.sessions() == 0; }));
    });
}

TEST_CASE("a registry that does not answer is logged, and messages flow all the same") {
    running_node node;
    node.registry.inject_available(false);
    stomp_client client(node.ws);
    client.connect();
    client.subscribe_and_wait("1", "/topic/room");
    client.send("/topic/room", "x");
    client.expect_message("x");
    CHECK(eventually([&] { return !node.watcher.logs().empty(); }));
}

TEST_CASE("very many clients come and go") {
    setup how;
    how.shards = 4;
    running_node node(how);
    for (int round = 0; round != 5; ++round) {
        std::vector<std::unique_ptr<stomp_client>> clients;
        for (int i = 0; i != 60; ++i) {
            clients.push_back(std::make_unique<stomp_client>(i % 2 == 0 ? node.ws : node.tcp, i % 2 == 0 ? client_options() : over_tcp()));
            clients.back()->connect();
            clients.back()->subscribe("1", "/topic/" + std::to_string(i % 7), {{"receipt", "s"}});
        }
        for (const auto& one : clients) one->take_receipt("s");
        for (int i = 0; i != 7; ++i) clients[0]->send("/topic/" + std::to_string(i), "hello");
        for (const auto& one : clients) one->expect_message("hello");
    }
    CHECK(eventually([&] { return node.registry.sessions() == 0 && node.registry.rooms() == 0; }));
}
