// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;

namespace {

client_options slow_reader(bool websocket = true) {
    client_options how;
    how.websocket = websocket;
    how.receive_buffer = 4096;
    return how;
}

std::string numbered(int number, std::size_t size) {
    std::string body = std::to_string(number) + ' ';
    body.resize(size, 'x');
    return body;
}

// Sends them so that each is in the log.
void publish(stomp_client& from, std::string_view destination, int begin, int end, std::size_t size) {
    for (int i = begin; i + 1 < end; ++i) from.send(destination, numbered(i, size));
    from.send_and_wait(destination, numbered(end - 1, size));
}

void expect_numbers(stomp_client& client, int begin, int end) {
    for (int i = begin; i != end; ++i) {
        const received one = client.expect(command::message);
        REQUIRE(one.body.substr(0, one.body.find(' ')) == std::to_string(i));
    }
}

setup small_queues() {
    setup how;
    how.options.output_queue = 64 * 1024;
    how.log.partitions = 1;
    how.log.history_octets_per_partition = 256 * 1024 * 1024;
    return how;
}

// Runs `f(node)` where those that are behind are fed from the node's recent messages, and where only the log has them.
template <class F>
void with_and_without_recent(setup how, F&& f) {
    for (const std::size_t recent : {how.options.recent_octets, std::size_t{0}}) {
        CAPTURE(recent);
        how.options.recent_octets = recent;
        on_shards(how, f);
    }
}

} // namespace

TEST_CASE("a client that does not read is behind: it gets everything when it reads again, and others never wait for it") {
    with_and_without_recent(small_queues(), [](running_node& node) {
        constexpr int count = 1500;
        constexpr std::size_t size = 10'000;
        stomp_client slow(node.ws, slow_reader());
        stomp_client slow_too(node.tcp, slow_reader(false));
        stomp_client quick(node.ws);
        stomp_client sender(node.ws);
        for (stomp_client* const one : {&slow, &slow_too, &quick, &sender}) one->connect();
        for (stomp_client* const one : {&slow, &slow_too, &quick}) one->subscribe_and_wait("1", "/topic/room");
        publish(sender, "/topic/room", 0, count, size);
        expect_numbers(quick, 0, count);
        expect_numbers(slow, 0, count);
        expect_numbers(slow_too, 0, count);
        sender.send("/topic/room", "live again");
        for (stomp_client* const one : {&slow, &slow_too, &quick}) one->expect_message("live again");
    });
}

TEST_CASE("a queue that one write empties at its limit goes on being fed") {
    // Bodies of which some number fills the queue and the budget of a turn exactly, or nearly.
    for (const std::size_t size : {64u * 1024u, 65'370u, 128u * 1024u, 32'768u - 200u}) {
        CAPTURE(size);
        setup how;
        how.log.partitions = 1;
        how.log.history_octets_per_partition = 256 * 1024 * 1024;
        running_node node(how);
        stomp_client reader(node.tcp, over_tcp());
        stomp_client sender(node.ws);
        reader.connect();
        sender.connect();
        reader.subscribe_and_wait("1", "/topic/room");
        sender.send_frame(command::begin, {{"transaction", "t"}});
        constexpr int count = 100;
        for (int i = 0; i != count; ++i) sender.send("/topic/room", numbered(i, size), {{"transaction", "t"}});
        sender.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
        std::size_t got = 0;
        REQUIRE(reader.wait_until([&] {
            sender.poll();
            got = reader.arrived().size();
            return got == count;
        }));
        expect_numbers(reader, 0, count);
    }
}

