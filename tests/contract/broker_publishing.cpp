// Boost Software License 1.0, see LICENSE

#include "broker_stand.hpp"

namespace contract {
namespace {

void check_same(const outgoing& sent, const record_view& shown) {
    CHECK(shown.destination == sent.destination);
    CHECK(shown.user == sent.user);
    CHECK(shown.timestamp == sent.timestamp);
    CHECK(shown.headers.octets() == sent.headers.octets());
    CHECK(shown.body == sent.body);
}

std::string all_octets() {
    std::string all;
    for (int i = 0; i != 256; ++i) all.push_back(static_cast<char>(i));
    return all;
}

void parts_as_they_were(broker_stand& at) {
    const std::string octets = all_octets();
    std::string headers;
    append_header(headers, "content-type", "text/plain");
    append_header(headers, octets, octets);
    append_header(headers, "empty", "");
    const std::vector<outgoing> sent = {
        {1, "/topic/a", "alice", 1'700'000'000'123, header_block{headers}, octets},
        {2, "/topic/a", "", 0, {}, ""},
        {3, "/topic/a", "\xc3\xbcnal", 1, {}, std::string_view("\0", 1)},
    };
    at.broker.publish(sent);
    REQUIRE(at.run_until([&] { return at.sink.records().size() == sent.size(); }));
    for (std::size_t i = 0; i != sent.size(); ++i) check_same(sent[i], at.sink.records()[i].view());
}

void results_and_records_agree(broker_stand& at) {
    const std::string kinds[] = {"/topic/room-", "/user/ann/queue/", "/user/", "queue/"};
    for (int i = 0; i != 100; ++i) at.publish(kinds[i % 4] + std::to_string(i % 7), std::to_string(i));
    REQUIRE(at.run_until([&] { return at.sink.records().size() == 100 && at.sink.results().size() == 100; }));
    for (const message& one : at.sink.records()) {
        const record_view shown = one.view();
        // Tickets were given from 1, bodies from 0.
        const publish_result& result = at.sink.results().at(std::stoull(std::string(shown.body)) + 1);
        CHECK(!result.error);
        CHECK(result.at == shown.at);
        CHECK(shown.at.partition == partition_of(shown.destination, at.broker.partitions()));
    }
}

void every_partition_delivers(broker_stand& at) {
    for (partition p = 0; p != at.broker.partitions(); ++p) at.publish(at.destination_on(p), "x");
    REQUIRE(at.run_until([&] { return at.sink.records().size() == at.broker.partitions(); }));
    std::set<partition> seen;
    for (const message& one : at.sink.records()) seen.insert(one.at().partition);
    CHECK(seen.size() == at.broker.partitions());
}

void batches_keep_order(broker_stand& at) {
    const std::vector<std::string> rooms = {at.destination_on(0), at.destination_on(0, 1), at.destination_on(1)};
    std::vector<std::string> texts = numbers(0, 300);
    std::vector<outgoing> batch;
    for (std::size_t i = 0; i != texts.size(); ++i) batch.push_back({i + 1, rooms[i % rooms.size()], "u", 1, {}, texts[i]});
    at.broker.publish(batch);
    // The views may die on return.
    for (std::string& text : texts) text.assign(text.size(), '?');
    REQUIRE(at.run_until([&] { return at.sink.records().size() == texts.size(); }));
    for (std::size_t room = 0; room != rooms.size(); ++room) {
        std::vector<std::string> expected;
        for (std::size_t i = room; i < texts.size(); i += rooms.size()) expected.push_back(std::to_string(i));
        CHECK(bodies(at.sink.records_of(rooms[room])) == expected);
    }
}

void threads_keep_their_order(broker_stand& at) {
    constexpr int thread_count = 4;
    constexpr int message_count = 300;
    const std::vector<std::string> rooms = {at.destination_on(0), at.destination_on(0, 1), at.destination_on(1)};
    std::vector<std::thread> threads;
    for (int t = 0; t != thread_count; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i != message_count; ++i) {
                const std::string body = std::to_string(t) + ":" + std::to_string(i);
                const auto ticket = static_cast<std::uint64_t>(t * message_count + i);
                const outgoing one{ticket, rooms[static_cast<std::size_t>(i) % rooms.size()], "u", 1, {}, body};
                at.broker.publish({&one, 1});
            }
        });
    const std::size_t total = thread_count * message_count;
    const bool all = at.run_until([&] { return at.sink.records().size() == total && at.sink.results().size() == total; });
    for (std::thread& thread : threads) thread.join();
    REQUIRE(all);
    std::map<std::pair<std::string, int>, int> last;
    for (const message& one : at.sink.records()) {
        const std::string body(one.view().body);
        const std::size_t colon = body.find(':');
        const int number = std::stoi(body.substr(colon + 1));
        const auto [before, first] = last.try_emplace({std::string(one.view().destination), std::stoi(body)}, -1);
        CHECK(before->second < number);
        before->second = number;
    }
}

