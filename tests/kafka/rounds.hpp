// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_KAFKA_ROUNDS_HPP
#define STOMPCHAT_TESTS_KAFKA_ROUNDS_HPP

#include "kafka_stand.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

/// Publishes the messages `from` to `to` into each room and calls `between(i)` in front of each round.
template <class Between>
void publish_rounds(kafka_stand& at, const std::vector<std::string>& rooms, int from, int to, Between between) {
    for (int i = from; i != to; ++i) {
        between(i);
        for (const std::string& room : rooms) at.publish(room, std::to_string(i));
        at.context.poll();
    }
}

template <class Between>
void publish_rounds(kafka_stand& at, const std::vector<std::string>& rooms, int count, Between between) {
    publish_rounds(at, rooms, 0, count, between);
}

/// Two on one partition, and one on another.
inline std::vector<std::string> three_rooms(const kafka_stand& at) {
    return {at.destination_on(0), at.destination_on(0, 1), at.destination_on(1)};
}

/// Waits until `count` messages of each room were published and shown: each once, in order. Who reads the past is told the same.
inline void check_shown(kafka_stand& at, const std::vector<std::string>& rooms, int count) {
    const std::size_t total = rooms.size() * static_cast<std::size_t>(count);
    REQUIRE(at.run_until([&] { return at.sink.results().size() == total && at.sink.records().size() >= total; }));
    REQUIRE(at.run_until([&] { return at.sink.is(broker_state::ready); }));
    CHECK(at.sink.records().size() == total);
    CHECK(at.sink.repeated == 0);
    for (const std::string& room : rooms) CHECK(contract::bodies(at.sink.records_of(room)) == contract::numbers(0, count));
    for (const auto& [ticket, result] : at.sink.results()) CHECK(!result.error);
    for (const std::string& room : rooms) {
        const position from = at.sink.records_of(room).front().at();
        CHECK(contract::bodies(at.read_all(room, from, {{}, 10'000, 16 * 1024 * 1024})) == contract::numbers(0, count));
    }
}

/// And each result names the place of its message.
inline void check_all(kafka_stand& at, const std::vector<std::string>& rooms, int count) {
    check_shown(at, rooms, count);
    std::set<std::pair<partition, offset>> shown;
    for (const message& one : at.sink.records()) shown.emplace(one.at().partition, one.at().offset);
    for (const auto& [ticket, result] : at.sink.results()) CHECK(shown.contains({result.at.partition, result.at.offset}));
}

#endif