TEST_CASE("messages whose octets the whole shard may not keep any more are read from the log later, without haste") {
    setup how = small_queues();
    how.options.shard_output = 64 * 1024;
    how.options.recent_octets = 0;
    running_node node(how);
    std::vector<std::unique_ptr<stomp_client>> slow;
    for (int i = 0; i != 5; ++i) {
        slow.push_back(std::make_unique<stomp_client>(node.ws, slow_reader()));
        slow.back()->connect();
        slow.back()->subscribe_and_wait("1", "/topic/room");
    }
    stomp_client sender(node.ws);
    sender.connect();
    constexpr int count = 1000;
    publish(sender, "/topic/room", 0, count, 10'000);
    // When the kernel's buffers are full and nobody reads, nobody has to be fed: the log is left alone.
    CHECK(eventually([&] {
        const auto before = node.log.physical_reads();
        for (int i = 0; i != 100; ++i) sender.expect_nothing();
        return node.log.physical_reads() == before;
    }));
    for (const auto& one : slow) expect_numbers(*one, 0, count);
}

TEST_CASE("a client that never reads is closed when its socket takes nothing for too long") {
    setup how = small_queues();
    how.options.no_progress = std::chrono::seconds(1);
    running_node node(how);
    stomp_client stuck(node.ws, slow_reader());
    stomp_client quick(node.ws);
    stomp_client sender(node.ws);
    stuck.connect({{"login", "stuck"}});
    quick.connect({{"login", "quick"}});
    sender.connect({{"login", "sender"}});
    stuck.subscribe_and_wait("1", "/topic/room");
    quick.subscribe_and_wait("1", "/topic/room");
    publish(sender, "/topic/room", 0, 1000, 10'000);
    expect_numbers(quick, 0, 1000);
    REQUIRE(quick.wait_until([&] { return !node.watcher.gone().empty(); }));
    CHECK(node.watcher.gone()[0].user == "stuck");
    CHECK(node.watcher.gone()[0].reason == stompchat::error::no_progress);
    quick.expect_nothing();
    sender.expect_nothing();
}

TEST_CASE("a client that is behind further than the log reaches is told so, and closed") {
    setup how = small_queues();
    how.log.history_octets_per_partition = 200'000;
    how.options.recent_octets = 0;
    on_shards(how, [](running_node& node) {
        for (const bool websocket : {true, false}) {
            stomp_client slow(websocket ? node.ws : node.tcp, slow_reader(websocket));
            stomp_client quick(node.ws);
            stomp_client sender(node.ws);
            for (stomp_client* const one : {&slow, &quick, &sender}) one->connect();
            slow.subscribe_and_wait("1", "/topic/room");
            quick.subscribe_and_wait("1", "/topic/room");
            for (int i = 0; i != 50; ++i) {
                publish(sender, "/topic/room", i * 20, (i + 1) * 20, 10'000);
                expect_numbers(quick, i * 20, (i + 1) * 20);
            }
            // What was queued comes first and without a hole.
            int expected = 0;
            received one;
            for (;;) {
                one = *slow.next();
                if (one.cmd != command::message) break;
                REQUIRE(one.body.substr(0, one.body.find(' ')) == std::to_string(expected++));
            }
            REQUIRE(one.cmd == command::error);
            CHECK(one["message"] == "messages were lost");
            slow.expect_close(1012);
            CHECK(expected < 1000);
            quick.expect_nothing();
        }
    });
}

TEST_CASE("a quiet room in a busy partition loses nothing when the shard's inbox has no room") {
    setup how;
    how.log.partitions = 1;
    how.log.history_messages_per_partition = 200;
    how.options.shard_inbox = 1; // one record of a batch
    with_and_without_recent(how, [](running_node& node) {
        stomp_client quiet(node.ws);
        stomp_client sender(node.ws);
        quiet.connect();
        sender.connect();
        quiet.subscribe_and_wait("1", "/topic/quiet");
        for (int round = 0; round != 10; ++round) {
            for (int i = 0; i != 300; ++i) sender.send("/topic/busy", "x");
            sender.send_and_wait("/topic/busy", "x");
            sender.send_frame(command::begin, {{"transaction", "t"}});
            for (int i = 0; i != 5; ++i) {
                sender.send("/topic/quiet", std::to_string(5 * round + i), {{"transaction", "t"}});
                sender.send("/topic/busy", "x", {{"transaction", "t"}});
            }
            sender.send_frame(command::commit, {{"transaction", "t"}});
            for (int i = 0; i != 5; ++i) quiet.expect_message(std::to_string(5 * round + i));
        }
    });
}

TEST_CASE("answers that a client asks for and does not read stop its being read, not the node") {
    setup how = small_queues();
    how.options.no_progress = std::chrono::seconds(1);
    running_node node(how);
    std::atomic<int> asked{0};
    node.app.send_script = [&](const stompchat::app_request&, stompchat::app_reply&& reply) {
        ++asked;
        reply.reply({}, std::string(10'000, 'r'));
        reply.done();
        return true;
    };
    stomp_client greedy(node.ws, slow_reader());
    stomp_client other(node.ws);
    greedy.connect({{"login", "greedy"}});
    other.connect({{"login", "other"}});
    greedy.subscribe_and_wait("1", "/session/queue/replies");
    constexpr int count = 20'000;
    for (int i = 0; i != count; ++i) greedy.send("/app/x", "");
    // Whether for its replies or for its socket, it ends; the others do not notice.
    while (node.watcher.gone().empty()) other.expect_nothing();
    CHECK(node.watcher.gone()[0].user == "greedy");
    CHECK(node.watcher.gone()[0].reason == stompchat::error::no_progress);
    CHECK(asked < count);
}
