// Boost Software License 1.0, see LICENSE

#include <stompchat/ports/position.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

using namespace stompchat;

namespace {

std::string token_of(const position& at, std::string_view destination) { return std::string(position_token(at, destination).text()); }

const std::vector<position>& edges() {
    static const std::vector<position> all = [] {
        std::vector<position> some;
        for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xabcdef0123456789}, UINT64_MAX})
            for (const partition of : {partition{0}, partition{15}, partition{255}, partition{UINT32_MAX}})
                for (const offset at : {offset{0}, offset{1}, offset{0x10}, offset{1} << 40, offset{INT64_MAX}})
                    some.push_back({epoch, of, at});
        return some;
    }();
    return all;
}

} // namespace

TEST_CASE("the hash is FNV-1a as published") {
    CHECK(fnv1a_64("") == 0xcbf29ce484222325u);
    CHECK(fnv1a_64("a") == 0xaf63dc4c8601ec8cu);
    CHECK(fnv1a_64("b") == 0xaf63df4c8601f1a5u);
    CHECK(fnv1a_64("c") == 0xaf63de4c8601eff2u);
    CHECK(fnv1a_64("foobar") == 0x85944171f73967e8u);
    CHECK(fnv1a_64("chongo was here!\n") == 0x46810940eff5f915u);
    static_assert(fnv1a_64("a") == 0xaf63dc4c8601ec8cu);
}

TEST_CASE("octets above 127 are hashed as unsigned") { CHECK(fnv1a_64("/topic/\xc3\xbcml") == 0x349ecaa4f2ae60d4u); }

TEST_CASE("a destination lives on the partition on which it always lived") {
    CHECK(partition_of("", 16) == 5);
    CHECK(partition_of("/topic/general", 16) == 10);
    CHECK(partition_of("/topic/general", 256) == 42);
    CHECK(partition_of("/topic/general", 7) == 1);
    CHECK(partition_of("/topic/room-1", 16) == 15);
    CHECK(partition_of("/topic/room-1", 256) == 63);
    CHECK(partition_of("/user/alice/queue/x", 256) == 250);
    CHECK(partition_of("anything", 1) == 0);
}

TEST_CASE("the check of a destination never changes") {
    CHECK(destination_check("") == 0x33490e2du);
    CHECK(destination_check("/topic/general") == 0x4eab8b07u);
    CHECK(destination_check("/topic/room-1") == 0x78bc665cu);
}

TEST_CASE("all queues of a user live on one partition") {
    CHECK(partition_key("/topic/user/x") == "/topic/user/x");
    CHECK(partition_key("/user/ann/queue/x") == "/user/ann");
    CHECK(partition_key("/user/a%2Fb/queue/x/y") == "/user/a%2Fb");
    for (std::uint32_t partitions : {1u, 16u, 256u}) {
        CHECK(partition_of("/user/ann/queue/x", partitions) == partition_of("/user/ann/queue/y", partitions));
        CHECK(partition_of("/user/ann/queue/x", partitions) == fnv1a_64("/user/ann") % partitions);
    }
    CHECK(destination_check("/user/ann/queue/x") != destination_check("/user/ann/queue/y"));
}

