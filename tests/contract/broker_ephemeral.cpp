// Boost Software License 1.0, see LICENSE

#include "broker_stand.hpp"

namespace contract {
namespace {

std::uint64_t pass_on(broker_stand& at, std::string_view destination, std::string_view body) {
    outgoing one;
    one.destination = destination;
    one.user = "alice";
    one.timestamp = 1'000;
    one.body = body;
    one.ephemeral = true;
    return at.publish(one);
}

void shown_with_its_parts(broker_stand& at) {
    std::string headers;
    append_header(headers, "color", "red");
    outgoing one;
    one.destination = "/topic/a";
    one.user = "alice";
    one.timestamp = 1'700'000'000'123;
    one.headers = header_block(headers);
    one.body = "typing";
    one.ephemeral = true;
    at.publish(one);
    REQUIRE(at.run_until([&] { return at.sink.ephemeral.size() == 1; }));
    const record_view shown = at.sink.ephemeral.front().view();
    CHECK(shown.destination == "/topic/a");
    CHECK(shown.user == "alice");
    CHECK(shown.timestamp == one.timestamp);
    CHECK(shown.headers.find("color") == "red");
    CHECK(shown.body == "typing");
}

void leaves_nothing_in_the_log(broker_stand& at) {
    at.publish_and_wait("/topic/a", 1);
    for (int i = 0; i != 10; ++i) pass_on(at, "/topic/a", std::to_string(i));
    at.publish("/topic/a", "last");
    REQUIRE(
        at.run_until([&] { return at.sink.results().size() == 12 && at.sink.ephemeral.size() == 10 && at.sink.records().size() == 2; }));
    CHECK(bodies(at.sink.ephemeral) == numbers(0, 10));
    CHECK(bodies(at.sink.records()) == std::vector<std::string>{"0", "last"});
    CHECK(bodies(at.read_all("/topic/a", at.sink.records().front().at(), {})) == std::vector<std::string>{"0", "last"});
    CHECK(at.sink.results().at(5).at.offset == -1);
}

void is_answered_always(broker_stand& at) {
    if (!at.subject->set_available(false)) return;
    const auto during = pass_on(at, "/topic/a", "during");
    at.subject->set_available(true);
    pass_on(at, "/topic/a", "after");
    // The first one may be shown, or given up.
    REQUIRE(at.run_until([&] {
        return at.sink.results().size() == 2 && !at.sink.ephemeral.empty() && at.sink.ephemeral.back().view().body == "after";
    }));
    CHECK(!at.sink.results().at(during).error);
}

void is_for_wanted_partitions(broker_stand& at) {
    const std::vector<partition> none;
    at.broker.set_partitions(none);
    const auto dropped = pass_on(at, "/topic/a", "x");
    REQUIRE(at.run_until([&] { return at.sink.results().contains(dropped); }));
    CHECK(at.sink.ephemeral.empty());
}

} // namespace

void check_broker_ephemeral(const make_broker& make) {
    broker_stand at(make);
    at.start();

    SUBCASE("an ephemeral message is shown with every part as it was") { shown_with_its_parts(at); }
    SUBCASE("an ephemeral message leaves nothing in the log") { leaves_nothing_in_the_log(at); }
    SUBCASE("an ephemeral message is answered whether the broker answers or not") { is_answered_always(at); }
    SUBCASE("an ephemeral message is for who wants its partition") { is_for_wanted_partitions(at); }
}

} // namespace contract
