// Boost Software License 1.0, see LICENSE

#include "fake_partition.hpp"

#include <stompchat/kafka/detail/read_pass.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <memory>
#include <random>

using namespace stompchat;
using namespace stompchat::kafka;
using fake::partition_of_one;

namespace {

log_epoch the_epoch() { return {partition_of_one::epoch, std::make_shared<const std::vector<offset>>(1, 0)}; }

/// Reads, and their answers.
class readers {
public:
    struct answer {
        bool come = false;
        read_result result;
    };

    waiting_read make(answer& into, std::string destination, offset from, read_bounds bounds = {},
                      std::uint64_t epoch = partition_of_one::epoch) {
        boost::asio::any_completion_handler<void(error_code, read_result)> handler = [&into](error_code failure, read_result result) {
            CHECK(!failure);
            CHECK(!into.come);
            into.come = true;
            into.result = std::move(result);
        };
        return {std::move(destination), position{epoch, 0, from}, bounds,
                waiting_read::completion(std::move(handler), context_.get_executor())};
    }

    /// One pass. Who is not answered stays in `reads`.
    int pass(const partition_of_one& log, std::vector<waiting_read>& reads, const read_pass::limits& limits = {}) {
        read_pass what(the_epoch(), 0, 1, {log.begin, log.end}, std::move(reads), limits);
        const int seeks = log.run(what);
        reads = what.finish();
        context_.restart();
        context_.poll(); // what waits is work, too
        return seeks;
    }

    answer read(const partition_of_one& log, std::string destination, offset from, read_bounds bounds = {},
                std::uint64_t epoch = partition_of_one::epoch, std::optional<offset> young_from = {}) {
        answer into;
        std::vector<waiting_read> reads;
        reads.push_back(make(into, std::move(destination), from, bounds, epoch));
        reads.back().young_from = young_from;
        pass(log, reads);
        CHECK(into.come);
        return into;
    }

private:
    boost::asio::io_context context_;
};

std::vector<std::string> bodies(const read_result& of) {
    std::vector<std::string> all;
    for (const message& one : of.messages) all.emplace_back(one.view().body);
    return all;
}

using strings = std::vector<std::string>;

/// What a read must give, by the rules themselves.
strings expected(const partition_of_one& log, const std::string& destination, offset from, offset below) {
    strings all;
    for (const auto& one : log.records) {
        if (one.destination != destination || one.at < from || one.at >= below) continue;
        const bool copy = one.id.incarnation != 0 && std::any_of(log.records.begin(), log.records.end(), [&](const auto& other) {
                              return other.id == one.id && other.at >= one.base && other.at < one.at;
                          });
        if (!copy) all.push_back(one.body);
    }
    return all;
}

partition_of_one numbered(int count) {
    partition_of_one log;
    for (int i = 0; i != count; ++i) log.append(i % 2 ? "/topic/b" : "/topic/a", std::to_string(i));
    return log;
}

} // namespace

TEST_CASE("a read is complete when the pass has come to the end") {
    readers all;
    const auto log = numbered(10);
    const auto one = all.read(log, "/topic/a", 3);
    CHECK(bodies(one.result) == strings{"4", "6", "8"});
    CHECK(one.result.status == read_status::complete);
    CHECK(one.result.next == position{partition_of_one::epoch, 0, 10});
    // Nothing is read for one that begins at the end, or behind the end of a leader that has not caught up.
    CHECK(all.read(log, "/topic/a", 10).result.next.offset == 10);
    const auto ahead = all.read(log, "/topic/a", 14);
    CHECK(ahead.result.status == read_status::complete);
    CHECK(ahead.result.next.offset == 14);
}

TEST_CASE("what came behind the end that was asked for is not given") {
    auto log = numbered(10);
    readers all;
    readers::answer into;
    std::vector<waiting_read> reads;
    reads.push_back(all.make(into, "/topic/a", 0));
    read_pass what(the_epoch(), 0, 1, {0, 4}, std::move(reads), {});
    CHECK(log.run(what) == 1);
    what.finish();
    all.read(log, "/topic/a", 0); // runs the context
    CHECK(bodies(into.result) == strings{"0", "2"});
    CHECK(into.result.next.offset == 4);
}

