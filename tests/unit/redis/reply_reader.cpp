// Boost Software License 1.0, see LICENSE

#include <stompchat/redis/detail/reply_reader.hpp>

#include <doctest/doctest.h>
#include <support/seed.hpp>
#include <support/split.hpp>

#include <random>
#include <string>
#include <vector>

using namespace stompchat::redis;

namespace {

constexpr std::size_t many = 1024 * 1024;

std::string show(const reply& what) {
    switch (what.type()) {
    case reply_type::nil: return "nil";
    case reply_type::status: return "+" + what.text();
    case reply_type::error: return "-" + what.text();
    case reply_type::string: return "'" + what.text() + "'";
    case reply_type::integer: return std::to_string(what.integer());
    case reply_type::array: break;
    }
    std::string shown = "[";
    for (const reply& one : what.elements()) shown += show(one) + ",";
    return shown + "]";
}

/// All answers, then why there are no more, if there is a reason.
std::vector<std::string> read(const std::vector<std::string_view>& pieces, std::size_t octets = many, std::size_t elements = many) {
    reply_reader reader(octets, elements);
    std::vector<std::string> found;
    reply one;
    for (const std::string_view piece : pieces) {
        reader.feed(piece);
        for (;;) {
            const auto status = reader.next(one);
            if (status == reply_reader::status::need_more) break;
            if (status == reply_reader::status::failed) {
                found.push_back("failed: " + reader.problem());
                return found;
            }
            found.push_back(show(one));
        }
    }
    return found;
}

std::string failure(const std::vector<std::string_view>& pieces, std::size_t octets = many, std::size_t elements = many) {
    const auto found = read(pieces, octets, elements);
    REQUIRE(!found.empty());
    return found.back();
}

const std::string all_kinds =
    "+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n-E\r\n"
    ":9223372036854775807\r\n";
const std::vector<std::string> all_kinds_read = {
    "+OK", "-ERR no", "-7", "'a\r\n'", "''", "nil", "nil", "[]", "[1,['x',nil,],-E,]", "9223372036854775807"};

} // namespace

TEST_CASE("every kind of answer is read") { CHECK(read({all_kinds}) == all_kinds_read); }

TEST_CASE("answers are read wherever the octets are cut") {
    const auto check = [](const stompchat_test::pieces& cut) { REQUIRE(read(cut) == all_kinds_read); };
    stompchat_test::for_each_split(all_kinds, check);
    stompchat_test::for_random_two_cuts(all_kinds, 1, 5'000, check);
}

TEST_CASE("an answer that is not there is nil, and has nothing in it") {
    const reply none;
    CHECK(none.is_nil());
    CHECK(none[3][4].is_nil());
    CHECK(none.integer() == 0);
    CHECK(none.text().empty());
}

TEST_CASE("what is no RESP is told, and nothing behind it is read") {
    for (const char* octets : {"HTTP/1.1 400 Bad Request\r\n", ":x\r\n", "$-2\r\n", "*-2\r\n", "$x\r\n", "?\r\n", "*1\r\n!\r\n"})
        CHECK_MESSAGE(failure({octets, "+OK\r\n"}).starts_with("failed: no RESP"), octets);
    CHECK(read({"+OK\r\n", "?"}).front() == "+OK");
}

TEST_CASE("arrays are nested seven deep at most") {
    std::string deep;
    for (int i = 0; i != 7; ++i) deep += "*1\r\n";
    CHECK(read({deep + ":1\r\n"}) == std::vector<std::string>{"[[[[[[[1,],],],],],],]"});
    CHECK(failure({deep + "*1\r\n*1\r\n:1\r\n"}).starts_with("failed: no RESP"));
}

TEST_CASE("an answer is as long as allowed, and no longer") {
    const std::string ten(10, 'x');
    const std::string answer = "$10\r\n" + ten + "\r\n";
    CHECK(read({answer, answer}, 10) == std::vector<std::string>{"'" + ten + "'", "'" + ten + "'"});
    CHECK(failure({answer}, 9).starts_with("failed: an answer is longer"));
    CHECK(failure({"*2\r\n" + answer, answer}, 19).starts_with("failed: an answer is longer"));
    CHECK(read({"*2\r\n" + answer, answer}, 20) == std::vector<std::string>{"['" + ten + "','" + ten + "',]"});
    // One that never ends is not waited for.
    CHECK(failure({"$1000000000\r\n", std::string(200, 'x')}, 99).starts_with("failed: an answer is longer"));
    CHECK(failure({"+" + std::string(200, 'x')}, 99).starts_with("failed: an answer is longer"));
}

TEST_CASE("an answer has as many elements as allowed, and no memory is taken for more") {
    CHECK(read({"*2\r\n:1\r\n:2\r\n", "*2\r\n:1\r\n:2\r\n"}, many, 2) == std::vector<std::string>{"[1,2,]", "[1,2,]"});
    CHECK(failure({"*3\r\n"}, many, 2).starts_with("failed: an answer is longer"));
    CHECK(failure({"*2\r\n*1\r\n"}, many, 2).starts_with("failed: an answer is longer"));
    CHECK(failure({"*2000000000\r\n"}).starts_with("failed: "));
    CHECK(failure({"*4294967297\r\n"}).starts_with("failed: "));
    CHECK(failure({"*9223372036854775807\r\n"}).starts_with("failed: "));
}

TEST_CASE("octets by chance are survived") {
    const std::string_view marks = "+-:$*\r\n0123456789x";
    stompchat_test::for_each_seed(5'000, [&](std::uint32_t seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        // Good octets with some bad ones in them, in pieces.
        std::string octets = all_kinds;
        for (auto left = random() % 4; left != 0; --left) octets[random() % octets.size()] = marks[random() % marks.size()];
        stompchat_test::for_random_two_cuts(octets, seed, 2, [](const stompchat_test::pieces& cut) { read(cut, 1000, 1000); });
    });
}
