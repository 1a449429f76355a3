// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

#include <map>

using namespace node_test;

namespace {

std::vector<std::string> bodies_until(stomp_client& client, std::size_t count) {
    std::vector<std::string> all;
    while (all.size() != count) {
        const auto one = client.next();
        REQUIRE(one.has_value());
        if (one->cmd == command::message) all.push_back(one->body);
    }
    return all;
}

} // namespace

TEST_CASE("all subscribers see the same order, also the senders, and each sender's own order is kept") {
    setup how;
    how.log.largest_offset_step = 5;
    on_shards(how, [](running_node& node) {
        constexpr std::size_t clients = 8;
        constexpr std::size_t each = 100;
        std::vector<std::unique_ptr<stomp_client>> all;
        for (std::size_t i = 0; i != clients; ++i) {
            all.push_back(i % 2 == 0 ? std::make_unique<stomp_client>(node.ws) : std::make_unique<stomp_client>(node.tcp, over_tcp()));
            all.back()->connect();
            all.back()->subscribe_and_wait("1", "/topic/room");
        }
        for (std::size_t n = 0; n != each; ++n) {
            for (std::size_t i = 0; i != clients; ++i) all[i]->send("/topic/room", std::to_string(i) + ' ' + std::to_string(n));
        }
        const std::vector<std::string> first = bodies_until(*all[0], clients * each);
        for (std::size_t i = 1; i != clients; ++i) CHECK((bodies_until(*all[i], clients * each) == first));
        std::map<char, std::size_t> next;
        for (const std::string& body : first) CHECK(std::stoul(body.substr(2)) == next[body[0]]++);
    });
}

TEST_CASE("every message whose SEND starts behind the RECEIPT of a SUBSCRIBE is delivered, once") {
    setup how;
    how.log.largest_offset_step = 3;
    on_shards(how, [](running_node& node) {
        constexpr int rounds = 25;
        stomp_client sender(node.ws);
        stomp_client noise(node.tcp, over_tcp());
        sender.connect();
        noise.connect();
        int sent = 0;
        struct reader {
            std::unique_ptr<stomp_client> client;
            int from = -1; // the first message that it must get
        };
        std::vector<reader> readers;
        for (int round = 0; round != rounds; ++round) {
            // Destinations come and go, with other traffic on all partitions.
            for (int i = 0; i != 4; ++i) noise.send("/topic/noise-" + std::to_string(i), "x");
            sender.send("/topic/room", std::to_string(sent++));
            for (int i = 0; i != 2; ++i) {
                reader& added = readers.emplace_back();
                added.client = std::make_unique<stomp_client>(i == 0 ? node.ws : node.tcp, i == 0 ? client_options() : over_tcp());
                added.client->connect();
                added.client->subscribe("1", "/topic/room", {{"receipt", "live"}});
            }
            sender.send("/topic/room", std::to_string(sent++));
            for (reader& one : readers) {
                if (one.from >= 0 || !one.client->poll()) continue;
                if (one.client->arrived().front().cmd == command::receipt) one.from = sent;
            }
            sender.send("/topic/room", std::to_string(sent++));
            if (round % 5 == 4) {
                for (std::size_t i = 0; i + 1 < readers.size(); i += 3) readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
        for (reader& one : readers) {
            if (one.from < 0) one.from = sent;
        }
        const std::string last = "last";
        for (reader& one : readers) one.client->take_receipt("live");
        sender.send("/topic/room", last);
        for (reader& one : readers) {
            int previous = -1;
            int first = -1;
            for (;;) {
                const received message = one.client->expect(command::message);
                if (message.body == last) break;
                const int number = std::stoi(message.body);
                if (first < 0)
                    first = number;
                else
                    CHECK(number == previous + 1);
                previous = number;
            }
            if (one.from < sent) {
                CHECK(first >= 0);
                CHECK(first <= one.from);
            }
            if (first >= 0) CHECK(previous == sent - 1);
        }
    });
}