TEST_CASE("an end of the consumer's that lies in front of the wanted one does not complete a read") {
    readers all;
    readers::answer into;
    std::vector<waiting_read> reads;
    reads.push_back(all.make(into, "/topic/a", 0));
    read_pass what(the_epoch(), 0, 1, {0, 4}, std::move(reads), {});
    CHECK(what.begin() == pass::step::seek);
    CHECK(what.on_end(3) == pass::step::go_on);
    CHECK(what.on_end(4) == pass::step::done);
}

TEST_CASE("bounds end a read where the next one goes on") {
    readers all;
    const auto log = numbered(10);
    auto one = all.read(log, "/topic/a", 0, {{}, 2, 1'000});
    CHECK(bodies(one.result) == strings{"0", "2"});
    CHECK(one.result.status == read_status::more);
    CHECK(one.result.next.offset == 3);
    one = all.read(log, "/topic/a", 0, {{}, 100, 2 * (8 + 1)});
    CHECK(bodies(one.result) == strings{"0", "2"});
    CHECK(one.result.status == read_status::more);
    CHECK(one.result.next.offset == 4);
    // At least one, always.
    CHECK(bodies(all.read(log, "/topic/a", 0, {{}, 0, 0}).result) == strings{"0"});
}

TEST_CASE("a read in front of the log is lost, unless what is gone was too old for it") {
    readers all;
    auto log = numbered(10);
    log.drop_below(4);
    auto one = all.read(log, "/topic/a", 3);
    CHECK(one.result.status == read_status::lost);
    CHECK(bodies(one.result) == strings{"4", "6", "8"});
    CHECK(all.read(log, "/topic/a", 4).result.status == read_status::complete);
    CHECK(all.read(log, "/topic/a", 9, {}, 5).result.status == read_status::lost);
    CHECK(bodies(all.read(log, "/topic/a", 9, {}, 5).result) == strings{"4", "6", "8"});

    const read_bounds young{std::chrono::system_clock::time_point(), 64, 1'000};
    one = all.read(log, "/topic/a", -1, young, partition_of_one::epoch, 5);
    CHECK(one.result.status == read_status::complete);
    CHECK(bodies(one.result) == strings{"6", "8"});
    CHECK(all.read(log, "/topic/a", -1, young, partition_of_one::epoch, 4).result.status == read_status::lost);
}

TEST_CASE("messages that are too old are passed over") {
    readers all;
    partition_of_one log;
    for (int i = 0; i != 5; ++i) log.append("/topic/a", std::to_string(i), {}, -1, 1'000 + i);
    const std::chrono::system_clock::time_point since{std::chrono::microseconds(1'002'001)};
    CHECK(bodies(all.read(log, "/topic/a", 0, {since, 64, 1'000}).result) == strings{"3", "4"});
}

TEST_CASE("what is not a message is passed over") {
    readers all;
    partition_of_one log;
    log.append("/topic/a", "0");
    log.append("/topic/a", "ephemeral", {}, -1, 0, record_type::ephemeral);
    log.append("", "probe", {}, -1, 0, record_type::probe);
    log.append("/topic/a", "broken").header = "\x01";
    log.append("/topic/a", "plain").header = std::nullopt;
    CHECK(bodies(all.read(log, "/topic/a", 0).result) == strings{"0", "plain"});
}

TEST_CASE("a record of a version that is not known is a gap") {
    readers all;
    auto log = numbered(6);
    (*log.records[3].header)[0] = 2;
    auto one = all.read(log, "/topic/a", 0);
    CHECK(one.result.status == read_status::more);
    CHECK(bodies(one.result) == strings{"0", "2"});
    CHECK(one.result.next.offset == 3);
    one = all.read(log, "/topic/a", 3);
    CHECK(one.result.status == read_status::lost);
    CHECK(bodies(one.result) == strings{"4"});
    CHECK(all.read(log, "/topic/a", 4).result.status == read_status::complete);
}

TEST_CASE("a copy is found in front of where the pass begins, at the cost of going there once") {
    readers all;
    partition_of_one log;
    for (int i = 0; i != 200; ++i) log.append("/topic/b", "filler");
    log.append("/topic/a", "first", {5, 1}, 10);
    for (int i = 0; i != 200; ++i) log.append("/topic/b", "filler");
    log.append("/topic/a", "copy", {5, 1}, 10);
    log.append("/topic/a", "other", {5, 2}, 20);
    log.append("/topic/a", "last", {5, 3}, 401);
    readers::answer into;
    std::vector<waiting_read> reads;
    reads.push_back(all.make(into, "/topic/a", 300));
    CHECK(all.pass(log, reads) == 3);
    CHECK(bodies(into.result) == strings{"other", "last"});
}

TEST_CASE("records whose writers had read almost all that stands before them need no second look") {
    readers all;
    partition_of_one log;
    for (std::uint64_t i = 0; i != 400; ++i)
        log.append("/topic/a", std::to_string(i), {1 + i % 3, i}, std::max<offset>(static_cast<offset>(i) - 100, 0));
    readers::answer into;
    std::vector<waiting_read> reads;
    reads.push_back(all.make(into, "/topic/a", 380));
    CHECK(all.pass(log, reads) == 1);
    CHECK(bodies(into.result).size() == 20);
}

TEST_CASE("a pass takes no more than it may, and who was not reached waits") {
    readers all;
    const auto log = numbered(100);
    readers::answer near;
    readers::answer far;
    std::vector<waiting_read> reads;
    reads.push_back(all.make(near, "/topic/a", 0));
    reads.push_back(all.make(far, "/topic/a", 50));
    CHECK(all.pass(log, reads, {10, 1'000, 4}) == 1);
    CHECK(near.result.status == read_status::more);
    CHECK(near.result.next.offset == 10);
    CHECK(!far.come);
    REQUIRE(reads.size() == 1);
    all.pass(log, reads);
    CHECK(far.come);
    CHECK(bodies(far.result).front() == "50");
}

TEST_CASE("many reads in one pass give what each would have got alone") {
    for (std::uint32_t seed = 0; seed != 500; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto draw = [&random](int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
        partition_of_one log;
        std::vector<partition_of_one::record> sent;
        const strings names{"/topic/a", "/topic/b", "/user/x/queue/y"};
        const int lag = 1 + draw(30);
        for (std::uint64_t i = 0; i != 300; ++i) {
            log.end += draw(2);
            if (!sent.empty() && draw(5) == 0) {
                const auto& again =
                    sent[sent.size() - 1 - static_cast<std::size_t>(draw(std::min<int>(static_cast<int>(sent.size()), 150)))];
                log.append(again.destination, again.body, again.id, again.base);
            } else {
                const record_id id = draw(10) ? record_id{1 + i % 4, i} : record_id{};
                const auto& name = names[static_cast<std::size_t>(draw(3))];
                const auto one = log.append(name, std::to_string(i), id, std::max<offset>(log.end - draw(lag), 0));
                if (id.incarnation != 0) sent.push_back(one);
            }
        }
        log.drop_below(draw(50));

        readers all;
        struct story {
            std::string destination;
            offset from;
            read_bounds bounds;
            readers::answer into{};
            strings got{};
            bool done = false;
        };
        std::list<story> stories;
        for (int i = 0; i != 20; ++i)
            stories.push_back({names[static_cast<std::size_t>(draw(3))],
                               log.begin + draw(static_cast<int>(log.end - log.begin)),
                               {{}, static_cast<std::size_t>(draw(40)), static_cast<std::size_t>(draw(2'000))}});
        std::vector<waiting_read> reads;
        for (story& one : stories) reads.push_back(all.make(one.into, one.destination, one.from, one.bounds));
        const read_pass::limits limits{static_cast<std::size_t>(1 + draw(200)), 100'000, draw(70)};
        for (int passes = 0; !reads.empty(); ++passes) {
            REQUIRE(passes < 10'000);
            REQUIRE(all.pass(log, reads, limits) >= 0);
            for (story& one : stories) {
                if (!one.into.come || one.done) continue;
                REQUIRE(one.into.result.status != read_status::lost);
                for (auto& body : bodies(one.into.result)) one.got.push_back(body);
                one.done = one.into.result.status == read_status::complete;
                if (one.done) continue;
                const offset next = one.into.result.next.offset;
                one.into = {};
                reads.push_back(all.make(one.into, one.destination, next, one.bounds));
            }
        }
        // Copies whose first one the log has dropped are not known as copies to anybody: see the log that is left.
        for (const story& one : stories) REQUIRE(one.got == expected(log, one.destination, one.from, log.end));
    }
}