TEST_CASE("destinations of one partition differ in their checks") {
    std::vector<std::uint32_t> checks;
    for (int i = 0; i != 20'000; ++i) {
        const std::string name = "/topic/" + std::to_string(i);
        if (partition_of(name, 16) == 3) checks.push_back(destination_check(name));
    }
    REQUIRE(checks.size() > 1'000);
    std::sort(checks.begin(), checks.end());
    CHECK(std::adjacent_find(checks.begin(), checks.end()) == checks.end());
}

TEST_CASE("a token is spelt as it always was") {
    CHECK(token_of({0xfe, 0x2a, 0x1f}, "/topic/general") == "fe-2a-20-4eab8b07");
    CHECK(token_of({0, 0, 0}, "") == "0-0-1-33490e2d");
    // Before the first record: where a subscription to an empty log begins.
    CHECK(token_of({0, 0, -1}, "") == "0-0-0-33490e2d");
    const std::string longest = token_of({UINT64_MAX, UINT32_MAX, INT64_MAX}, "a");
    CHECK(longest == "ffffffffffffffff-ffffffff-8000000000000000-cfa62d0f");
    CHECK(longest.size() <= position_token::max_length);
}

TEST_CASE("a token read back gives its position and the check of its destination") {
    for (const position& at : edges())
        for (const char* destination : {"", "/topic/general", "/user/alice/queue/x"}) {
            const std::string text = token_of(at, destination);
            CHECK(text.find_first_not_of("0123456789abcdef-") == std::string::npos);
            CHECK(text.size() <= position_token::max_length);
            const auto parsed = parse_token(text);
            REQUIRE(parsed.has_value());
            CHECK(parsed->at == at);
            CHECK(parsed->check == destination_check(destination));
        }
}

TEST_CASE("a token of one destination does not pass for one of another") {
    const auto parsed = parse_token(token_of({1, 2, 3}, "/topic/a"));
    REQUIRE(parsed.has_value());
    CHECK(parsed->check != destination_check("/topic/b"));
}

TEST_CASE("every position has one token and every token one spelling") {
    for (const position& at : edges()) {
        const std::string text = token_of(at, "/topic/a");
        // Whatever else parses is the token of something else.
        for (std::size_t i = 0; i != text.size(); ++i)
            for (const char c : std::string("0123456789abcdefABCDEFgGxX-+ ./:\\\r\n\t\x80\xff") + '\0') {
                std::string changed = text;
                changed[i] = c;
                const auto parsed = parse_token(changed);
                if (!parsed) continue;
                CHECK((parsed->at != at || parsed->check != destination_check("/topic/a")) == (changed != text));
            }
    }
}

TEST_CASE("malformed tokens are refused") {
    const std::string good = "fe-2a-1f-4eab8b07";
    REQUIRE(parse_token(good).has_value());
    const std::vector<std::string> malformed = {
        "",
        "-",
        "---",
        "0",
        "0-0-0",
        "0-0-0-",
        "-0-0-0",
        "0--0-0",
        "0-0--0",
        "0-0-0-0-",
        "0-0-0-0-0",
        "00-0-0-0",
        "0-00-0-0",
        "0-0-00-0",
        "0-0-0-00",
        "0-0-0-01",
        " 0-0-0-0",
        "0-0-0-0 ",
        "0 -0-0-0",
        "+0-0-0-0",
        "0-+1-0-0",
        "0x1-0-0-0",
        "0-0-0-0\n",
        "0-0-0-g",
        "0-0-0-1.0",
        "FE-2a-1f-4eab8b07",
        "fe-2A-1f-4eab8b07",
        "fe-2a-1F-4eab8b07",
        "fe-2a-1f-4EAB8B07",
        "fe-2a-1f_4eab8b07",
        "10000000000000000-0-0-0",            // the epoch has more than 64 bits
        "0-100000000-0-0",                    // the partition more than 32
        "0-0-8000000000000001-0",             // the offset is negative
        "0-0-ffffffffffffffff-0",             //
        "0-0-10000000000000000-0",            //
        "0-0-0-100000000",                    // the check has more than 32 bits
        std::string("0-0-0-0\0", 8),          //
        std::string(10'000, 'f'),             //
        "0-0-0-0" + std::string(10'000, '0'), //
        std::string("\xEF\xBC\x90-0-0-0"),    // a digit of another alphabet
    };
    for (const std::string& text : malformed) {
        CAPTURE(text);
        const auto parsed = parse_token(text);
        CHECK(!parsed.has_value());
        if (!parsed) CHECK(parsed.error() == error::bad_header_value);
    }
    for (std::size_t length = 0; length != good.size(); ++length) {
        const auto parsed = parse_token(std::string_view(good).substr(0, length));
        // A token cut inside its check reads as one of another destination.
        if (parsed) CHECK(parsed->check != destination_check("/topic/general"));
        if (length < std::string_view("fe-2a-1f-4").size()) CHECK(!parsed.has_value());
    }
}

TEST_CASE("a position that nobody set is before everything") {
    const position none;
    CHECK(none.offset < 0);
    CHECK(none != position{0, 0, 0});
}
