// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a stop answers the SENDs in flight, then closes with 1012 and a time to come again") {
    setup how;
    how.log.result_delay = milliseconds(300);
    on_shards(how, [](running_node& node) {
        stomp_client idle(node.ws);
        stomp_client sender(node.ws);
        stomp_client plain(node.tcp, over_tcp());
        stomp_client unconnected(node.ws);
        for (stomp_client* const one : {&idle, &sender, &plain}) one->connect();
        for (int i = 0; i != 10; ++i) {
            sender.send("/topic/room", "x", {{"receipt", std::to_string(i)}});
            plain.send("/topic/room", "x", {{"receipt", std::to_string(i)}});
        }
        // Wait until the log has taken all, so that they are in flight when the stop begins.
        REQUIRE(eventually([&] { return node.log.history_messages() == 20; }));
        node.begin_stop(seconds(10));
        CHECK(idle.expect_close(1012).starts_with("retry-after="));
        unconnected.expect_close(1012);
        for (int i = 0; i != 10; ++i) {
            sender.expect_receipt(std::to_string(i));
            plain.expect_receipt(std::to_string(i));
        }
        CHECK(sender.expect_close(1012).starts_with("retry-after="));
        plain.expect_error("stopping");
        plain.expect_close(1012);
        node.wait_for_stop();
        CHECK(node.registry.sessions() == 0);
        for (const auto& one : node.watcher.gone()) CHECK(one.reason == stompchat::error::stopped);
    });
}

TEST_CASE("a client that is leaving gets the RECEIPT of its DISCONNECT, also when the node stops meanwhile") {
    setup how;
    how.log.result_delay = milliseconds(300);
    running_node node(how);
    stomp_client client(node.ws);
    client.connect();
    client.send("/topic/room", "x", {{"receipt", "s"}});
    client.disconnect("bye");
    REQUIRE(eventually([&] { return node.log.history_messages() == 1; }));
    node.begin_stop(seconds(10));
    client.expect_receipt("s");
    client.expect_receipt("bye");
    client.expect_close(1000);
    node.wait_for_stop();
}

TEST_CASE("clients that do not come to an end are cut off after the patience") {
    setup how;
    how.options.close_timeout = milliseconds(60'000);
    on_shards(how, [](running_node& node) {
        std::vector<std::unique_ptr<stomp_client>> stuck;
        for (int i = 0; i != 8; ++i) {
            stuck.push_back(std::make_unique<stomp_client>(node.ws));
            stuck.back()->connect();
        }
        const milliseconds took = node.stop(milliseconds(300));
        CHECK(took >= milliseconds(300));
        CHECK(took < seconds(10));
        CHECK(node.registry.sessions() == 0);
    });
}

TEST_CASE("a broker that does not come back does not keep the node from stopping") {
    on_shards([](running_node& node) {
        stomp_client client(node.ws);
        client.connect();
        node.log.inject_available(false);
        client.send("/topic/room", "x", {{"receipt", "r"}});
        client.expect_nothing();
        CHECK(node.stop(milliseconds(300)) < seconds(10));
    });
}

TEST_CASE("a node that stops accepts nobody, and says so while it still waits for others") {
    setup how;
    how.log.result_delay = milliseconds(500);
    running_node node(how);
    stomp_client client(node.ws);
    client.connect();
    client.send("/topic/room", "x", {{"receipt", "r"}});
    REQUIRE(eventually([&] { return node.log.history_messages() == 1; }));
    node.begin_stop(seconds(10));
    CHECK_FALSE(node.node->ready());
    client.take_receipt("r"); // the listeners have gone long before
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    stompchat::error_code ec;
    socket.connect(node.ws, ec);
    CHECK(ec == boost::asio::error::connection_refused);
    client.expect_close(1012);
    node.wait_for_stop();
}

TEST_CASE("a stop under load loses no answer and ends") {
    setup how;
    how.log.largest_offset_step = 3;
    on_shards(how, [](running_node& node) {
        std::vector<std::unique_ptr<stomp_client>> clients;
        for (int i = 0; i != 10; ++i) {
            clients.push_back(std::make_unique<stomp_client>(i % 2 == 0 ? node.ws : node.tcp, i % 2 == 0 ? client_options() : over_tcp()));
            clients.back()->connect();
            clients.back()->subscribe_and_wait("1", "/topic/" + std::to_string(i % 3));
        }
        for (int n = 0; n != 50; ++n) {
            for (const auto& one : clients) one->send("/topic/" + std::to_string(n % 3), "x", {{"receipt", std::to_string(n)}});
        }
        node.begin_stop(seconds(10));
        for (const auto& one : clients) {
            // RECEIPTs without a gap from the first on, as many as were taken, then the end.
            int receipts = 0;
            for (;;) {
                const auto next = one->next();
                REQUIRE(next.has_value());
                if (next->what == received::kind::close) one->send_close(1012);
                if (next->what == received::kind::end) break;
                if (next->what == received::kind::frame && next->cmd == command::receipt) {
                    REQUIRE((*next)["receipt-id"] == std::to_string(receipts));
                    ++receipts;
                }
            }
        }
        node.wait_for_stop();
        node.destroy_node();
        node.on_first_shard([] {});
    });
}

TEST_CASE("a node that was never started, and one that nobody stops, can be destroyed") {
    stompchat::shard_pool pool(2);
    stompchat::memory_broker log(pool.executor());
    stompchat::local_registry registry(pool.executor());
    stompchat::local_state_store store(pool.executor());
    scripted_authenticator authentication;
    scripted_authorizer authorization;
    const stompchat::node_ports ports{log, registry, store, authentication, authorization};
    {
        stompchat::chat_node node(pool, ports);
        REQUIRE(node.listen(stompchat::listener_options("127.0.0.1:0")).has_value());
        CHECK_FALSE(node.ready());
    }
    stompchat::chat_node node(pool, ports);
    const auto where = node.listen(stompchat::listener_options("127.0.0.1:0", stompchat::transport::stomp)).value().front();
    node.start();
    std::thread runner([&] { pool.run(); });
    {
        stomp_client client(where, over_tcp());
        client.connect();
        client.subscribe_and_wait("1", "/topic/room");
        client.send("/topic/room", "x");
        client.expect_message("x");
        pool.stop();
        runner.join();
    }
}

TEST_CASE("an embedder's own context ends with its node") {
    boost::asio::io_context context;
    stompchat::memory_broker log(context.get_executor());
    stompchat::local_registry registry(context.get_executor());
    stompchat::local_state_store store(context.get_executor());
    scripted_authenticator authentication;
    scripted_authorizer authorization;
    stompchat::chat_node node(context, {log, registry, store, authentication, authorization});
    const auto where = node.listen(stompchat::listener_options("127.0.0.1:0")).value().front();
    node.start();
    std::thread runner([&] { context.run(); });
    {
        stomp_client client(where);
        client.connect();
        client.subscribe_and_wait("1", "/topic/room");
        client.send_and_wait("/topic/room", "x");
        client.expect_message("x");
    }
    node.async_stop(seconds(5), [](stompchat::error_code) {});
    runner.join();
}
