// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using namespace stompchat;

namespace {

using texts = std::vector<std::string>;

/// Sends `first`, ..., `last` as texts to a room and returns the message-ids.
std::vector<std::string> fill(stomp_client& sender, std::string_view room, int first, int last) {
    std::vector<std::string> ids;
    for (int i = first; i <= last; ++i) ids.push_back(sender.send_and_wait(room, std::to_string(i))["message-id"]);
    return ids;
}

received subscribe(stomp_client& client, std::string_view id, std::string_view room, headers how) {
    how.emplace_back("receipt", "subscribed-" + std::string(id));
    client.subscribe(id, room, how);
    return client.take_receipt("subscribed-" + std::string(id));
}

void expect(stomp_client& client, int first, int last) {
    for (int i = first; i <= last; ++i) client.expect_message(std::to_string(i));
}

setup without_memory() {
    setup how;
    how.options.recent_octets = 0;
    how.options.topic_linger = std::chrono::milliseconds(0);
    return how;
}

/// Runs `f(node)` on nodes that keep recent messages and on such that have to read the log each time.
template <class F>
void with_and_without_recent(F&& f) {
    {
        INFO("with recent messages");
        on_shards(f);
    }
    INFO("from the log alone");
    on_shards(without_memory(), f);
}

} // namespace

TEST_CASE("who comes back with the last message-id goes on exactly behind it") {
    with_and_without_recent([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        const auto ids = fill(ann, "/topic/room", 1, 10);
        for (int after = 1; after <= 10; ++after) {
            stomp_client bob(node.ws);
            bob.connect({{"login", "bob"}});
            const std::string token = ids[static_cast<std::size_t>(after - 1)];
            const received receipt = subscribe(bob, "1", "/topic/room", {{"resume-after", token}});
            CHECK(receipt["recovered"] == "true");
            CHECK(receipt["history"] == "(absent)");
            expect(bob, after + 1, 10);
            bob.expect_nothing();
        }
    });
}

TEST_CASE("nothing is missed or doubled by who comes back again and again while others go on sending") {
    with_and_without_recent([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        stomp_client first(node.ws);
        first.connect({{"login", "bob"}});
        std::string token = subscribe(first, "1", "/topic/room", {})["position"];
        first.vanish();
        int sent = 0;
        int seen = 0;
        for (int round = 0; round != 20; ++round) {
            for (int i = 0; i != 5; ++i) ann.send("/topic/room", std::to_string(++sent));
            stomp_client bob(node.ws);
            bob.connect({{"login", "bob"}});
            CHECK(subscribe(bob, "1", "/topic/room", {{"resume-after", token}})["recovered"] == "true");
            for (int i = 0; i != 3; ++i) ann.send("/topic/room", std::to_string(++sent));
            ann.wait_until([&] { return ann.unsent() == 0; });
            // It leaves somewhere in the middle.
            const int until = round == 19 ? sent : seen + 4;
            while (seen < until) token = bob.expect_message(std::to_string(++seen))["message-id"];
            bob.vanish();
        }
    });
}

TEST_CASE("the RECEIPT's position is a token for who has received nothing yet, also of an empty room") {
    with_and_without_recent([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        const std::string empty = subscribe(ann, "1", "/topic/room", {})["position"];
        fill(ann, "/topic/other", 1, 3);
        const auto ids = fill(ann, "/topic/room", 1, 3);
        stomp_client bob(node.ws);
        bob.connect();
        CHECK(subscribe(bob, "1", "/topic/room", {{"resume-after", empty}})["recovered"] == "true");
        expect(bob, 1, 3);
        const received live = subscribe(bob, "2", "/topic/room", {});
        CHECK(live["recovered"] == "(absent)");
        CHECK(subscribe(bob, "3", "/topic/room", {{"resume-after", live["position"]}})["recovered"] == "true");
        CHECK(subscribe(bob, "4", "/topic/room", {{"resume-after", ids[2]}})["recovered"] == "true");
        bob.expect_nothing();
        CHECK(subscribe(bob, "5", "/topic/room", {{"resume-after", ids[2] + "_17"}})["recovered"] == "true");
    });
}

