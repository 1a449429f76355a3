// Boost Software License 1.0, see LICENSE

#include "broker_stand.hpp"

namespace contract {
namespace {

void shows_wanted_partitions_only(broker_stand& at) {
    const std::string wanted = at.destination_on(0);
    const std::string unwanted = at.destination_on(1);
    const partition zero[] = {0};
    at.publish_and_wait(wanted, 2);
    at.publish_and_wait(unwanted, 2);
    at.broker.set_partitions(zero);
    // What was on its way may still come: wait until it has.
    at.publish(wanted, "2");
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 5 && at.sink.records().size() == 5; }));
    at.publish(unwanted, "not shown");
    at.publish(wanted, "3");
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 7 && at.sink.records_of(wanted).size() == 4; }));
    CHECK(bodies(at.sink.records_of(unwanted)) == numbers(0, 2));

    std::vector<partition> all(at.broker.partitions());
    for (partition p = 0; p != all.size(); ++p) all[p] = p;
    for (partition p = 1; p != all.size(); ++p) at.sink.forget(p);
    at.broker.set_partitions(all);
    for (partition p = 1; p != all.size(); ++p) REQUIRE(at.run_until([&] { return at.sink.begun(p); }));
    at.publish(unwanted, "2");
    at.publish(wanted, "4");
    REQUIRE(at.run_until([&] { return at.sink.records_of(wanted).size() == 5 && at.sink.records_of(unwanted).size() == 3; }));
    // The one that stayed was shown without a break, the other one from its end at the time.
    CHECK(bodies(at.sink.records_of(wanted)) == numbers(0, 5));
    CHECK(bodies(at.sink.records_of(unwanted)) == numbers(0, 3));

    // What was not shown can be read.
    const position first = at.sink.records_of(unwanted)[0].at();
    CHECK(at.read(unwanted, first).result.messages.size() == 4);
}

void an_outage_loses_nothing(broker_stand& at) {
    at.publish_and_wait("/topic/a", 3);
    const position first = at.sink.records()[0].at();
    if (!at.subject->set_available(false)) return;
    REQUIRE(at.run_until([&] { return at.sink.is(broker_state::unavailable); }));
    for (int i = 3; i != 10; ++i) at.publish("/topic/a", std::to_string(i));
    CHECK(at.read("/topic/a", first).error == error::broker_unavailable);
    CHECK(!at.end(first.partition));
    CHECK(at.sink.records().size() == 3);

    at.subject->set_available(true);
    at.publish("/topic/a", "10");
    // What it shows and what it says of itself come in any order.
    REQUIRE(
        at.run_until([&] { return at.sink.records().size() == 11 && at.sink.results().size() == 11 && at.sink.is(broker_state::ready); }));
    CHECK(bodies(at.sink.records()) == numbers(0, 11));
    for (const auto& [ticket, result] : at.sink.results()) CHECK(!result.error);
    CHECK(bodies(at.read("/topic/a", first).result.messages) == numbers(0, 11));
}

void stop_answers_everything(broker_stand& at) {
    for (int i = 0; i != 500; ++i) at.publish("/topic/a", std::to_string(i));
    at.stop();
    CHECK(at.sink.results().size() == 500);
    for (const auto& [ticket, result] : at.sink.results()) CHECK(!result.error);
    CHECK(at.sink.is(broker_state::stopped));
}

void nothing_comes_behind_a_stop(broker_stand& at) {
    at.publish_and_wait("/topic/a", 3);
    const position first = at.sink.records()[0].at();
    at.stop();
    const std::size_t calls = at.sink.calls;
    at.publish("/topic/a", "behind");
    const partition zero[] = {0};
    at.broker.set_partitions({});
    at.broker.set_partitions(zero);
    CHECK(at.read("/topic/a", first).error == error::stopped);
    CHECK(!at.end(0));
    at.stop();
    support::run_ready(at.context);
    CHECK(at.sink.calls == calls);
}

void a_stop_refuses_what_comes_later(broker_stand& at) {
    const std::uint64_t before = at.publish("/topic/a", "before");
    bool stopped = false;
    at.broker.async_stop(std::chrono::seconds(20), [&](error_code) { stopped = true; });
    const std::uint64_t behind = at.publish("/topic/a", "behind");
    int answered = 0;
    at.broker.async_read("/topic/a", {}, {}, [&](error_code failure, const read_result&) {
        CHECK(failure == error::stopped);
        ++answered;
    });
    at.broker.async_end(0, [&](error_code failure, position) {
        CHECK(failure == error::stopped);
        ++answered;
    });
    REQUIRE(at.run_until([&] { return stopped && answered == 2; }));
    CHECK(!at.sink.results().at(before).error);
    CHECK(at.sink.results().at(behind).error == error::stopped);
}

void an_impatient_stop_gives_up(broker_stand& at) {
    at.publish_and_wait("/topic/a", 1);
    if (!at.subject->set_available(false)) return;
    for (int i = 0; i != 5; ++i) at.publish("/topic/a", "never");
    at.stop(std::chrono::milliseconds(1));
    REQUIRE(at.sink.results().size() == 6);
    int unknown = 0;
    for (const auto& [ticket, result] : at.sink.results())
        if (result.error == error::outcome_unknown) ++unknown;
    CHECK(unknown == 5);
    CHECK(at.sink.is(broker_state::stopped));
}

void two_stops(broker_stand& at) {
    int stopped = 0;
    for (int i = 0; i != 2; ++i) at.broker.async_stop(std::chrono::seconds(20), [&](error_code) { ++stopped; });
    REQUIRE(at.run_until([&] { return stopped == 2; }));
    CHECK(std::count(at.sink.states.begin(), at.sink.states.end(), broker_state::stopped) == 1);
}

} // namespace

void check_broker_life(const make_broker& make) {
    SUBCASE("a broker that was never started stops") {
        broker_stand at(make);
        at.stop();
        CHECK(at.sink.calls == 0);
    }

    broker_stand at(make);
    at.start();
    SUBCASE("only wanted partitions are shown, one that comes in from its end") { shows_wanted_partitions_only(at); }
    SUBCASE("an outage delays and loses nothing, reads fail meanwhile") { an_outage_loses_nothing(at); }
    SUBCASE("a stop reports all that was taken") { stop_answers_everything(at); }
    SUBCASE("behind a stop nothing comes and every operation says so") { nothing_comes_behind_a_stop(at); }
    SUBCASE("what comes while it stops is answered") { a_stop_refuses_what_comes_later(at); }
    SUBCASE("a stop without patience says that it does not know") { an_impatient_stop_gives_up(at); }
    SUBCASE("a second stop completes too") { two_stops(at); }
}

} // namespace contract
