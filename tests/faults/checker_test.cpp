// Boost Software License 1.0, see LICENSE

// The eye of the fault suite: it must see what is wrong, and nothing else.
#include "recorder/checker.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace faults;

namespace {

/** A room with two senders and three subscribers. */
struct hall {
    hall() {
        for (stream_id& s : from) s = eye.add_stream(room);
        for (subscriber_id& s : to) s = eye.add_subscriber(room, "subscriber " + std::to_string(&s - to));
    }
    /// Sends numbers up to `last` and has them confirmed.
    void send(number last, stream_id stream = 0) {
        for (number i = 0; i < last; ++i) {
            const number which = eye.on_send(stream);
            eye.on_receipt(stream, which, id(stream, which));
        }
    }
    static std::string id(stream_id stream, number which) { return std::to_string(stream) + "-" + std::to_string(which); }
    void bring(subscriber_id who, const std::vector<number>& numbers, stream_id stream = 0) {
        for (const number which : numbers) eye.on_message(who, stream, which, id(stream, which));
    }
    void bring_all(const std::vector<number>& numbers, stream_id stream = 0) {
        for (const subscriber_id who : to) bring(who, numbers, stream);
    }
    totals end() {
        eye.finish();
        return eye.sums();
    }

    checker eye;
    room_id room = eye.add_room("hall");
    stream_id from[2];
    subscriber_id to[3];
};

} // namespace

TEST_CASE("what arrives at everybody once and in one order is right") {
    hall h;
    h.send(2, 0);
    h.send(1, 1);
    for (const subscriber_id who : h.to) {
        h.bring(who, {1}, 0);
        h.bring(who, {1}, 1);
        h.bring(who, {2}, 0);
    }
    const totals all = h.end();
    CHECK(!all.wrong());
    CHECK(all.delivered == 9);
    CHECK(all.receipted_deliveries == 9);
    CHECK(all.receipted == 3);
}

TEST_CASE("a message that one subscriber does not get is lost there") {
    hall h;
    h.send(3);
    h.bring(0, {1, 2, 3});
    h.bring(1, {1, 3});
    h.bring(2, {1, 2, 3});
    CHECK(h.end().lost == 1);
    CHECK(h.eye.counts_of(1).lost == 1);
    CHECK(h.eye.findings().size() == 1);
}

TEST_CASE("the first subscriber that misses a message is found out by the second") {
    hall h;
    h.send(3);
    h.bring(0, {1, 3});
    h.bring(1, {1, 2, 3});
    h.bring(2, {1, 2, 3});
    const totals all = h.end();
    CHECK(h.eye.counts_of(0).lost == 1);
    CHECK(all.lost == 1);
    CHECK(all.duplicated == 0);
}

TEST_CASE("one loss is one loss, whoever is ahead") {
    hall h;
    h.send(3, 0);
    h.send(1, 1);
    h.bring(1, {1, 2}, 0);
    h.bring(0, {1}, 0);
    h.bring(0, {1}, 1); // has jumped over 2
    h.bring(0, {3}, 0);
    h.bring(1, {1}, 1);
    h.bring(1, {3}, 0);
    h.bring(2, {1, 2}, 0);
    h.bring(2, {1}, 1);
    h.bring(2, {3}, 0);
    CHECK(h.end().lost == 1);
    CHECK(h.end().reordered == 0);

    hall g;
    g.send(3, 0);
    g.bring(0, {1, 3}, 0);
    g.bring(1, {1, 2, 3}, 0);
    g.bring(2, {1, 2, 3}, 0);
    CHECK(g.end().lost == 1);
    CHECK(g.end().reordered == 0);
}

TEST_CASE("a receipted message that nobody gets is lost for everybody, also at the end") {
    hall h;
    h.send(3);
    h.bring_all({1, 3});
    CHECK(h.end().lost == 3);
    hall g;
    g.send(3);
    g.bring_all({1, 2});
    CHECK(!g.eye.caught_up(0));
    CHECK(g.end().lost == 3);
}

TEST_CASE("who is behind at the end has lost the rest") {
    hall h;
    h.send(4);
    h.bring(0, {1, 2, 3, 4});
    h.bring(1, {1, 2, 3, 4});
    h.bring(2, {1});
    CHECK(h.eye.caught_up(0));
    CHECK(!h.eye.caught_up(2));
    CHECK(h.end().lost == 3);
}

TEST_CASE("a message that comes twice is a duplicate, at once and after long") {
    hall h;
    h.send(3);
    h.bring(0, {1, 2, 2, 3});
    h.bring(1, {1, 2, 3, 1});
    h.bring(2, {1, 2, 3});
    h.bring(2, {3});
    CHECK(h.end().duplicated == 3);
    CHECK(h.end().lost == 0);
}

TEST_CASE("a duplicate is one also when everybody gets it") {
    hall h;
    h.send(3);
    h.bring_all({1, 2, 1, 3});
    CHECK(h.end().duplicated == 3);
}

TEST_CASE("a duplicate is found when the log was trimmed long ago") {
    hall h;
    const number many = 5 * checker::look_back;
    h.send(many);
    for (number i = 1; i <= many; ++i) h.bring_all({i});
    h.bring(0, {1});
    const totals all = h.end();
    CHECK(all.duplicated == 1);
    CHECK(all.lost == 0);
    CHECK(all.receipted_deliveries == 3ull * many);
}

