// Boost Software License 1.0, see LICENSE

// Topics with so many subscriptions in a shard that their messages are handed out piece by piece.

#include "running_node.hpp"

#include <map>

using namespace node_test;

namespace {

constexpr int clients = 5;
constexpr int each = 100;

struct crowd {
    explicit crowd(running_node& node, const client_options& how = {}, const std::string& room = "/topic/room") {
        for (int i = 0; i != clients; ++i) {
            all.push_back(std::make_unique<stomp_client>(node.ws, how));
            all.back()->connect();
            for (int s = 0; s != each; ++s) all.back()->subscribe(std::to_string(s), room);
            all.back()->expect_nothing();
        }
    }

    std::vector<std::unique_ptr<stomp_client>> all;
};

// Each subscription of a client gets the numbers from begin on, in order.
void expect_numbers(stomp_client& client, int begin, int end, int subscriptions = each) {
    std::map<std::string, int> next;
    for (int i = 0; i != (end - begin) * subscriptions; ++i) {
        const received one = client.expect(command::message);
        int& expected = next.try_emplace(one["subscription"], begin).first->second;
        REQUIRE(one.body == std::to_string(expected));
        ++expected;
    }
    REQUIRE(next.size() == static_cast<std::size_t>(subscriptions));
}

} // namespace

TEST_CASE("very many subscriptions of a topic each get every message, once and in order") {
    on_shards([](running_node& node) {
        const crowd many(node);
        stomp_client sender(node.tcp, over_tcp());
        sender.connect();
        constexpr int count = 100;
        for (int i = 0; i != count; ++i) sender.send("/topic/room", std::to_string(i));
        for (const auto& one : many.all) expect_numbers(*one, 0, count);
        // A sender that was held up is read on.
        sender.send_and_wait("/topic/room", std::to_string(count));
        for (const auto& one : many.all) expect_numbers(*one, count, count + 1);
    });
}

TEST_CASE("who comes while messages are handed out gets what is sent behind its RECEIPT, who goes gets nothing more") {
    on_shards([](running_node& node) {
        const crowd many(node);
        stomp_client sender(node.tcp, over_tcp());
        stomp_client guest(node.ws);
        sender.connect();
        guest.connect();
        int sent = 0;
        for (int round = 0; round != 20; ++round) {
            for (int i = 0; i != 5; ++i) sender.send("/topic/room", std::to_string(sent++));
            guest.subscribe("g", "/topic/room", {{"receipt", "live"}});
            guest.take_receipt("live");
            const int from = sent;
            for (int i = 0; i != 5; ++i) sender.send("/topic/room", std::to_string(sent++));
            int previous = -1;
            do {
                const int number = std::stoi(guest.expect(command::message).body);
                if (previous < 0)
                    REQUIRE(number <= from);
                else
                    REQUIRE(number == previous + 1);
                previous = number;
            } while (previous != sent - 1);
            sender.send("/topic/room", std::to_string(sent++));
            guest.unsubscribe("g", {{"receipt", "gone"}});
            while (guest.next()->cmd != command::receipt) {
            }
            guest.expect_nothing();
        }
        for (const auto& one : many.all) expect_numbers(*one, 0, sent);
    });
}

TEST_CASE("a slow client among very many gets everything when it reads") {
    setup how;
    how.options.output_queue = 64 * 1024;
    how.log.history_octets_per_partition = 64 * 1024 * 1024;
    on_shards(how, [](running_node& node) {
        client_options small;
        small.receive_buffer = 4096;
        const crowd slow(node, small);
        stomp_client sender(node.tcp, over_tcp());
        sender.connect();
        constexpr int count = 150;
        for (int i = 0; i != count; ++i) sender.send("/topic/room", std::to_string(i));
        sender.expect_nothing();
        for (const auto& one : slow.all) expect_numbers(*one, 0, count);
    });
}

TEST_CASE("a crowd may lose its log, or leave at once, in the middle of a message") {
    on_shards([](running_node& node) {
        stomp_client sender(node.tcp, over_tcp());
        sender.connect();
        {
            const crowd many(node);
            for (int i = 0; i != 20; ++i) sender.send("/topic/room", std::to_string(i));
        }
        // Another room: what was sent to the first one may still be on its way.
        const crowd many(node, {}, "/topic/other");
        for (int i = 0; i != 20; ++i) sender.send_and_wait("/topic/other", std::to_string(i));
        node.log.inject_new_log();
        for (const auto& one : many.all) {
            received last;
            do last = *one->next();
            while (last.cmd == command::message);
            CHECK(last["message"] == "messages were lost");
            one->expect_close(1012);
        }
    });
}
