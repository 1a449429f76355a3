// Boost Software License 1.0, see LICENSE

#include <stompchat/memory/detail/partition_log.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <random>
#include <string>
#include <vector>

using namespace stompchat;
using detail::block_chain;
using detail::block_ring;
using detail::partition_log;
using detail::record_block;

namespace {

record_block* make(std::string_view destination, std::string_view body, std::int64_t timestamp = 1) {
    return detail::make_record_block({1, destination, "user", timestamp, {}, body});
}

} // namespace

TEST_CASE("a block holds a copy of every part") {
    std::string headers;
    append_header(headers, "a", "1");
    std::string body(300, 'x');
    block_chain owner;
    record_block* const subject = detail::make_record_block({7, "/topic/a", "alice", -5, header_block(headers), body});
    owner.push_back(subject);
    body.assign(300, '?');
    const record_view view = subject->view();
    CHECK(view.destination == "/topic/a");
    CHECK(view.user == "alice");
    CHECK(view.timestamp == -5);
    CHECK(view.headers.octets() == headers);
    CHECK(view.body == std::string(300, 'x'));
    CHECK(subject->ticket == 7);
    CHECK(subject->hash == fnv1a_64("/topic/a"));
    CHECK(subject->size() == 8 + 5 + headers.size() + 300);

    record_block* const empty = detail::make_record_block({});
    owner.push_back(empty);
    CHECK(empty->size() == 0);
    CHECK(empty->view().body.empty());
}

TEST_CASE("chains hand blocks over in order") {
    block_chain first;
    block_chain second;
    for (const char* body : {"a", "b"}) first.push_back(make("d", body));
    for (const char* body : {"c", "d"}) second.push_back(make("d", body));
    first.splice_back(std::move(second));
    CHECK(second.empty());
    first.splice_back(block_chain());
    second.push_back(make("d", "x"));
    second = std::move(first);
    std::string bodies;
    block_chain third(std::move(second));
    CHECK(second.empty());
    while (!third.empty()) {
        block_chain one;
        one.push_back(third.pop_front());
        bodies += one.front()->view().body;
    }
    CHECK(bodies == "abcd");
}

TEST_CASE("a ring is a queue, however it grows and shrinks") {
    std::mt19937 random(1);
    block_ring ring;
    std::deque<record_block*> model;
    std::vector<record_block> blocks(2'000);
    std::size_t next = 0;
    for (int phase = 0; phase != 20; ++phase) {
        const unsigned pushes = phase % 2 ? 30 : 70;
        for (int i = 0; i != 2'000; ++i) {
            if (random() % 100 < pushes) {
                ring.push_back(&blocks[next]);
                model.push_back(&blocks[next]);
                next = (next + 1) % blocks.size();
            } else if (!model.empty()) {
                ring.pop_front();
                model.pop_front();
            }
            REQUIRE(ring.size() == model.size());
            if (!model.empty()) {
                CHECK(ring[0] == model.front());
                CHECK(ring[model.size() - 1] == model.back());
                const std::size_t any = random() % model.size();
                CHECK(ring[any] == model[any]);
            }
        }
    }
}

TEST_CASE("a search finds what a walk over all records finds") {
    struct entry {
        std::string destination;
        offset at;
        std::int64_t timestamp;
        std::size_t size;
    };
    std::mt19937 random(2);
    partition_log log;
    std::deque<entry> model;
    block_chain dropped;
    for (int round = 0; round != 20'000; ++round) {
        const std::string destination = "/topic/" + std::to_string(random() % 5);
        const unsigned what = random() % 10;
        if (what < 5) {
            const auto timestamp = static_cast<std::int64_t>(random() % 100);
            record_block* const block = make(destination, std::string(random() % 50, 'x'), timestamp);
            log.append(block, 1, 0, static_cast<offset>(random() % 3));
            model.push_back({destination, block->at.offset, timestamp, block->size()});
        } else if (what < 7 && model.size() > 50) {
            log.drop_oldest(dropped);
            model.pop_front();
        } else {
            const offset from = static_cast<offset>(random() % static_cast<unsigned>(log.end() + 2)) - 1;
            read_bounds bounds;
            bounds.messages = random() % 8;
            bounds.octets = random() % 300;
            std::int64_t oldest = INT64_MIN;
            if (random() % 2) {
                oldest = static_cast<std::int64_t>(random() % 100);
                bounds.not_before = std::chrono::system_clock::time_point(std::chrono::milliseconds(oldest));
            }
            partition_log::extract found;
            log.find(destination, from, bounds, found);

            std::vector<offset> expected;
            std::size_t octets = 0;
            bool more = false;
            offset next = std::max(from, log.end());
            for (const entry& one : model) {
                if (one.destination != destination || one.at < from || one.timestamp < oldest) continue;
                if (!expected.empty() && (expected.size() >= bounds.messages || octets + one.size > bounds.octets)) {
                    more = true;
                    next = one.at;
                    break;
                }
                expected.push_back(one.at);
                octets += one.size;
            }
            std::vector<offset> offsets;
            for (const record_block* block : found.blocks) offsets.push_back(block->at.offset);
            CHECK(offsets == expected);
            CHECK(found.more == more);
            CHECK(found.next == next);
        }
        REQUIRE(log.count() == model.size());
        if (!model.empty()) CHECK(log.oldest()->at.offset == model.front().at);
    }
    CHECK(log.lacks(0, {}));
    CHECK(!log.lacks(model.front().at, {}));
    while (log.oldest()) log.drop_oldest(dropped);
    CHECK(log.octets() == 0);
    CHECK(log.count() == 0);
}

TEST_CASE("a record at or behind an offset is found") {
    partition_log log;
    CHECK(log.at_or_behind(0) == nullptr);
    for (int i = 0; i != 3; ++i) log.append(make("d", "x"), 1, 0, 4); // at 4, 9 and 14
    CHECK(log.at_or_behind(-1)->at.offset == 4);
    CHECK(log.at_or_behind(4)->at.offset == 4);
    CHECK(log.at_or_behind(5)->at.offset == 9);
    CHECK(log.at_or_behind(15) == nullptr);
    CHECK(log.end() == 15);
}
