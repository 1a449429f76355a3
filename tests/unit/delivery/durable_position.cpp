// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/durable_position.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace stompchat;
using stompchat::delivery::durable_position;
using outcome = durable_position::outcome;
using std::chrono::milliseconds;
using value = durable_position::value;

namespace {

constexpr std::uint32_t check = 0xabc;
const delivery::durable_timing timing{milliseconds(1000), milliseconds(5000)};
const durable_position::time_point begin{};

position at(offset o, std::uint64_t epoch = 7) { return {epoch, 3, o}; }

durable_position holder_of(const value& found, offset start, std::string name = "a-0-1") {
    durable_position one(std::move(name), check, timing);
    const auto what = one.claim(found, at(start));
    CHECK(what.expected == found);
    CHECK(one.on_claimed(true, found, begin) == outcome::done);
    return one;
}

} // namespace

TEST_CASE("who finds no position begins where it wants, who finds one goes on there") {
    durable_position first("a-0-1", check, timing);
    auto what = first.claim(std::nullopt, at(10));
    CHECK_FALSE(what.expected.has_value());
    CHECK(first.on_claimed(true, std::nullopt, begin) == outcome::done);
    CHECK_FALSE(first.resumed());
    CHECK(first.written() == at(10));
    CHECK(first.former().empty());

    durable_position second("b-0-1", check, timing);
    const value found = what.desired;
    what = second.claim(found, at(99));
    CHECK(what.expected == found);
    CHECK(second.on_claimed(true, found, begin) == outcome::done);
    CHECK(second.resumed());
    CHECK(second.written() == at(10));
    CHECK(second.former() == "a-0-1");
}

TEST_CASE("a position that was ended for good, belongs to another destination or cannot be read is none") {
    for (const std::string& text : {std::string(durable_position::ended), std::string("a-0-1 7-3-b-abd"), std::string("a-0-1 nonsense"),
                                    std::string("a-0-1 "), std::string()}) {
        CAPTURE(text);
        const durable_position one = holder_of(text, 20);
        CHECK_FALSE(one.resumed());
        CHECK(one.written() == at(20));
    }
    CHECK(holder_of("a-0-1 7-3-b-abc", 20).written() == at(11));
}

TEST_CASE("a position before the first record is kept") {
    durable_position first("a-0-1", check, timing);
    const value found = first.claim(std::nullopt, at(0)).desired;
    CHECK(holder_of(found, 5).written() == at(0));
}

TEST_CASE("who was overtaken while becoming the holder tries again with what the other one left") {
    durable_position one("b-0-1", check, timing);
    const value old = holder_of(std::nullopt, 4).begin(at(4), begin).desired;
    one.claim(old, at(0));
    durable_position other = holder_of(std::nullopt, 4, "c-0-1");
    const value now = other.begin(at(6), begin).desired;
    CHECK(one.on_claimed(false, now, begin) == outcome::again);
    CHECK(one.claim(now, at(0)).expected == now);
    CHECK(one.on_claimed(true, now, begin) == outcome::done);
    CHECK(one.written() == at(6));
    CHECK(one.former() == "c-0-1");
    // The reply to the first try was lost, and it is found to have happened.
    durable_position twice("d-0-1", check, timing);
    const auto what = twice.claim(now, at(0));
    CHECK(twice.on_claimed(false, what.desired, begin) == outcome::done);
}

TEST_CASE("the position is the oldest that has to come again: waiting for its ACK, answered by NACK, or not yet delivered") {
    durable_position one = holder_of(std::nullopt, 0);
    CHECK(one.first(at(10), std::nullopt) == at(10));
    CHECK(one.first(at(20), 12) == at(12));
    one.hold(15);
    one.hold(17);
    CHECK(one.first(at(20), 12) == at(12));
    CHECK(one.first(at(20), 18) == at(15));
    CHECK(one.first(at(30), std::nullopt) == at(15));
}

TEST_CASE("what was told once to be handed out is not doubted later") {
    durable_position one = holder_of(std::nullopt, 0);
    CHECK(one.first(at(20), std::nullopt) == at(20));
    CHECK(one.first(at(12), std::nullopt) == at(20));
    CHECK(one.first(at(12), 15) == at(15));
}

TEST_CASE("in another log nothing of the old one counts") {
    durable_position one = holder_of(std::nullopt, 0);
    CHECK(one.first(at(20), std::nullopt) == at(20));
    one.hold(3);
    CHECK(one.first(at(5, 8), std::nullopt) == at(5, 8));
}

TEST_CASE("a write follows the last one after the interval when something happened, else after the idle interval") {
    durable_position one = holder_of(std::nullopt, 0);
    CHECK(one.due() == begin + milliseconds(5000));
    one.touch();
    CHECK(one.due() == begin + milliseconds(1000));
    one.begin(at(1), begin + milliseconds(1000));
    CHECK(one.due() == durable_position::time_point::max());
    one.touch();
    CHECK(one.on_written(true, {}) == outcome::done);
    CHECK(one.stands(at(1)));
    CHECK(one.due() == begin + milliseconds(2000));
    one.begin(at(1), begin + milliseconds(2500));
    one.on_failed();
    CHECK_FALSE(one.stands(at(1)));
    CHECK(one.due() == begin + milliseconds(3500));
}

TEST_CASE("who finds another holder, or the end for good, has lost; who finds nothing or itself goes on") {
    durable_position one = holder_of(std::nullopt, 0);
    const value mine = one.begin(at(3), begin).desired;
    CHECK(one.on_written(false, "b-0-1 7-3-1-abc") == outcome::lost);
    CHECK_FALSE(one.stands(at(3)));

    one = holder_of(std::nullopt, 0);
    one.begin(at(3), begin);
    CHECK(one.on_written(false, std::string(durable_position::ended)) == outcome::lost);

    one = holder_of(std::nullopt, 0);
    one.begin(at(3), begin);
    CHECK(one.on_written(false, std::nullopt) == outcome::again);
    CHECK_FALSE(one.begin(at(3), begin).expected.has_value());
    CHECK(one.on_written(true, std::nullopt) == outcome::done);

    // A write whose reply was lost had happened.
    one.begin(at(4), begin);
    one.on_failed();
    auto what = one.begin(at(4), begin);
    CHECK(one.on_written(false, what.desired) == outcome::done);
    const value four = what.desired;
    one.begin(at(5), begin);
    one.on_failed();
    one.begin(at(6), begin);
    CHECK(one.on_written(false, four) == outcome::again);
    CHECK(one.begin(at(6), begin).expected == four);
}
