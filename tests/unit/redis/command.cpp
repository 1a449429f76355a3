// Boost Software License 1.0, see LICENSE

#include <stompchat/redis/detail/command.hpp>
#include <stompchat/redis/detail/reply_handler.hpp>

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <memory>
#include <string>

using namespace stompchat::redis;

namespace {

std::string encoded(const command& what) {
    std::string out;
    what.encode(out);
    return out;
}

} // namespace

TEST_CASE("a command is written as Redis reads it") {
    CHECK(encoded({"PING"}) == "*1\r\n$4\r\nPING\r\n");
    CHECK(encoded({"SET", "", std::string_view("a\0\r\n", 4)}) == std::string("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\0\r\n\r\n", 29));
}

TEST_CASE("a word may be a number") {
    CHECK(encoded(command{"X"}.add(-5)) == "*2\r\n$1\r\nX\r\n$2\r\n-5\r\n");
    CHECK(encoded(command{"X"}.add(std::numeric_limits<std::uint64_t>::max())) == "*2\r\n$1\r\nX\r\n$20\r\n18446744073709551615\r\n");
    CHECK(encoded(command{"X"}.add(std::numeric_limits<std::int64_t>::min())) == "*2\r\n$1\r\nX\r\n$20\r\n-9223372036854775808\r\n");
}

TEST_CASE("words may stand in front of a command, and there may be many") {
    std::string out = "x";
    const std::array<std::string_view, 2> before = {"EVALSHA", "abc"};
    command{"1", "k"}.encode(out, before);
    CHECK(out == "x*4\r\n$7\r\nEVALSHA\r\n$3\r\nabc\r\n$1\r\n1\r\n$1\r\nk\r\n");
    command many;
    std::string expected = "*100\r\n";
    for (int i = 0; i != 100; ++i) {
        many.add(i);
        expected += (i < 10 ? "$1\r\n" : "$2\r\n") + std::to_string(i) + "\r\n";
    }
    CHECK(many.size() == 100);
    CHECK(encoded(many) == expected);
}

TEST_CASE("a script is known by the SHA-1 of its text") {
    CHECK(script("").sha() == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(script("return 1").sha() == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

TEST_CASE("a handler may be one that can only be moved") {
    int seen = 0;
    reply_handler handler([held = std::make_unique<int>(7), &seen](stompchat::error_code, reply&) { seen = *held; });
    reply_handler moved = std::move(handler);
    reply none;
    moved({}, none);
    CHECK(seen == 7);
}
