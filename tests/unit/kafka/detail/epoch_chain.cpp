// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/detail/epoch_chain.hpp>

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace stompchat;
using namespace stompchat::kafka;

namespace {

using records = std::vector<std::pair<std::string, std::string>>;

epoch_chain read(const records& all, const std::string& log = "stompchat.log") {
    epoch_chain chain(log);
    for (const auto& [key, value] : all) chain.on_record(key, value);
    return chain;
}

std::pair<std::string, std::string> mark(std::uint64_t nonce, std::uint64_t follows, const std::vector<offset>& ends,
                                         const std::string& log = "stompchat.log") {
    return {epoch_chain::mark_key(log, nonce), epoch_chain::value(follows, ends)};
}

} // namespace

TEST_CASE("marks and ends are written as they are documented") {
    CHECK(epoch_chain::mark_key("stompchat.log", 0xab) == "epoch/stompchat.log/00000000000000ab");
    CHECK(epoch_chain::ends_key("stompchat.log") == "ends/stompchat.log");
    CHECK(epoch_chain::value(0x1f, {0, 12}) == "1 000000000000001f 0 12");
    // It identifies positions that clients hold, so it must never change.
    CHECK(read({mark(0xab, 0, {})}).epoch("x") == fnv1a_64("x/stompchat.log/00000000000000ab"));
}

TEST_CASE("of marks that are made at once the first one in the log counts, for all") {
    const auto chain = read({mark(5, 0, {1, 2}), mark(6, 0, {3, 4})});
    REQUIRE(chain.last());
    CHECK(chain.last()->nonce == 5);
    CHECK(chain.known_ends() == std::vector<offset>{1, 2});
    // One that follows a mark that does not count does not count either.
    CHECK(read({mark(5, 0, {}), mark(6, 0, {}), mark(7, 6, {})}).last()->nonce == 5);
    CHECK(read({mark(5, 0, {}), mark(6, 5, {}), mark(7, 5, {}), mark(8, 6, {})}).last()->nonce == 8);
}

TEST_CASE("another log's marks, and other records, are passed over") {
    const auto chain = read({{"anything", "else"}, mark(4, 0, {}, "other"), mark(4, 0, {}, "stompchat.log.2"), mark(5, 0, {})});
    CHECK(chain.readable());
    CHECK(chain.last()->nonce == 5);
    CHECK(read({mark(4, 0, {}, "other")}).last() == nullptr);
    CHECK(read({mark(5, 0, {})}).epoch("a") != read({mark(5, 0, {})}).epoch("b"));
    CHECK(read({mark(5, 0, {})}).epoch("a") != read({mark(6, 0, {})}).epoch("a"));
}

TEST_CASE("known ends count under their mark alone, and never less than the mark's own") {
    const std::string key = epoch_chain::ends_key("stompchat.log");
    CHECK(read({mark(5, 0, {3, 4}), {key, epoch_chain::value(5, {9, 1})}}).known_ends() == std::vector<offset>{9, 4});
    CHECK(read({mark(5, 0, {3, 4}), {key, epoch_chain::value(5, {9, 9})}, mark(6, 5, {1, 1})}).known_ends() == std::vector<offset>{1, 1});
    CHECK(read({mark(5, 0, {3, 4}), {key, "2 unknown"}}).known_ends() == std::vector<offset>{3, 4});
    CHECK(epoch_chain::shorter({3, 3}, {3, 4}));
    CHECK(!epoch_chain::shorter({3, 5}, {3, 4}));
}

TEST_CASE("a mark that cannot be read stops whoever does not know what it says") {
    for (const char* const value : {"", "2 0000000000000000", "1 000000000000000", "1 000000000000000g", "1 0000000000000000 x",
                                    "1 0000000000000000 -1", "1 0000000000000000  1", "1 00000000000000001"})
        CHECK(!read({{"epoch/stompchat.log/0000000000000005", value}}).readable());
    CHECK(!read({{"epoch/stompchat.log/5", "1 0000000000000000"}}).readable());
    CHECK(!read({{"epoch/stompchat.log/0000000000000000", "1 0000000000000000"}}).readable());
    CHECK(read({{"epoch/stompchat.log/0000000000000005", "1 0000000000000000"}}).readable());
}

TEST_CASE("marks that follow each other in a circle end somewhere") {
    CHECK(read({mark(5, 0, {}), mark(6, 5, {}), mark(5, 6, {})}).last() != nullptr);
}

TEST_CASE("nodes that make marks at once, with their reads and writes in any order, use one epoch") {
    for (std::uint32_t seed = 0; seed != 2'000; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto draw = [&random](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random); };
        records log;
        for (std::uint64_t round = 0, now = 0; round != 3; ++round) {
            // Each node has seen `now` fail; it looks, writes if that is still the last one, and looks again.
            struct node {
                int step = 0;
                std::uint64_t nonce = 0;
                std::uint64_t uses = 0;
            };
            std::vector<node> nodes(2 + draw(4));
            std::uint64_t nonce = 100 * round;
            for (std::size_t working = nodes.size(); working != 0;) {
                node& one = nodes[draw(nodes.size())];
                if (one.step == 3) continue;
                const auto chain = read(log);
                const std::uint64_t last = chain.last() ? chain.last()->nonce : 0;
                if (one.step == 0) {
                    one.step = last == now ? 1 : 2;
                } else if (one.step == 1) {
                    log.push_back(mark(++nonce, now, {}));
                    one.step = 2;
                } else {
                    one.uses = last;
                    one.step = 3;
                    --working;
                }
            }
            std::set<std::uint64_t> used;
            for (const node& one : nodes) used.insert(one.uses);
            REQUIRE(used.size() == 1);
            REQUIRE(*used.begin() != now);
            now = *used.begin();
        }
    }
}