TEST_CASE(
    "a token that is none, of another room, of another log or from the future recovers nothing, and the subscription is live from now") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    const auto ids = fill(ann, "/topic/room", 1, 3);
    const auto others = fill(ann, "/topic/other", 1, 3);
    const auto parsed = parse_token(ids[0]);
    REQUIRE(parsed.has_value());
    const auto forged = [&](position at) { return std::string(position_token(at, "/topic/room").text()); };
    position future = parsed->at;
    future.offset += 1'000'000;
    position foreign = parsed->at;
    foreign.epoch ^= 1;
    position elsewhere = parsed->at;
    elsewhere.partition ^= 1;
    int id = 0;
    for (const std::string& token : texts{std::string("nonsense"), std::string(), others[0], forged(future), forged(foreign),
                                          forged(elsewhere), ids[0] + "0", "s-1", std::string(7'000, 'x')}) {
        CAPTURE(token.substr(0, 60));
        stomp_client bob(node.ws);
        bob.connect();
        const received receipt = subscribe(bob, std::to_string(++id), "/topic/room", {{"resume-after", token}});
        CHECK(receipt["recovered"] == "false");
        ann.send_and_wait("/topic/room", "new");
        bob.expect_message("new");
        bob.expect_nothing();
    }
}

TEST_CASE("a token that the log no longer reaches is not recovered, a quiet room beside a busy one is") {
    setup how = without_memory();
    how.log.partitions = 1;
    how.log.history_octets_per_partition = 20'000;
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    const auto quiet = fill(ann, "/topic/quiet", 1, 2);
    const auto busy = fill(ann, "/topic/busy", 1, 2);
    for (int i = 0; i != 100; ++i) ann.send_and_wait("/topic/busy", std::string(1'000, 'x'));
    stomp_client bob(node.ws);
    bob.connect();
    CHECK(subscribe(bob, "1", "/topic/busy", {{"resume-after", busy[1]}})["recovered"] == "false");
    CHECK(subscribe(bob, "2", "/topic/quiet", {{"resume-after", quiet[1]}})["recovered"] == "true");
    CHECK(subscribe(bob, "3", "/topic/quiet", {{"resume-after", quiet[0]}})["recovered"] == "false");
    bob.expect_nothing();
}

TEST_CASE("history brings the last messages, then what is new, and says whether there is more") {
    with_and_without_recent([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        fill(ann, "/topic/room", 1, 5);
        fill(ann, "/topic/other", 1, 3);
        stomp_client bob(node.ws);
        bob.connect();
        received receipt = subscribe(bob, "1", "/topic/room", {{"history", "3"}});
        CHECK(receipt["history"] == "3");
        CHECK(receipt["complete"] == "false");
        CHECK(receipt["recovered"] == "(absent)");
        expect(bob, 3, 5);
        bob.unsubscribe("1");
        receipt = subscribe(bob, "2", "/topic/room", {{"history", "5"}});
        CHECK(receipt["history"] == "5");
        CHECK(receipt["complete"] == "true");
        expect(bob, 1, 5);
        fill(ann, "/topic/room", 6, 7);
        expect(bob, 6, 7);
        bob.unsubscribe("2");
        receipt = subscribe(bob, "3", "/topic/room", {{"history", "99999999999999999999999"}});
        CHECK(receipt["history"] == "7");
        CHECK(receipt["complete"] == "true");
        expect(bob, 1, 7);
        receipt = subscribe(bob, "4", "/topic/empty", {{"history", "10"}});
        CHECK(receipt["history"] == "0");
        CHECK(receipt["complete"] == "true");
        CHECK(subscribe(bob, "5", "/topic/room", {{"history", "0"}})["history"] == "0");
        bob.expect_nothing();
    });
}

TEST_CASE("history applies where resuming fails, and only there") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    const auto ids = fill(ann, "/topic/room", 1, 5);
    stomp_client bob(node.ws);
    bob.connect();
    received receipt = subscribe(bob, "1", "/topic/room", {{"history", "2"}, {"resume-after", ids[3]}});
    CHECK(receipt["recovered"] == "true");
    CHECK(receipt["history"] == "(absent)");
    expect(bob, 5, 5);
    bob.unsubscribe("1");
    receipt = subscribe(bob, "2", "/topic/room", {{"history", "2"}, {"resume-after", "lost"}});
    CHECK(receipt["recovered"] == "false");
    CHECK(receipt["history"] == "2");
    expect(bob, 4, 5);
    bob.expect_nothing();
}

TEST_CASE("history that is no decimal number is refused") {
    running_node node;
    for (const char* bad : {"", "-1", "+1", "1.5", "0x10", "ten", " 1"}) {
        CAPTURE(bad);
        stomp_client bob(node.ws);
        bob.connect();
        bob.subscribe("1", "/topic/room", {{"history", bad}, {"receipt", "r"}});
        CHECK(bob.expect_error("history")["receipt-id"] == "r");
        bob.expect_close(1002);
    }
}

TEST_CASE("nobody sees further back than the authorizer allows, neither by a token nor by history") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    const auto old = fill(ann, "/topic/room", 1, 3);
    // Timestamps have milliseconds; the bound lies clearly between the two.
    const auto start = std::chrono::system_clock::now();
    REQUIRE(eventually([&] { return std::chrono::system_clock::now() > start + std::chrono::milliseconds(20); }));
    node.authorization.earliest = start + std::chrono::milliseconds(10);
    const auto recent = fill(ann, "/topic/room", 4, 6);
    stomp_client bob(node.ws);
    bob.connect();
    CHECK(subscribe(bob, "1", "/topic/room", {{"resume-after", old[0]}})["recovered"] == "false");
    bob.expect_nothing();
    CHECK(subscribe(bob, "2", "/topic/room", {{"resume-after", recent[0]}})["recovered"] == "true");
    expect(bob, 5, 6);
    CHECK(subscribe(bob, "3", "/topic/room", {{"history", "100"}})["history"] == "3");
    expect(bob, 4, 6);
}

TEST_CASE("a hole found later is told to who can know of it, and ends the session of who cannot") {
    setup how = without_memory();
    how.log.partitions = 1;
    how.options.output_queue = 64 * 1024;
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    client_options slow;
    slow.receive_buffer = 4'096;
    stomp_client knows(node.ws, slow);
    stomp_client plain(node.ws, slow);
    knows.connect();
    plain.connect();
    subscribe(knows, "1", "/topic/room", {{"history", "0"}});
    subscribe(plain, "1", "/topic/room", {});
    offset last = 0;
    for (int i = 0; i != 200; ++i) {
        const received receipt = ann.send_and_wait("/topic/room", std::string(20'000, 'x'), {{"n", std::to_string(i)}});
        last = parse_token(receipt["message-id"])->at.offset;
    }
    node.log.inject_loss(0, last);
    int gaps = 0;
    int previous = -1;
    for (bool done = false; !done;) {
        const received message = knows.expect(command::message);
        if (message["gap"] == "true") {
            ++gaps;
            CHECK(message["message-id"].substr(0, 2) == "s-");
            CHECK(message["destination"] == "/topic/room");
            CHECK(message["subscription"] == "1");
            CHECK(message["ack"] == "(absent)");
            continue;
        }
        const int n = std::stoi(message["n"]);
        // In order and once; only over the hole numbers are left out.
        CHECK(n > previous);
        if (gaps == 0) CHECK(n == previous + 1);
        previous = n;
        done = n == 199;
    }
    CHECK(gaps == 1);
    ann.send_and_wait("/topic/room", "goes on");
    knows.expect_message("goes on");

    for (;;) {
        const auto next = plain.next();
        REQUIRE(next.has_value());
        if (next->cmd == command::message) continue;
        CHECK(next->cmd == command::error);
        break;
    }
    plain.expect_close(1012);
}

TEST_CASE("when the log is made anew, who knows of gaps is told and goes on") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        stomp_client bob(node.ws);
        bob.connect();
        subscribe(bob, "1", "/topic/room", {{"resume-after", "whatever"}, {"ack", "client"}});
        const auto ids = fill(ann, "/topic/room", 1, 2);
        expect(bob, 1, 2);
        node.log.inject_new_log();
        fill(ann, "/topic/room", 3, 4);
        CHECK(bob.expect(command::message)["gap"] == "true");
        bob.expect_message("3");
        const received last = bob.expect_message("4");
        bob.ack(last["ack"], {{"receipt", "acknowledged"}});
        bob.expect_receipt("acknowledged");
        stomp_client cem(node.ws);
        cem.connect();
        CHECK(subscribe(cem, "1", "/topic/room", {{"resume-after", ids[1]}})["recovered"] == "false");
        CHECK(subscribe(cem, "2", "/topic/room", {{"resume-after", last["message-id"]}})["recovered"] == "true");
    });
}

