// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

#include <map>
#include <string>
#include <vector>

using namespace node_test;
using namespace stompchat;

// The policy `latest`: who is behind gets only the newest message of each key.

namespace {

setup with_prices() {
    destination_rule by_symbol("/topic/prices", destination_policy::latest);
    by_symbol.key = "symbol";
    setup how;
    how.options.destinations = {by_symbol, destination_rule("/topic/where", destination_policy::latest)};
    return how;
}

void send_price(stomp_client& from, std::string_view symbol, std::string_view price) {
    from.send_and_wait("/topic/prices", price, {{"symbol", std::string(symbol)}});
}

} // namespace

TEST_CASE("where only the latest counts, who keeps up still gets every message") {
    running_node node(with_prices());
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.subscribe_and_wait("1", "/topic/prices");
    for (int i = 0; i != 10; ++i) {
        send_price(ann, "A", std::to_string(i));
        ann.expect_message(std::to_string(i));
    }
}

TEST_CASE("where only the latest counts, who comes back gets the newest of each key since the token") {
    for (const std::size_t recent : {std::size_t{64} * 1024 * 1024, std::size_t{0}}) {
        CAPTURE(recent);
        setup how = with_prices();
        how.options.recent_octets = recent;
        running_node node(how);
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        ann.subscribe("1", "/topic/prices", {{"receipt", "p"}});
        const std::string token = ann.take_receipt("p")["position"];
        ann.unsubscribe("1");
        send_price(ann, "A", "a1");
        send_price(ann, "B", "b1");
        ann.send_and_wait("/topic/prices", "without a key");
        send_price(ann, "A", "a2");
        send_price(ann, "B", "b2");
        ann.send_and_wait("/topic/prices", "without a key, too");
        send_price(ann, "A", "a3");
        ann.subscribe("2", "/topic/prices", {{"receipt", "r"}, {"resume-after", token}});
        CHECK(ann.take_receipt("r")["recovered"] == "true");
        for (const char* body : {"without a key", "b2", "without a key, too", "a3"}) ann.expect_message(body);
        ann.expect_nothing();
        ann.subscribe("3", "/topic/prices", {{"receipt", "h"}, {"history", "10"}});
        const received answer = ann.take_receipt("h");
        CHECK(answer["history"] == "4");
        CHECK(answer["complete"] == "true");
        for (const char* body : {"without a key", "b2", "without a key, too", "a3"}) ann.expect_message(body);
        ann.subscribe("4", "/topic/prices", {{"receipt", "i"}, {"history", "1"}});
        CHECK(ann.take_receipt("i")["complete"] == "false");
        ann.expect_message("a3");
        ann.expect_nothing();
    }
}

TEST_CASE("without the name of a header the key is the user") {
    running_node node(with_prices());
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    ann.send_and_wait("/topic/where", "ann 1");
    bob.send_and_wait("/topic/where", "bob 1");
    ann.send_and_wait("/topic/where", "ann 2");
    ann.subscribe("1", "/topic/where", {{"receipt", "h"}, {"history", "10"}});
    CHECK(ann.take_receipt("h")["history"] == "2");
    ann.expect_message("bob 1");
    ann.expect_message("ann 2");
}

TEST_CASE("where only the latest counts, a slow client gets less, in order, and the newest of each key") {
    setup how = with_prices();
    how.options.output_queue = 64 * 1024;
    running_node node(how);
    client_options little;
    little.receive_buffer = 4096;
    stomp_client slow(node.ws, little);
    slow.connect({{"login", "slow"}});
    slow.subscribe_and_wait("1", "/topic/prices");
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    constexpr int sent = 600;
    const std::string padding(16 * 1024, ' ');
    for (int i = 0; i != sent; ++i) send_price(ann, i % 2 == 0 ? "even" : "odd", std::to_string(i) + padding);
    int got = 0;
    for (int last = -1; last != sent - 1; ++got) {
        const int number = std::stoi(slow.expect(command::message).body);
        CHECK(number > last);
        // The one before the last is the newest of the other key.
        if (number == sent - 1) CHECK(last == sent - 2);
        last = number;
    }
    CHECK(got < sent);
    slow.expect_nothing();
}

TEST_CASE("where only the latest counts, the newest of no key is lost behind a full window") {
    for (const std::size_t recent : {std::size_t{64} * 1024 * 1024, std::size_t{0}}) {
        CAPTURE(recent);
        setup how = with_prices();
        how.options.recent_octets = recent;
        running_node node(how);
        stomp_client slow(node.ws);
        slow.connect({{"login", "slow"}});
        slow.subscribe_and_wait("1", "/topic/prices", {{"ack", "client-individual"}, {"prefetch-count", "3"}});
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        std::map<std::string, int> newest;
        std::map<std::string, int> seen;
        std::size_t got = 0;
        int last = -1;
        const auto take = [&] {
            const received one = slow.expect(command::message);
            const int number = std::stoi(one.body);
            CHECK(number > last);
            last = number;
            seen[one["symbol"]] = number;
            ++got;
            return one["ack"];
        };
        // Keys that come often and keys that came long ago, while a window fills and has room again.
        int number = 0;
        std::vector<std::string> unacknowledged;
        for (int round = 0; round != 20; ++round) {
            for (int i = 0; i != 60; ++i, ++number) {
                const std::string symbol =
                    i == 0 ? "rare" + std::to_string(round) : std::string(1, static_cast<char>('a' + number * number % 11));
                newest[symbol] = number;
                send_price(ann, symbol, std::to_string(number));
            }
            while (unacknowledged.size() != 3) unacknowledged.push_back(take());
            slow.ack(unacknowledged.front());
            unacknowledged.erase(unacknowledged.begin());
        }
        while (last != number - 1) {
            for (const std::string& one : unacknowledged) slow.ack(one);
            unacknowledged.clear();
            unacknowledged.push_back(take());
        }
        slow.expect_nothing();
        CHECK(seen == newest);
        CHECK(got < static_cast<std::size_t>(number) / 2);
    }
}

TEST_CASE("where only the latest counts, history is that however many messages it passes over") {
    running_node node(with_prices());
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    // The recent messages are kept from here on.
    ann.subscribe_and_wait("0", "/topic/prices");
    ann.unsubscribe("0");
    send_price(ann, "calm", "once");
    for (int i = 0; i != 2500; ++i) ann.send("/topic/prices", std::to_string(i), {{"symbol", "busy"}});
    send_price(ann, "busy", "the last");
    ann.subscribe("1", "/topic/prices", {{"receipt", "h"}, {"history", "10"}});
    CHECK(ann.take_receipt("h")["history"] == "2");
    ann.expect_message("once");
    ann.expect_message("the last");
    ann.expect_nothing();
}
