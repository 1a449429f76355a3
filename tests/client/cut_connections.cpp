// Boost Software License 1.0, see LICENSE

// A client behind a network that cuts its connections at random octets, while another one sends.

#include "cluster_node.hpp"
#include "driving.hpp"

#include <support/cutting_proxy.hpp>
#include <support/seed.hpp>

#include <map>
#include <random>

using namespace client_test;
using stompchat::error;
using stompchat_test::for_each_seed;

namespace {

/// A client whose connections live for a random number of octets, until the network is whole again.
struct cut_client {
    cut_client(std::uint16_t node, std::uint32_t seed)
        : random(seed), ann(quick(std::string("stomp://127.0.0.1:1"))), network(ann.context, node) {
        ann.link = client::connection(ann.context, quick(network.ws()));
        ann.link.on_state([this](const client::state_change& change) { ann.states.push_back(change); });
        ann.link.async_connect([](error_code, const client::connected&) {});
    }
    void cut_down(std::uint32_t most) {
        network.octets_down = [this, most] { return whole ? SIZE_MAX : 1 + random() % most; };
    }
    void cut_up(std::uint32_t most) {
        network.octets_up = [this, most] { return whole ? SIZE_MAX : 1 + random() % most; };
    }
    void heal() {
        whole = true;
        network.cut();
    }

    std::mt19937 random;
    driven ann;
    support::cutting_proxy network;
    bool whole = false;
};

/// Sends `first`, ..., `last` and waits for their RECEIPTs.
void send_all(driven& bob, const std::string& room, int first, int last) {
    int answered = 0;
    for (int i = first; i <= last; ++i) {
        bob.link.async_send(client::outgoing_message(room, std::to_string(i)), [&](error_code ec, const client::sent&) {
            CHECK_FALSE(ec);
            ++answered;
        });
    }
    REQUIRE(bob.run_until([&] { return answered == last - first + 1; }));
}

} // namespace

TEST_CASE("a subscriber whose connection is cut at any point gets each message once and in order") {
    cluster whole;
    cluster_node node(whole);
    driven bob(quick(node.ws(), "bob"));
    bob.connect();
    for_each_seed(6, [&](std::uint32_t seed) {
        CAPTURE(seed);
        const std::string room = "/topic/cut-" + std::to_string(seed);
        cut_client all(node.ws_port(), seed);
        all.cut_down(3000);
        texts bodies;
        std::optional<client::subscribed> began;
        client::subscription_handlers handlers([&](const client::incoming_message& message) { bodies.emplace_back(message.body); });
        handlers.resumed = [&](const client::subscribed& again) { CHECK(again.recovered == true); };
        all.ann.link.async_subscribe(room, client::subscribe_options(), std::move(handlers),
                                     [&](error_code ec, const client::subscribed& where) {
                                         CHECK_FALSE(ec);
                                         began = where;
                                     });
        REQUIRE(all.ann.run_until([&] { return began.has_value(); }));
        const int count = 300;
        // In bursts, and whatever comes meanwhile is handled in between.
        for (int sent = 0; sent != count;) {
            const int burst = std::min<int>(count - sent, 1 + static_cast<int>(all.random() % 40));
            send_all(bob, room, sent + 1, sent + burst);
            sent += burst;
            support::run_ready(all.ann.context);
        }
        const std::size_t wanted = all.ann.losses() + 10;
        REQUIRE(all.ann.run_until([&] { return bodies.size() == static_cast<std::size_t>(count) || all.ann.losses() >= wanted; }));
        all.heal();
        all.ann.run_until([&] { return bodies.size() >= static_cast<std::size_t>(count); });
        CHECK(bodies == numbers(1, count));
        CHECK(all.ann.losses() >= 2);
    });
}

