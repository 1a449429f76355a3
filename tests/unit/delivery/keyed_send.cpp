// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/keyed_send.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>

using namespace stompchat;
using namespace stompchat::delivery;
using namespace std::chrono_literals;
using action = keyed_send::step::action;

namespace {

const keyed_send::time_point start{std::chrono::hours(500'000)};

key_reservation try_of(std::uint64_t holder, std::uint64_t nonce = 1, keyed_send::time_point since = start) {
    key_reservation one;
    one.holder = holder;
    one.nonce = nonce;
    one.since = since;
    one.id = {holder, 100 + nonce};
    one.base = {7, 3, static_cast<offset>(1000 + holder)};
    return one;
}

keyed_send send_of(std::uint64_t holder, std::uint64_t nonce = 1) {
    return keyed_send(try_of(holder, nonce), start + keyed_send::most_waiting);
}

} // namespace

TEST_CASE("a reservation is read as it was written, and nothing else is read") {
    key_reservation one = try_of(0xFFFF'FFFF'FFFF'FFFFu, 0xFFFF'FFFF'FFFF'FFFEu);
    one.base.offset = -1;
    const auto read = key_reservation::parse(one.text());
    REQUIRE(read);
    CHECK(read->same_try(one));
    CHECK(read->since == start);
    CHECK(read->id == one.id);
    CHECK(read->base == one.base);
    for (const std::string wrong : {"", "r", "r ", "r 1 2 3 4 5 6 7", "r 1 2 3 4 5 6 7 8 9", "r 1 2 3 4 5 6 7 x", "x 1 2 3 4 5 6 7 8",
                                    "r 1 2 3 4 5 6 99999999999 8", "p 1-2-3-4"}) {
        CAPTURE(wrong);
        CHECK_FALSE(key_reservation::parse(wrong));
    }
    CHECK_FALSE(key_reservation::parse(one.text() + " "));
}

TEST_CASE("a SEND reserves its key, publishes under its own id, and leaves the message-id in the store") {
    keyed_send one = send_of(1);
    const auto first = one.begin(start);
    REQUIRE(first.what == action::compare_and_set);
    CHECK(first.pause == 0ms);
    CHECK_FALSE(first.expected);
    const auto next = one.on_store(false, true, {}, start);
    REQUIRE(next.what == action::publish);
    CHECK(next.id == try_of(1).id);
    CHECK(next.base == try_of(1).base);
    const auto last = one.on_published({}, "1-2-3-4");
    REQUIRE(last);
    CHECK(last->expected == first.desired);
    CHECK(last->desired == "p 1-2-3-4");
    // A repeat finds it.
    keyed_send repeat = send_of(2);
    repeat.begin(start);
    const auto answer = repeat.on_store(false, false, last->desired, start);
    REQUIRE(answer.what == action::answer);
    CHECK(answer.message_id == "1-2-3-4");
}

TEST_CASE("a store that fails is asked the same again, and what it did after all is one's own") {
    keyed_send one = send_of(1);
    const auto first = one.begin(start);
    const auto again = one.on_store(true, false, {}, start + 1s);
    REQUIRE(again.what == action::compare_and_set);
    CHECK(again.pause > 0ms);
    CHECK(again.expected == first.expected);
    const auto next = one.on_store(false, false, first.desired, start + 1s);
    REQUIRE(next.what == action::publish);
    CHECK(next.id == try_of(1).id);
    // What is replaced in the end is what stands there.
    CHECK(one.on_published({}, "x")->expected == first.desired);
}

TEST_CASE("a store that goes on failing is given up, unpublished, and the pauses have a bound") {
    keyed_send one = send_of(1);
    auto next = one.begin(start);
    keyed_send::time_point now = start;
    int asked = 0;
    while (next.what == action::compare_and_set) {
        CHECK(next.pause <= keyed_send::longest_pause);
        now += std::max(next.pause, std::chrono::milliseconds(1));
        next = one.on_store(true, false, {}, now);
        ++asked;
    }
    CHECK(next.what == action::give_up);
    CHECK(now >= start + keyed_send::most_waiting);
    CHECK(asked > 100);
}

TEST_CASE("a repeat waits for the first one, and is answered with its message-id") {
    keyed_send first = send_of(1);
    const auto held = first.begin(start).desired;
    keyed_send repeat = send_of(2);
    repeat.begin(start);
    auto next = repeat.on_store(false, false, held, start + 10ms);
    REQUIRE(next.what == action::compare_and_set);
    CHECK(next.pause == keyed_send::first_pause);
    CHECK_FALSE(next.expected);
    CHECK(next.waits_for == 1);
    next = repeat.on_store(false, false, held, start + 20ms);
    CHECK(next.pause > keyed_send::first_pause);
    next = repeat.on_store(false, false, "p 1-2-3-4", start + 40ms);
    CHECK(next.what == action::answer);
}

TEST_CASE("a first one that ended unpublished leaves the key to the repeat") {
    keyed_send first = send_of(1);
    first.begin(start);
    first.on_store(false, true, {}, start);
    const auto removal = first.on_published(error::message_too_large, {});
    REQUIRE(removal);
    CHECK_FALSE(removal->desired);
    keyed_send repeat = send_of(2);
    repeat.begin(start);
    repeat.on_store(false, false, removal->expected, start + 10ms);
    const auto next = repeat.on_store(false, true, {}, start + 20ms);
    REQUIRE(next.what == action::publish);
    CHECK(next.id == try_of(2).id);
}

TEST_CASE("what may be in the log keeps its reservation") {
    keyed_send one = send_of(1);
    one.begin(start);
    one.on_store(false, true, {}, start);
    CHECK_FALSE(one.on_published(error::outcome_unknown, {}));
    CHECK_FALSE(one.on_published(error::broker_unavailable, {}));
}

TEST_CASE("after its patience a repeat takes the reservation over, and publishes a copy of the first one") {
    keyed_send first = send_of(1);
    const auto held = first.begin(start).desired;
    keyed_send repeat = send_of(2);
    repeat.begin(start);
    auto next = repeat.on_store(false, false, held, start + keyed_send::patience - 1ms);
    CHECK_FALSE(next.expected);
    next = repeat.on_store(false, false, held, start + keyed_send::patience);
    REQUIRE(next.what == action::compare_and_set);
    CHECK(next.expected == held);
    CHECK(next.pause == 0ms);
    const auto taken = next.desired;
    next = repeat.on_store(false, true, held, start + keyed_send::patience);
    REQUIRE(next.what == action::publish);
    CHECK(next.id == try_of(1).id);
    CHECK(next.base == try_of(1).base);
    CHECK(repeat.on_published({}, "x")->expected == taken);
    // Nobody knows what became of the other copy.
    CHECK_FALSE(repeat.on_published(error::stopped, {}));

    // A third one that takes over from the second publishes the same message, too.
    keyed_send third = send_of(3);
    third.begin(start);
    third.on_store(false, false, taken, start + 20s);
    next = third.on_store(false, true, taken, start + 20s);
    CHECK(next.id == try_of(1).id);
}

TEST_CASE("a holder that is dead is not waited for, and neither is one whose clock is ahead for ever") {
    const auto held = try_of(1, 1, start).text();
    keyed_send one = send_of(2);
    one.begin(start);
    one.on_store(false, false, held, start + 1ms);
    one.on_dead(9);
    CHECK_FALSE(one.on_store(false, false, held, start + 2ms).expected);
    one.on_dead(1);
    CHECK(one.on_store(false, false, held, start + 3ms).expected == held);

    const auto ahead = try_of(1, 1, start + 24h).text();
    keyed_send other = send_of(2);
    other.begin(start);
    CHECK_FALSE(other.on_store(false, false, ahead, start + 1s).expected);
    CHECK(other.on_store(false, false, ahead, start + 1s + keyed_send::patience).expected == ahead);
}

TEST_CASE("who loses a take-over waits for the winner") {
    const auto held = try_of(1).text();
    keyed_send two = send_of(2);
    keyed_send three = send_of(3);
    two.begin(start);
    three.begin(start);
    const auto late = start + keyed_send::patience;
    const auto won = two.on_store(false, false, held, late).desired;
    three.on_store(false, false, held, late);
    const auto next = three.on_store(false, false, won, late);
    REQUIRE(next.what == action::compare_and_set);
    CHECK_FALSE(next.expected);
    CHECK(next.waits_for == 2);
}

TEST_CASE("a take-over whose answer was lost is one's own, with the id of the first try") {
    const auto held = try_of(1).text();
    keyed_send two = send_of(2);
    two.begin(start);
    const auto late = start + keyed_send::patience;
    const auto taken = two.on_store(false, false, held, late);
    const auto again = two.on_store(true, false, {}, late);
    CHECK(again.expected == held);
    CHECK(again.desired == taken.desired);
    const auto next = two.on_store(false, false, taken.desired, late);
    REQUIRE(next.what == action::publish);
    CHECK(next.id == try_of(1).id);
}

TEST_CASE("what cannot be read is neither published nor overwritten") {
    keyed_send one = send_of(1);
    one.begin(start);
    auto next = one.on_store(false, false, "v2 something", start + 1min);
    CHECK(next.what == action::compare_and_set);
    CHECK_FALSE(next.expected);
    next = one.on_store(false, false, "v2 something", start + keyed_send::most_waiting);
    CHECK(next.what == action::give_up);
}
