// Boost Software License 1.0, see LICENSE

#include "broker_stand.hpp"

namespace contract {
namespace {

outgoing copy_of(const record_id& id, const position& base, std::string_view body, std::string_view destination = "/topic/a") {
    outgoing one;
    one.destination = destination;
    one.user = "alice";
    one.timestamp = 1'000;
    one.body = body;
    one.id = id;
    one.base = base;
    return one;
}

position end_of(broker_stand& at, std::string_view destination) {
    const partition of = partition_of(destination, at.broker.partitions());
    position end{0, of, at.sink.next(of)};
    const auto read = at.read(std::string(destination), end);
    end.epoch = read.result.next.epoch;
    return end;
}

void only_the_first_copy_counts(broker_stand& at) {
    at.publish_and_wait("/topic/a", 3);
    const position base = end_of(at, "/topic/a");
    const record_id id{7, 1};
    const auto first = at.publish(copy_of(id, base, "first"));
    at.publish("/topic/a", "between");
    const auto second = at.publish(copy_of(id, base, "second"));
    const auto other = at.publish(copy_of({7, 2}, base, "other"));
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 7 && at.sink.records().size() == 6; }));
    CHECK(bodies(at.sink.records()) == std::vector<std::string>{"0", "1", "2", "first", "between", "other"});
    const auto& results = at.sink.results();
    CHECK(results.at(first).at == at.sink.records()[3].at());
    CHECK(!results.at(second).error);
    CHECK(results.at(second).at == results.at(first).at);
    CHECK(results.at(other).at == at.sink.records()[5].at());
    // A read knows no copies either.
    CHECK(bodies(at.read_all("/topic/a", base, {})) == std::vector<std::string>{"first", "between", "other"});
}

void a_copy_that_was_taken_first_counts(broker_stand& at) {
    const position base = end_of(at, "/topic/a");
    const auto copy = at.publish(copy_of({7, 1}, base, "same"));
    REQUIRE(at.run_until([&] { return at.sink.results().contains(copy); }));
    at.publish_and_wait("/topic/a", 5);
    // The original, which was held up somewhere.
    const auto original = at.publish(copy_of({7, 1}, base, "same"));
    REQUIRE(at.run_until([&] { return at.sink.results().contains(original); }));
    CHECK(at.sink.results().at(original).at == at.sink.results().at(copy).at);
    CHECK(at.sink.records().size() == 6);
}

void a_base_of_another_log_says_nothing(broker_stand& at) {
    const auto first = at.publish(copy_of({7, 1}, {}, "first"));
    position foreign = end_of(at, "/topic/a");
    foreign.epoch += 1;
    foreign.offset += 1'000;
    const auto second = at.publish(copy_of({7, 1}, foreign, "second"));
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 2; }));
    CHECK(at.sink.results().at(second).at == at.sink.results().at(first).at);
}

void both_wait_for_the_broker(broker_stand& at) {
    const position base = end_of(at, "/topic/a");
    if (!at.subject->set_available(false)) return;
    at.publish(copy_of({7, 1}, base, "first"));
    at.publish(copy_of({7, 1}, base, "second"));
    at.subject->set_available(true);
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 2; }));
    CHECK(at.sink.results().at(1).at == at.sink.results().at(2).at);
    CHECK(bodies(at.sink.records()) == std::vector<std::string>{"first"});
}

void a_lost_copy_is_remembered(broker_stand& at) {
    const position base = end_of(at, "/topic/a");
    const auto first = at.publish(copy_of({7, 1}, base, "first"));
    REQUIRE(at.run_until([&] { return at.sink.results().contains(first) && at.sink.records().size() == 1; }));
    if (!at.subject->lose(base.partition, at.sink.results().at(first).at.offset + 1)) return;
    const auto second = at.publish(copy_of({7, 1}, base, "second"));
    REQUIRE(at.run_until([&] { return at.sink.results().contains(second); }));
    CHECK(at.sink.results().at(second).at == at.sink.results().at(first).at);
}

} // namespace

void check_broker_copies(const make_broker& make) {
    broker_stand at(make);
    at.start();

    SUBCASE("the first copy in the log is the message, and the results of the others name it") { only_the_first_copy_counts(at); }
    SUBCASE("an original behind its copy is the copy") { a_copy_that_was_taken_first_counts(at); }
    SUBCASE("a base of another log says nothing") { a_base_of_another_log_says_nothing(at); }
    SUBCASE("copies that were taken while the broker did not answer are one message") { both_wait_for_the_broker(at); }
    SUBCASE("a copy of what the log has dropped is no new message") { a_lost_copy_is_remembered(at); }
}

} // namespace contract