TEST_CASE("with acknowledgements too, each message is handled once and in order, whenever it is acknowledged") {
    cluster whole;
    cluster_node node(whole);
    driven bob(quick(node.ws(), "bob"));
    bob.connect();
    for (const auto mode : {stompchat::stomp::ack_mode::client, stompchat::stomp::ack_mode::client_individual}) {
        for_each_seed(3, [&](std::uint32_t seed) {
            CAPTURE(seed);
            const std::string room = "/topic/acked-" + std::to_string(seed) + (mode == stompchat::stomp::ack_mode::client ? "c" : "i");
            cut_client all(node.ws_port(), seed);
            all.cut_down(3000);
            client::subscribe_options how(mode);
            how.prefetch_count = 8;
            texts bodies;
            texts held;
            std::optional<client::subscribed> began;
            client::subscription_handlers handlers([&](const client::incoming_message& message) {
                bodies.emplace_back(message.body);
                held.emplace_back(message.id);
            });
            handlers.resumed = [&](const client::subscribed& again) { CHECK(again.recovered == true); };
            all.ann.link.async_subscribe(room, how, std::move(handlers), [&](error_code ec, const client::subscribed& where) {
                CHECK_FALSE(ec);
                began = where;
            });
            REQUIRE(all.ann.run_until([&] { return began.has_value(); }));
            const auto settle = [&] {
                if (held.empty()) return;
                const std::size_t which = mode == stompchat::stomp::ack_mode::client ? held.size() - 1 : all.random() % held.size();
                if (all.random() % 4 == 0)
                    CHECK_FALSE(all.ann.link.nack(began->id, held[which]));
                else
                    CHECK_FALSE(all.ann.link.ack(began->id, held[which]));
                if (mode == stompchat::stomp::ack_mode::client)
                    held.clear();
                else
                    held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
            };
            const int count = 150;
            for (int sent = 0; sent != count; sent += 15) {
                send_all(bob, room, sent + 1, sent + 15);
                for (int i = 0; i != 10; ++i) {
                    support::run_ready(all.ann.context);
                    settle();
                }
            }
            const std::size_t wanted = all.ann.losses() + 10;
            REQUIRE(all.ann.run_until([&] {
                settle();
                return bodies.size() == static_cast<std::size_t>(count) || all.ann.losses() >= wanted;
            }));
            all.heal();
            REQUIRE(all.ann.run_until([&] {
                settle();
                return bodies.size() >= static_cast<std::size_t>(count) && held.empty();
            }));
            CHECK(bodies == numbers(1, count));
            CHECK(all.ann.losses() >= 2);
        });
    }
}

TEST_CASE("what a client sends through a network that cuts it is published once and in order, and its RECEIPT names it") {
    cluster whole;
    cluster_node node(whole);
    driven bob(quick(node.ws(), "bob"));
    bob.connect();
    for_each_seed(6, [&](std::uint32_t seed) {
        CAPTURE(seed);
        const std::string room = "/topic/outbox-" + std::to_string(seed);
        bob.bodies.clear();
        bob.ids.clear();
        bob.subscribe(room);
        cut_client all(node.ws_port(), seed);
        all.cut_down(2500);
        all.cut_up(4000);
        const int count = 120;
        std::map<std::string, std::string> answers; // message-id by text
        int sent = 0;
        const auto send_some = [&] {
            for (int i = 0; i != 10 && sent != count; ++i) {
                const std::string text = std::to_string(++sent);
                all.ann.link.async_send(client::outgoing_message(room, text), [&answers, text](error_code ec, const client::sent& result) {
                    CHECK_FALSE(ec);
                    CHECK(answers.emplace(text, result.message_id).second);
                });
            }
        };
        while (sent != count) {
            send_some();
            const std::size_t losses = all.ann.losses();
            REQUIRE(all.ann.run_until([&] { return all.ann.losses() > losses || answers.size() == static_cast<std::size_t>(sent); }));
        }
        all.heal();
        REQUIRE(all.ann.run_until([&] { return answers.size() == static_cast<std::size_t>(count); }));
        CHECK(all.ann.link.outbox_messages() == 0);
        REQUIRE(bob.run_until([&] { return !bob.bodies.empty() && bob.bodies.back() == std::to_string(count); }));
        CHECK(bob.bodies == numbers(1, count));
        for (const auto& [text, id] : answers) CHECK(id == bob.ids.at(static_cast<std::size_t>(std::stoi(text)) - 1));
        CHECK(all.ann.losses() >= 2);
    });
}