TEST_CASE("two messages the other way round are a reorder, within a stream and between streams") {
    hall h;
    h.send(3);
    h.bring(0, {1, 2, 3});
    h.bring(1, {1, 3, 2});
    h.bring(2, {1, 2, 3});
    CHECK(h.end().reordered == 1);
    CHECK(h.end().lost == 0);

    hall g;
    g.send(1, 0);
    g.send(1, 1);
    g.bring(0, {1}, 0);
    g.bring(0, {1}, 1);
    g.bring(1, {1}, 1);
    g.bring(1, {1}, 0);
    g.bring(2, {1}, 0);
    g.bring(2, {1}, 1);
    CHECK(g.end().reordered == 1);
}

TEST_CASE("a stream out of order is a reorder although everybody agrees") {
    hall h;
    h.send(3);
    h.bring_all({1, 3, 2});
    CHECK(h.end().reordered == 1);
    CHECK(h.end().lost == 0);
}

TEST_CASE("a reorder is found at whoever was first, too") {
    hall h;
    h.send(1, 0);
    h.send(1, 1);
    h.bring(0, {1}, 1);
    h.bring(1, {1}, 0);
    h.bring(0, {1}, 0);
    h.bring(1, {1}, 1);
    CHECK(h.end().reordered >= 1);
}

TEST_CASE("what a told gap leaves out is told, not lost") {
    hall h;
    h.send(4);
    h.bring(0, {1, 2, 3, 4});
    h.bring(1, {1});
    h.eye.on_told(1);
    h.bring(1, {4});
    h.bring(2, {1, 2, 3, 4});
    const totals all = h.end();
    CHECK(all.told == 2);
    CHECK(all.lost == 0);
    CHECK(all.gaps == 1);
    CHECK(all.wrong());
}

TEST_CASE("a gap excuses nothing behind the next message") {
    hall h;
    h.send(4);
    h.bring(0, {1, 2, 3, 4});
    h.eye.on_told(1);
    h.bring(1, {1, 2, 4});
    h.bring(2, {1, 2, 3, 4});
    CHECK(h.end().lost == 1);
}

TEST_CASE("a repeat with its key stands in the log once, without a key it is counted apart") {
    hall h;
    const number keyed = h.eye.on_send(0);
    h.eye.on_repeat(0, keyed, true);
    h.eye.on_receipt(0, keyed, "a");
    h.bring_all({1, 1});
    CHECK(h.end().duplicated == 3);
    CHECK(h.end().repeated == 0);

    hall g;
    const number bare = g.eye.on_send(0);
    g.eye.on_repeat(0, bare, false);
    g.eye.on_receipt(0, bare, "a");
    g.bring_all({1, 1});
    CHECK(!g.end().wrong());
    CHECK(g.end().repeated == 1);
    g.bring(0, {1});
    CHECK(g.end().duplicated == 1);
}

TEST_CASE("a repeat across a loss of the keys is counted apart, one before or behind it is not") {
    hall h;
    for (int i = 0; i < 3; ++i) h.eye.on_send(0);
    h.eye.on_repeat(0, 1, true);
    h.eye.on_receipt(0, 1, h.id(0, 1));
    h.eye.begin_key_loss();
    h.eye.on_repeat(0, 2, true);
    h.eye.on_receipt(0, 2, h.id(0, 2));
    h.eye.end_key_loss();
    h.eye.on_receipt(0, 3, h.id(0, 3));
    const number behind = h.eye.on_send(0);
    h.eye.on_repeat(0, behind, true);
    h.eye.on_receipt(0, behind, h.id(0, behind));
    h.bring_all({1, 2, 2, 3, 4});
    CHECK(!h.eye.sums().wrong());
    CHECK(h.end().repeated == 1);
    h.bring(0, {1, 3, 4});
    CHECK(h.end().duplicated == 3);
}

TEST_CASE("a SEND whose outcome is unknown may come late or never, but to all alike") {
    hall h;
    h.eye.on_send(0);
    h.eye.on_send(0);
    h.eye.on_unknown(0, 1);
    h.eye.on_unknown(0, 2);
    h.send(1);
    h.bring_all({3, 1});
    CHECK(h.eye.sums().late == 1);
    CHECK(!h.eye.sums().wrong());
    h.bring(0, {2});
    h.bring(1, {2});
    const totals all = h.end();
    CHECK(all.lost == 1);
    CHECK(all.late == 2);
    CHECK(all.unknown == 2);
}

TEST_CASE("a durable subscription may go back when it begins again, but must go on in order") {
    hall h;
    h.send(6);
    h.bring(0, {1, 2, 3, 4, 5, 6});
    h.bring(1, {1, 2, 3, 4, 5, 6});
    h.bring(2, {1, 2, 3, 4});
    h.eye.on_durable_again(2);
    h.bring(2, {2, 3, 4, 5, 6});
    totals all = h.eye.sums();
    CHECK(all.redelivered == 3);
    CHECK(!all.wrong());
    CHECK(all.delivered == 18);
    h.bring(2, {5});
    CHECK(h.eye.sums().duplicated == 1);
    h.eye.on_durable_again(2);
    h.bring(2, {3, 5, 6});
    CHECK(h.end().lost == 1);
}

TEST_CASE("a RECEIPT that names another message is found, whichever comes first") {
    hall h;
    h.eye.on_send(0);
    h.eye.on_send(0);
    h.eye.on_receipt(0, 1, "here");
    h.eye.on_message(0, 0, 1, "there");
    h.eye.on_message(0, 0, 2, "there");
    h.eye.on_receipt(0, 2, "here");
    CHECK(h.eye.sums().misnamed == 2);
}

TEST_CASE("what nobody has sent is forged") {
    hall h;
    h.send(1);
    h.bring(0, {2});
    h.bring(0, {1}, 7);
    CHECK(h.eye.sums().forged == 2);
    CHECK(h.eye.sums().wrong());
}
