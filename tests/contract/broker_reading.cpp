// Boost Software License 1.0, see LICENSE

#include "broker_stand.hpp"

#include <boost/asio/bind_executor.hpp>

namespace contract {
namespace {

using std::chrono::milliseconds;
using time_point = std::chrono::system_clock::time_point;

position behind(const message& one) {
    position at = one.at();
    ++at.offset;
    return at;
}

/// Three rooms, of which two share a partition, with messages in turn: the read must find its own.
struct filled {
    explicit filled(broker_stand& at) : stand(at), room(at.destination_on(0)), neighbour(at.destination_on(0, 1)) {
        for (int i = 0; i != count; ++i) {
            at.publish(neighbour, "not wanted", 1'000 + i);
            at.publish(room, std::to_string(i), 1'000 + i);
            at.publish(at.destination_on(1), "not wanted", 1'000 + i);
        }
        REQUIRE(at.run_until([&] { return at.sink.records().size() == 3 * count && at.sink.results().size() == 3 * count; }));
        shown = at.sink.records_of(room);
        REQUIRE(shown.size() == count);
    }

    static constexpr int count = 100;
    broker_stand& stand;
    std::string room;
    std::string neighbour;
    std::vector<message> shown;
};

void reads_what_was_shown(const filled& log) {
    const auto [failure, result] = log.stand.read(log.room, log.shown[0].at(), {{}, 1'000, 1024 * 1024});
    REQUIRE(!failure);
    CHECK(result.status == read_status::complete);
    REQUIRE(result.messages.size() == log.shown.size());
    for (std::size_t i = 0; i != log.shown.size(); ++i) {
        const record_view read = result.messages[i].view();
        const record_view shown = log.shown[i].view();
        CHECK(read.at == shown.at);
        CHECK(read.destination == shown.destination);
        CHECK(read.user == shown.user);
        CHECK(read.timestamp == shown.timestamp);
        CHECK(read.headers.octets() == shown.headers.octets());
        CHECK(read.body == shown.body);
    }
    CHECK(result.next.epoch == log.shown.back().at().epoch);
    CHECK(result.next.partition == 0);
    CHECK(result.next.offset > log.shown.back().at().offset);
}

void begins_at_the_position(const filled& log) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{50}, std::size_t{99}}) {
        const auto from = static_cast<int>(i);
        const auto at = log.stand.read(log.room, log.shown[i].at(), {{}, 1'000, 1024 * 1024});
        CHECK(bodies(at.result.messages) == numbers(from, log.count));
        const auto after = log.stand.read(log.room, behind(log.shown[i]), {{}, 1'000, 1024 * 1024});
        CHECK(bodies(after.result.messages) == numbers(from + 1, log.count));
        CHECK(after.result.status == read_status::complete);
    }
}

void bounds_hold(const filled& log) {
    for (const std::size_t messages : {1, 7, 64, 100, 101}) {
        const std::vector<message> all = log.stand.read_all(log.room, log.shown[0].at(), {{}, messages, 1024 * 1024});
        CHECK(bodies(all) == numbers(0, log.count));
    }
    // At least one message, however small the bound.
    CHECK(bodies(log.stand.read_all(log.room, log.shown[0].at(), {{}, 0, 0})) == numbers(0, log.count));

    const std::size_t each = log.shown[10].size();
    const auto [failure, result] = log.stand.read(log.room, log.shown[10].at(), {{}, 1'000, 3 * each});
    CHECK(!failure);
    CHECK(result.status == read_status::more);
    CHECK(bodies(result.messages) == numbers(10, 13));
    CHECK(bodies(log.stand.read_all(log.room, result.next, {{}, 1'000, each})) == numbers(13, log.count));
}

void passes_over_what_is_old(const filled& log) {
    const auto since = [](int ms) { return time_point(milliseconds(ms)); };
    const auto read = [&](time_point not_before) {
        return bodies(log.stand.read_all(log.room, log.shown[0].at(), {not_before, 1'000, 1024 * 1024}));
    };
    CHECK(read(since(0)) == numbers(0, log.count));
    CHECK(read(since(1'040)) == numbers(40, log.count));
    CHECK(read(since(1'040) + std::chrono::microseconds(1)) == numbers(41, log.count));
    CHECK(read(since(2'000)).empty());
    // The bound on messages counts only those that are given.
    CHECK(bodies(log.stand.read_all(log.room, log.shown[0].at(), {since(1'040), 10, 1024 * 1024})) == numbers(40, log.count));
}

void finds_the_end(broker_stand& at) {
    const filled log(at);
    const auto end = at.end(0);
    REQUIRE(end);
    CHECK(end->epoch == log.shown[0].at().epoch);
    CHECK(end->partition == 0);
    CHECK(end->offset > log.shown.back().at().offset);
    CHECK(end->offset >= at.sink.next(0));
    const auto nothing = at.read(log.room, *end);
    CHECK(!nothing.error);
    CHECK(nothing.result.messages.empty());
    CHECK(nothing.result.status == read_status::complete);
    CHECK(nothing.result.next == *end);

    at.publish_and_wait(log.room, 1);
    const auto later = at.end(0);
    REQUIRE(later);
    CHECK(later->offset > end->offset);
    const auto one = at.read(log.room, *end);
    REQUIRE(one.result.messages.size() == 1);
    CHECK(one.result.messages[0].at() == at.sink.records().back().at());
}

void ends_of_an_empty_log(broker_stand& at) {
    for (partition p = 0; p != at.broker.partitions(); ++p) {
        const auto end = at.end(p);
        REQUIRE(end);
        CHECK(end->partition == p);
        CHECK(at.sink.next(p) == end->offset);
        const auto nothing = at.read(at.destination_on(p), *end);
        CHECK(!nothing.error);
        CHECK(nothing.result.messages.empty());
        CHECK(nothing.result.status == read_status::complete);
    }
}

void reads_at_once(const filled& log) {
    const auto before = log.stand.subject->physical_reads();
    constexpr std::size_t readers = 50;
    std::size_t completed = 0;
    for (std::size_t i = 0; i != readers; ++i) {
        log.stand.broker.async_read(i % 2 ? log.room : log.neighbour, log.shown[i].at(), {{}, 1'000, 1024 * 1024},
                                    [&, i](error_code failure, read_result result) {
                                        ++completed;
                                        CHECK(!failure);
                                        CHECK(result.status == read_status::complete);
                                        for (const message& one : result.messages) {
                                            CHECK(one.view().destination == (i % 2 ? log.room : log.neighbour));
                                            CHECK(one.at().offset >= log.shown[i].at().offset);
                                        }
                                        // The neighbour's message stands in front of the room's.
                                        CHECK(result.messages.size() == log.count - i - (i % 2 ? 0 : 1));
                                    });
    }
    REQUIRE(log.stand.run_until([&] { return completed == readers; }));
    // One scan for all that wait would be best; what counts is that it is not one for each.
    if (before) CHECK(*log.stand.subject->physical_reads() - *before < readers / 2);
}

void completes_where_the_handler_lives(const filled& log) {
    boost::asio::io_context other;
    std::thread::id ran_on;
    bool done = false;
    log.stand.broker.async_read(log.room, log.shown[0].at(), {},
                                boost::asio::bind_executor(other.get_executor(), [&](error_code, const read_result&) { done = true; }));
    std::thread elsewhere([&] {
        // run() waits for the handler, although nothing was posted there yet.
        other.run();
        ran_on = std::this_thread::get_id();
    });
    log.stand.run_until([&] { return other.stopped(); });
    elsewhere.join();
    CHECK(done);
    CHECK(ran_on != std::this_thread::get_id());
}

void another_epoch_is_lost(const filled& log) {
    position foreign = log.shown[50].at();
    foreign.epoch ^= 1;
    const auto [failure, result] = log.stand.read(log.room, foreign, {{}, 1'000, 1024 * 1024});
    CHECK(!failure);
    CHECK(result.status == read_status::lost);
    CHECK(bodies(result.messages) == numbers(0, log.count));
    CHECK(result.next.epoch == log.shown[0].at().epoch);
}

void dropped_is_lost(const filled& log) {
    const position half = log.shown[50].at();
    if (!log.stand.subject->lose(half.partition, half.offset)) return;
    const auto lost = log.stand.read(log.room, log.shown[49].at(), {{}, 10, 1024 * 1024});
    CHECK(!lost.error);
    CHECK(lost.result.status == read_status::lost);
    CHECK(bodies(lost.result.messages) == numbers(50, 60));
    CHECK(bodies(log.stand.read_all(log.room, lost.result.next, {{}, 10, 1024 * 1024})) == numbers(60, log.count));

    const auto kept = log.stand.read(log.room, half, {{}, 1'000, 1024 * 1024});
    CHECK(kept.result.status == read_status::complete);
    CHECK(bodies(kept.result.messages) == numbers(50, log.count));
}

void new_log_is_another_epoch(filled& log) {
    if (!log.stand.subject->make_new_log()) return;
    log.stand.sink.expect_new_log();
    log.stand.publish_and_wait(log.room, 3);
    const position now = log.stand.sink.records().back().at();
    CHECK(now.epoch != log.shown[0].at().epoch);
    const auto [failure, result] = log.stand.read(log.room, behind(log.shown[50]));
    CHECK(!failure);
    CHECK(result.status == read_status::lost);
    CHECK(bodies(result.messages) == numbers(0, 3));
    CHECK(result.next.epoch == now.epoch);
}

} // namespace

void check_broker_reading(const make_broker& make) {
    broker_stand at(make);
    at.start();

    SUBCASE("a read gives what the sink was shown, in the same order, of its destination alone") { reads_what_was_shown(filled(at)); }
    SUBCASE("a read begins at its position, that one included") { begins_at_the_position(filled(at)); }
    SUBCASE("a bounded read says where to go on, and nothing is skipped or repeated") { bounds_hold(filled(at)); }
    SUBCASE("messages older than the bound are passed over") { passes_over_what_is_old(filled(at)); }
    SUBCASE("a read at the end is complete and empty, until something is published") { finds_the_end(at); }
    SUBCASE("an empty log has an end in each partition") { ends_of_an_empty_log(at); }
    SUBCASE("reads at once each get their own answer") { reads_at_once(filled(at)); }
    SUBCASE("a read completes on the executor of its handler") { completes_where_the_handler_lives(filled(at)); }
    SUBCASE("a position of another epoch is lost, and the oldest messages come") { another_epoch_is_lost(filled(at)); }
    SUBCASE("a position in front of what is left is lost, one at it is not") { dropped_is_lost(filled(at)); }
    SUBCASE("a log made anew has another epoch") {
        filled log(at);
        new_log_is_another_epoch(log);
    }
}

} // namespace contract