void sink_may_publish(broker_stand& at) {
    at.sink.on_records_hook = [&](std::span<const record_view> records) {
        for (const record_view& one : records) {
            const int number = std::stoi(std::string(one.body));
            const std::string body = std::to_string(number + 1);
            const outgoing next{static_cast<std::uint64_t>(number) + 100, one.destination, "u", 1, {}, body};
            if (number < 20) at.broker.publish({&next, 1});
        }
    };
    at.publish("/topic/a", "0");
    REQUIRE(at.run_until([&] { return at.sink.records().size() == 21; }));
    at.sink.on_records_hook = nullptr;
    CHECK(bodies(at.sink.records()) == numbers(0, 21));
}

void too_long_is_refused(broker_stand& at) {
    const auto length = at.subject->too_long();
    if (!length) return;
    const std::uint64_t before = at.publish("/topic/a", "before");
    const std::uint64_t refused = at.publish("/topic/a", std::string(*length, 'x'));
    const std::uint64_t behind = at.publish("/topic/a", "behind");
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 3 && at.sink.records().size() == 2; }));
    CHECK(at.sink.results().at(refused).error == error::message_too_large);
    CHECK(!at.sink.results().at(before).error);
    CHECK(!at.sink.results().at(behind).error);
    CHECK(bodies(at.sink.records()) == std::vector<std::string>{"before", "behind"});
}

void repeats_keep_their_positions(broker_stand& at) {
    at.publish_and_wait("/topic/a", 10);
    const position third = at.sink.records()[3].at();
    if (!at.subject->repeat(third.partition, third.offset)) return;
    at.publish("/topic/a", "last");
    REQUIRE(at.run_until([&] { return at.sink.records().size() == 11; }));
    CHECK(at.sink.repeated == 7);
    CHECK(at.sink.records().back().view().body == "last");
}

} // namespace

void check_broker_publishing(const make_broker& make) {
    broker_stand at(make);
    at.start();

    SUBCASE("a message arrives with every part as it was") { parts_as_they_were(at); }
    SUBCASE("a result names the position at which the record is shown") { results_and_records_agree(at); }
    SUBCASE("every partition delivers") { every_partition_delivers(at); }
    SUBCASE("a batch keeps the order of each destination, and its views may die") { batches_keep_order(at); }
    SUBCASE("threads that publish at once keep the order of each thread") { threads_keep_their_order(at); }
    SUBCASE("the sink may publish") { sink_may_publish(at); }
    SUBCASE("a message that is too long is refused, its neighbours are not") { too_long_is_refused(at); }
    SUBCASE("a repeated record keeps its position") { repeats_keep_their_positions(at); }
    SUBCASE("a batch of nothing does nothing") {
        at.broker.publish({});
        at.publish_and_wait("/topic/a", 1);
        CHECK(at.sink.results().size() == 1);
    }
}

} // namespace contract
