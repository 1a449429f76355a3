// Boost Software License 1.0, see LICENSE

// Peers that stop: each is cut off when its time is up, not before, while others are served. These tests take seconds.

#include <websocket/both_servers.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace websocket_test;
using namespace std::literals;

milliseconds since(clock::time_point began) { return std::chrono::duration_cast<milliseconds>(clock::now() - began); }

// Deadlines are kept to within this, on a busy machine too.
constexpr milliseconds late{2000};

} // namespace

TEST_CASE("an opening handshake that does not end is closed when its time is up") {
    for_each_server([](server_under_test& server) {
        const std::string request = upgrade_request("/ws");
        // Nothing; the first line; all but the last octet; lines that do not end as they should; a head that drips for ever.
        const std::string beginnings[] = {"", "GET /ws HTTP/1.1\r\n", request.substr(0, request.size() - 1),
                                          "GET /ws HTTP/1.1\nHost: x\n\n", request.substr(0, request.size() - 2)};
        std::vector<std::unique_ptr<raw_peer>> peers;
        const auto began = clock::now();
        for (const std::string& beginning : beginnings) {
            peers.push_back(std::make_unique<raw_peer>(server.port));
            REQUIRE(peers.back()->drip(beginning));
        }
        raw_peer& dripping = *peers.back();
        while (since(began) < handshake_timeout - milliseconds(500)) {
            REQUIRE(dripping.send("X: y\r\n"));
            server.check_serves_others();
            std::this_thread::sleep_for(milliseconds(100));
        }
        for (const auto& peer : peers) {
            CHECK_FALSE(peer->ended());
            peer->read_until([] { return false; }, handshake_timeout + late);
            CHECK(peer->ended());
            // Lines that end without a carriage return are refused if they arrive together, else their end is waited for.
            if (peer == peers[3] && !peer->received().empty())
                CHECK(peer->received().starts_with("HTTP/1.1 400 "));
            else
                CHECK(peer->received().empty());
            CHECK(since(began) > handshake_timeout - milliseconds(500));
            CHECK(since(began) < handshake_timeout + late);
        }
        server.check_serves_others();
    });
}

TEST_CASE("a peer that does not close TCP behind the closing handshake is cut off") {
    for_each_server([](server_under_test& server) {
        raw_peer closed(server.port);
        closed.upgrade("/ws");
        raw_peer failed(server.port);
        failed.upgrade("/ws");
        raw_peer refused(server.port);
        REQUIRE(refused.send("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"));
        REQUIRE(closed.send(close_frame(1000)));
        REQUIRE(failed.send(client_frame(0x80)));
        // The server has said all it has to say at once...
        CHECK(closed.read_to_end());
        CHECK(failed.read_to_end());
        CHECK(refused.read_to_end());
        // ...and after its time limit of two seconds nobody listens any more: octets are answered with a reset.
        std::this_thread::sleep_for(milliseconds(2000) + late / 2);
        for (raw_peer* peer : {&closed, &failed, &refused}) {
            peer->send("x");
            std::this_thread::sleep_for(milliseconds(50));
            CHECK_FALSE(peer->send("x"));
        }
        server.check_serves_others();
    });
}

TEST_CASE("a peer that ends its direction is answered and let go") {
    for_each_server([](server_under_test& server) {
        raw_peer peer(server.port);
        peer.upgrade("/ws");
        REQUIRE(peer.send(client_frame(0x89, "last")));
        CHECK(peer.read_frame().payload == "last");
        peer.shut();
        CHECK(peer.read_to_end());

        raw_peer early(server.port);
        early.send("GET /ws HTTP/1.1\r\n");
        early.shut();
        CHECK(early.read_to_end());
        server.check_serves_others();
    });
}

TEST_CASE("a client that vanishes is found out by silence: pinged, then closed with 1008") {
    stompchat::chat_node_options options;
    options.ping_interval = std::chrono::seconds(1);
    options.idle_timeout = std::chrono::seconds(3);
    running_node node(options);
    raw_peer silent(node.port());
    silent.upgrade("/ws");
    raw_peer alive(node.port());
    alive.upgrade("/ws");
    const std::string connect = "CONNECT\naccept-version:1.2\nhost:x\nheart-beat:0,0\n\n"s + '\0';
    for (raw_peer* peer : {&silent, &alive}) {
        REQUIRE(peer->send(client_frame(0x81, connect)));
        CHECK(peer->read_frame().payload.starts_with("CONNECTED\n"));
    }
    const auto began = clock::now();
    int pings = 0;
    while (since(began) < std::chrono::seconds(5)) {
        // Who answers pings stays, although it says nothing else.
        alive.read_until([&] { return !alive.received().empty(); }, milliseconds(200));
        for (const seen_frame& frame : alive.take_frames()) {
            REQUIRE(frame.first == 0x89);
            ++pings;
            REQUIRE(alive.send(client_frame(0x8a, frame.payload)));
        }
    }
    CHECK(pings >= 3);
    CHECK(pings <= 6);
    CHECK(silent.read_to_end());
    const std::vector<seen_frame> frames = silent.take_frames();
    REQUIRE(frames.size() >= 3);
    CHECK(frames[0].first == 0x89);
    CHECK(frames[frames.size() - 2].payload.starts_with("ERROR\n"));
    CHECK(frames.back().first == 0x88);
    CHECK(frames.back().payload.substr(0, 2) == big_endian(1008, 2));
}

TEST_CASE("a server that closes first does not wait for ever") {
    echo_options options;
    running_echo echo(options);
    raw_peer polite(echo.port());
    polite.upgrade("/");
    raw_peer silent(echo.port());
    silent.upgrade("/");
    const auto began = clock::now();
    echo.close_all(1001, "over");
    for (raw_peer* peer : {&polite, &silent}) {
        const seen_frame close = peer->read_frame();
        CHECK(close.first == 0x88);
        CHECK(close.payload == big_endian(1001, 2) + "over");
    }
    REQUIRE(polite.send(close_frame(1001)));
    CHECK(polite.read_to_end());
    CHECK(since(began) < milliseconds(1500));
    silent.read_until([] { return false; }, options.close_timeout + late);
    CHECK(silent.ended());
    CHECK(since(began) >= options.close_timeout - milliseconds(100));
}