TEST_CASE("many who come back to one room cost the log next to nothing") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    stomp_client first(node.ws);
    first.connect();
    const std::string token = subscribe(first, "1", "/topic/room", {})["position"];
    first.vanish();
    fill(ann, "/topic/room", 1, 30);
    const auto before = node.log.physical_reads();
    for (int i = 0; i != 50; ++i) {
        stomp_client one(node.ws);
        one.connect();
        CHECK(subscribe(one, "1", "/topic/room", {{"resume-after", token}})["recovered"] == "true");
        expect(one, 1, 30);
    }
    CHECK(node.log.physical_reads() - before <= 1);
}

TEST_CASE("a subscription waits for a log that does not answer, and begins when it does") {
    setup how = without_memory();
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    const auto ids = fill(ann, "/topic/room", 1, 3);
    stomp_client bob(node.ws);
    bob.connect();
    subscribe(bob, "0", "/topic/room", {});
    node.log.inject_available(false);
    bob.subscribe("1", "/topic/room", {{"resume-after", ids[0]}, {"receipt", "r"}});
    CHECK_FALSE(bob.next(std::chrono::milliseconds(300)).has_value());
    node.log.inject_available(true);
    CHECK(bob.take_receipt("r")["recovered"] == "true");
    expect(bob, 2, 3);
}

TEST_CASE("everybody who comes back to a room costs the log one read") {
    setup how;
    how.options.topic_linger = std::chrono::milliseconds(0);
    running_node node(how);
    stomp_client sender(node.ws);
    sender.connect();
    const std::vector<std::string> rooms = {"/topic/a", "/topic/b", "/topic/c"};
    std::vector<std::string> tokens;
    for (const std::string& room : rooms) tokens.push_back(fill(sender, room, 1, 6).front());
    const std::uint64_t before = node.log.physical_reads();
    std::vector<std::unique_ptr<stomp_client>> all;
    for (std::size_t i = 0; i != 30; ++i) {
        all.push_back(std::make_unique<stomp_client>(node.ws));
        all.back()->connect();
        const std::size_t room = i % rooms.size();
        CHECK(subscribe(*all.back(), "1", rooms[room], {{"resume-after", tokens[room]}})["recovered"] == "true");
        expect(*all.back(), 2, 6);
    }
    CHECK(node.log.physical_reads() - before == rooms.size());
}
