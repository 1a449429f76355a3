// Boost Software License 1.0, see LICENSE

#include "cluster_node.hpp"
#include "cutting_proxy.hpp"
#include "driving.hpp"

#include <support/seed.hpp>

#include <random>
#include <set>

using namespace client_test;
using node_test::eventually;
using stompchat::error;
using stompchat_test::for_each_seed;

namespace {

using texts = std::vector<std::string>;

texts numbers(int first, int last) {
    texts all;
    for (int i = first; i <= last; ++i) all.push_back(std::to_string(i));
    return all;
}

} // namespace

TEST_CASE("a client comes back after its node was restarted, and goes on where it was") {
    cluster whole;
    cluster_node first(whole);
    cluster_node second(whole);
    driven ann(quick(first.ws()));
    driven bob(quick(second.ws(), "bob"));
    ann.connect();
    bob.connect();
    ann.subscribe("/topic/room");
    for (const std::string& one : numbers(1, 3)) bob.send("/topic/room", one);
    ann.expect(numbers(1, 3));

    first.stop();
    for (const std::string& one : numbers(4, 6)) bob.send("/topic/room", one);
    REQUIRE(ann.run_until([&] { return ann.losses() >= 2; })); // told of the loss, and that the node is not there
    CHECK_FALSE(ann.link.online());
    first.start();
    REQUIRE(ann.run_until([&] { return ann.bodies.size() >= 6; }));
    CHECK(ann.bodies == numbers(1, 6));
    REQUIRE(ann.resumed.size() == 1);
    CHECK(ann.resumed[0].recovered == true);
    // The node said when to come again.
    CHECK(ann.states[1].delay >= std::chrono::seconds(1));
}

TEST_CASE("a client goes to another node when its own is gone") {
    cluster whole;
    cluster_node first(whole);
    cluster_node second(whole);
    driven ann(quick(texts{first.stomp(), second.ws()}));
    driven bob(quick(second.ws(), "bob"));
    CHECK(ann.connect().url == first.stomp());
    bob.connect();
    ann.subscribe("/topic/room");
    bob.send("/topic/room", "1");
    ann.expect({"1"});
    first.stop();
    bob.send("/topic/room", "2");
    REQUIRE(ann.run_until([&] { return ann.bodies.size() >= 2; }));
    CHECK(ann.states.back().server.url == second.ws());
    CHECK(ann.resumed.at(0).recovered == true);
    CHECK(ann.bodies == numbers(1, 2));
}

TEST_CASE("what is sent while there is no connection goes out in order when there is one") {
    cluster whole;
    cluster_node node(whole);
    driven bob(quick(node.ws(), "bob"));
    bob.connect();
    bob.subscribe("/topic/room");
    driven ann(quick(node.ws()));
    int answered = 0;
    for (const std::string& one : numbers(1, 20)) {
        ann.link.async_send(client::outgoing_message("/topic/room", one), [&](error_code ec, const client::sent& result) {
            CHECK_FALSE(ec);
            CHECK_FALSE(result.message_id.empty());
            ++answered;
        });
    }
    CHECK(ann.link.outbox_messages() == 20);
    ann.connect();
    REQUIRE(ann.run_until([&] { return answered == 20; }));
    CHECK(ann.link.outbox_messages() == 0);
    CHECK(ann.link.outbox_octets() == 0);
    bob.expect(numbers(1, 20));
}

TEST_CASE("a subscriber whose connection is cut at any point gets each message once and in order") {
    cluster whole;
    cluster_node node(whole);
    driven bob(quick(node.ws(), "bob"));
    bob.connect();
    for_each_seed(6, [&](std::uint32_t seed) {
        CAPTURE(seed);
        const std::string room = "/topic/cut-" + std::to_string(seed);
        std::mt19937 random(seed);
        driven ann(quick(std::string()));
        cutting_proxy network(ann.context, node.ws_port());
        bool cutting = true;
        // Somewhere from within the answer to the upgrade to behind some messages.
        network.octets_down = [&] { return cutting ? 1 + random() % 3000 : SIZE_MAX; };
        ann.link = client::connection(ann.context, quick(network.ws()));
        ann.link.on_state([&](const client::state_change& change) { ann.states.push_back(change); });
        std::optional<client::subscribed> began;
        ann.link.async_connect([](error_code, const client::connected&) {});
        client::subscription_handlers handlers([&](const client::incoming_message& message) { ann.bodies.emplace_back(message.body); });
        handlers.resumed = [&](const client::subscribed& again) { ann.resumed.push_back(again); };
        ann.link.async_subscribe(room, client::subscribe_options(), std::move(handlers),
                                 [&](error_code ec, const client::subscribed& where) {
                                     CHECK_FALSE(ec);
                                     began = where;
                                 });
        REQUIRE(ann.run_until([&] { return began.has_value(); }));
        const int count = 300;
        int sent = 0;
        // Another client sends meanwhile, in bursts.
        while (sent != count) {
            const int burst = std::min<int>(count - sent, 1 + static_cast<int>(random() % 40));
            int answered = 0;
            for (int i = 0; i != burst; ++i) {
                bob.link.async_send(client::outgoing_message(room, std::to_string(++sent)),
                                    [&](error_code ec, const client::sent&) { answered += !ec; });
            }
            REQUIRE(bob.run_until([&] { return answered == burst; }));
            support::run_ready(ann.context);
        }
        const std::size_t wanted = ann.losses() + 10;
        REQUIRE(ann.run_until([&] { return ann.bodies.size() == static_cast<std::size_t>(count) || ann.losses() >= wanted; }));
        cutting = false;
        network.cut();
        ann.expect(numbers(1, count));
        for (const auto& again : ann.resumed) CHECK(again.recovered == true);
        MESSAGE("seed " << seed << ": " << ann.losses() << " losses, " << ann.resumed.size() << " resumed");
    });
}
