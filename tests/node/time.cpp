// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using namespace std::string_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("heart-beats are what both sides agree on") {
    setup how;
    how.options.session.heart_beat_send = milliseconds(100);
    how.options.session.heart_beat_receive = milliseconds(200);
    running_node node(how);
    over_both(node, [](stomp_client& client) {
        const auto begin = std::chrono::steady_clock::now();
        CHECK(client.connect({{"heart-beat", "0,50"}})["heart-beat"] == "100,200");
        for (int i = 0; i != 5; ++i) client.expect_heart_beat();
        CHECK(std::chrono::steady_clock::now() - begin >= milliseconds(400));
        // It promised none, so it may be silent.
        client.expect_nothing();
    });
}

TEST_CASE("a client that promised heart-beats and is silent is told so and closed") {
    setup how;
    how.options.session.heart_beat_receive = milliseconds(100);
    running_node node(how);
    over_both(node, [](stomp_client& client) {
        client.connect({{"heart-beat", "10,0"}});
        const auto begin = std::chrono::steady_clock::now();
        client.expect_error("heart-beat");
        CHECK(std::chrono::steady_clock::now() - begin >= milliseconds(250));
        client.expect_close(1008);
    });
    CHECK(node.watcher.gone().at(0).reason == stompchat::error::heart_beat_timeout);
}

TEST_CASE("any octet is a sign of life") {
    setup how;
    how.options.session.heart_beat_receive = milliseconds(150);
    how.options.session.heart_beat_send = milliseconds(40);
    running_node node(how);
    over_both(node, [](stomp_client& client) {
        client.connect({{"heart-beat", "10,40"}});
        const auto begin = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - begin < milliseconds(800)) {
            client.expect_heart_beat();
            client.send_octets("\n");
        }
        client.expect_nothing();
    });
}

TEST_CASE("a WebSocket without heart-beats is pinged; a pong keeps it, silence ends it") {
    setup how;
    how.options.ping_interval = seconds(1);
    how.options.idle_timeout = seconds(2);
    running_node node(how);
    stomp_client alive(node.ws);
    stomp_client dead(node.ws);
    alive.connect();
    dead.connect();
    dead.answer_pings = false;
    dead.expect_ping();
    for (int i = 0; i != 3; ++i) alive.expect_ping();
    dead.expect_error("pong");
    dead.expect_close(1008);
    alive.expect_nothing();
}

TEST_CASE("a ping of the client is answered with its payload, at once") {
    running_node node;
    stomp_client client(node.ws);
    client.connect();
    // The test's client passes over pongs, so it is the octets behind that show that the ping did no harm.
    client.send_wire("\x89\x83\0\0\0\0abc"s);
    client.expect_nothing();
}

TEST_CASE("a client that does not come to CONNECT in time is closed") {
    setup how;
    how.options.session.connect_timeout = seconds(1);
    running_node node(how);
    std::vector<std::unique_ptr<stomp_client>> clients;
    clients.push_back(std::make_unique<stomp_client>(node.ws));
    clients.push_back(std::make_unique<stomp_client>(node.tcp, over_tcp()));
    clients.push_back(std::make_unique<stomp_client>(node.tcp, over_tcp()));
    clients.back()->send_octets("CONNECT\naccept-version:1.2\n");
    for (const auto& one : clients) {
        one->expect_error("no CONNECT frame in time");
        one->expect_close(1008);
    }
}

TEST_CASE("an authenticator that does not answer in time ends the login, and its late answer does nothing") {
    setup how;
    how.options.session.connect_timeout = seconds(1);
    running_node node(how);
    std::vector<login_done> waiting;
    std::mutex mutex;
    node.authentication.script = [&](stompchat::credentials, login_done done) {
        const std::lock_guard lock(mutex);
        waiting.push_back(std::move(done));
    };
    over_both(node, [](stomp_client& client) {
        client.send_frame(command::connect, {{"accept-version", "1.2"}});
        client.expect_error("authentication did not finish");
        client.expect_close(1008);
    });
    for (login_done& one : waiting) {
        stompchat::identity who("late");
        one({}, std::move(who));
    }
    node.on_first_shard([] {});
    CHECK(node.watcher.connected().empty());
    CHECK(node.registry.sessions() == 0);
}

TEST_CASE("a connection that does not finish its HTTP request or TLS handshake in time is closed") {
    setup how;
    how.options.handshake_timeout = seconds(1);
    how.options.session.connect_timeout = seconds(1);
    for (const bool tls : {false, true}) {
        how.tls = tls;
        running_node node(how);
        boost::asio::io_context context;
        boost::asio::ip::tcp::socket http(context);
        http.connect(node.ws);
        const std::string begin = "GET /ws HTTP/1.1\r\n";
        if (!tls) http.send(boost::asio::buffer(begin));
        char octet;
        stompchat::error_code ec;
        CHECK(http.receive(boost::asio::buffer(&octet, 1), 0, ec) == 0);
        CHECK((ec == boost::asio::error::eof || ec == boost::asio::error::connection_reset));
    }
}

TEST_CASE("a session ends when its login does") {
    running_node node;
    node.authentication.script = [](stompchat::credentials, login_done done) {
        stompchat::identity who("ann");
        who.expires = std::chrono::system_clock::now() + milliseconds(300);
        done({}, std::move(who));
    };
    over_both(node, [](stomp_client& client) {
        client.connect();
        client.expect_error("expired");
        client.expect_close(1008);
    });
}

TEST_CASE("a login that lasts for centuries is fine") {
    running_node node;
    node.authentication.script = [](stompchat::credentials, login_done done) {
        stompchat::identity who("ann");
        who.expires = std::chrono::system_clock::time_point::max();
        done({}, std::move(who));
    };
    stomp_client client(node.ws);
    client.connect();
    client.expect_nothing();
}

TEST_CASE("a peer that does not answer the close frame is left after a short while") {
    setup how;
    how.options.close_timeout = milliseconds(200);
    running_node node(how);
    stomp_client client(node.ws);
    client.connect();
    client.send("/queue/x", "");
    client.expect(command::error);
    const auto close = client.next();
    REQUIRE(close.has_value());
    CHECK(close->code == 1008);
    client.expect_end();
}
