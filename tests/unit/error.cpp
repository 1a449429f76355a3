// Boost Software License 1.0, see LICENSE

#include <stompchat/error.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace stompchat;

namespace {

struct group {
    int first;
    int last;
    condition means;
};

/// Every enumerator of error, as ranges of values.
const group groups[] = {
    {100, 118, condition::protocol_violation},
    {200, 208, condition::protocol_violation},
    {300, 316, condition::limit_exceeded},
    {400, 403, condition::unavailable},
    {500, 501, condition::unavailable},
    {600, 605, condition::unauthorized},
    {700, 703, condition::usage},
    {800, 802, condition::unavailable},
};

const condition conditions[] = {condition::protocol_violation, condition::limit_exceeded, condition::unavailable, condition::unauthorized,
                                condition::usage};

} // namespace

TEST_CASE("every error has a text of its own and the one condition of its group") {
    std::set<std::string> texts;
    for (const group& of : groups) {
        for (int value = of.first; value <= of.last; ++value) {
            CAPTURE(value);
            const error_code code = static_cast<error>(value);
            CHECK(code.failed());
            CHECK(code.category() == error_category());
            CHECK(code.message() != "unknown stompchat error");
            CHECK(code.message().size() > 5);
            CHECK_MESSAGE(texts.insert(code.message()).second, "two errors have the text ", code.message());
            for (const condition one : conditions) CHECK((code == one) == (one == of.means));
        }
    }
}

TEST_CASE("the groups of this test are all there are") {
    std::set<int> known;
    for (const group& of : groups)
        for (int value = of.first; value <= of.last; ++value) known.insert(value);
    for (int value = 0; value != 1'000; ++value) {
        CAPTURE(value);
        CHECK((error_code(static_cast<error>(value)).message() != "unknown stompchat error") == known.contains(value));
    }
}

TEST_CASE("a text is one line for people") {
    for (const group& of : groups)
        for (int value = of.first; value <= of.last; ++value)
            CHECK(error_code(static_cast<error>(value)).message().find_first_of("\r\n") == std::string::npos);
}

TEST_CASE("errors of other libraries have none of the conditions") {
    for (const condition one : conditions) {
        CHECK(error_code(system::errc::make_error_code(system::errc::connection_reset)) != one);
        CHECK(error_code() != one);
    }
}

TEST_CASE("the categories have names, and a condition has a text") {
    CHECK(std::string(error_category().name()) == "stompchat");
    CHECK(std::string(condition_category().name()) == "stompchat.condition");
    std::set<std::string> texts;
    for (const condition one : conditions) texts.insert(make_error_condition(one).message());
    CHECK(texts.size() == std::size(conditions));
    CHECK(condition_category().message(0) == "unknown stompchat condition");
}
