// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/presence_body.hpp>

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

// Rule by rule; random interleavings are in presence_model.cpp.

using namespace stompchat;
using delivery::presence_room;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using texts = std::vector<std::string>;

/// A room, whose messages are written as `+ann 8/3`, `-ann 9/2`, `7/2 ann bob`, `7/2000` and `?`; the numbers are version and count.
struct stand {
    explicit stand(std::size_t most = 1000) { limits.most_users = most; }

    static std::string text(const delivery::presence_message& one) {
        using kind = delivery::presence_message::kind;
        const std::string numbers = std::to_string(one.version) + '/' + std::to_string(one.count);
        switch (one.what) {
        case kind::unavailable: return "?";
        case kind::join: return '+' + std::string(one.user) + ' ' + numbers;
        case kind::leave: return '-' + std::string(one.user) + ' ' + numbers;
        case kind::snapshot: break;
        }
        std::string result = numbers;
        if (one.users == nullptr) return result;
        for (const std::string& user : *one.users) result += ' ' + user;
        return result;
    }
    texts flush(std::size_t subscribers = 1) {
        texts told;
        room.flush(now, subscribers, [&](const delivery::presence_message& one) { told.push_back(text(one)); });
        return told;
    }
    std::string current() {
        const auto found = room.current();
        return found ? text(*found) : std::string("nothing");
    }
    void change(char what, const std::string& user, std::uint64_t version, std::size_t count) {
        room.on_change({"/topic/a", user, what == '+', version, count}, now);
    }
    std::uint64_t look() { return room.begin_look(now); }
    void view(std::uint64_t number, std::uint64_t version, texts users) {
        CHECK_MESSAGE(number != 0, "it did not look");
        const std::size_t count = users.size();
        room.on_view(number, {version, count, std::move(users)}, now);
    }
    /// Has begun with these users.
    stand& with(std::uint64_t version, texts users) {
        view(look(), version, std::move(users));
        CHECK(flush().size() == 1);
        return *this;
    }

    delivery::presence_limits limits;
    presence_room::time_point now{std::chrono::hours(1)};
    presence_room room{limits, now};
};

} // namespace

TEST_CASE("a room begins with a look and tells a snapshot, then joins and leaves") {
    stand at;
    CHECK(at.room.next_time() <= at.now);
    CHECK(at.current() == "nothing");
    CHECK(at.flush().empty());
    const auto look = at.look();
    CHECK(look != 0);
    CHECK(at.look() == 0);
    at.view(look, 7, {"ann", "bob"});
    CHECK(at.current() == "nothing"); // it comes with the flush
    CHECK(at.flush() == texts{"7/2 ann bob"});
    CHECK(at.current() == "7/2 ann bob");
    CHECK(at.flush().empty());
    at.now += seconds(1);
    at.change('+', "cem", 8, 3);
    CHECK(at.flush() == texts{"+cem 8/3"});
    at.now += seconds(1);
    at.change('-', "ann", 9, 2);
    at.change('+', "dan", 10, 3);
    CHECK(at.flush() == texts{"-ann 9/2", "+dan 10/3"});
    CHECK(at.current() == "10/3 bob cem dan");
}

TEST_CASE("what was told twice, or crossed the look, is not told again") {
    stand at;
    const auto look = at.look();
    at.change('+', "ann", 6, 1);
    at.change('+', "bob", 7, 2);
    at.change('+', "cem", 8, 3);
    at.view(look, 7, {"ann", "bob"});
    CHECK(at.flush() == texts{"8/3 ann bob cem"});
    at.change('+', "cem", 8, 3);
    CHECK(at.flush().empty());
    // The look was ahead of the changes: that is no reason to look again.
    stand ahead;
    ahead.with(8, {"ann", "bob", "cem"});
    ahead.now += seconds(5);
    ahead.change('+', "bob", 7, 2);
    ahead.change('+', "cem", 8, 3);
    CHECK(ahead.look() == 0);
    CHECK(ahead.flush().empty());
}

TEST_CASE("a hole in the versions makes it look again, not more often than the retry says") {
    stand at;
    at.with(7, {"ann"});
    at.now += milliseconds(400);
    at.change('+', "cem", 9, 3);
    CHECK(at.flush().empty());
    CHECK(at.look() == 0); // the last look was less than a second ago
    CHECK(at.room.next_time() == at.now + milliseconds(600));
    at.now += milliseconds(600);
    const auto look = at.look();
    CHECK(look != 0);
    at.change('-', "ann", 10, 2);
    at.view(look, 9, {"ann", "bob", "cem"});
    CHECK(at.flush() == texts{"10/2 bob cem"});
    CHECK(at.look() == 0);
    // Also a hole that the number does not show: one came and one left in it.
    at.now += seconds(2);
    at.change('+', "eve", 13, 3);
    CHECK(at.flush().empty());
    CHECK(at.look() != 0);
}

TEST_CASE("a change that does not fit what is known makes it look") {
    for (const auto& one : std::vector<std::tuple<char, std::string, std::size_t>>{
             {'+', "ann", 3}, {'-', "cem", 1}, {'+', "cem", 4}, {'-', "ann", 2}, {'-', "ann", 3}}) {
        const auto what = std::get<0>(one);
        const std::string user = std::get<1>(one);
        const std::size_t count = std::get<2>(one);
        CAPTURE(user);
        CAPTURE(count);
        stand at;
        at.with(7, {"ann", "bob"});
        at.now += seconds(2);
        at.change(what, user, 8, count);
        CHECK(at.flush().empty());
        CHECK(at.look() != 0);
    }
}

TEST_CASE("the only user who came and the last one who left need no change before them") {
    stand at;
    at.with(7, {"ann", "bob"});
    at.now += seconds(2);
    at.change('-', "bob", 9, 0); // that ann left was lost
    CHECK(at.look() == 0);
    CHECK(at.flush() == texts{"-ann 8/1", "-bob 9/0"});
    at.change('+', "cem", 1'000, 1); // the versions begin anew
    at.now += seconds(2);
    CHECK(at.look() == 0);
    CHECK(at.flush() == texts{"+cem 10/1"});
    at.change('+', "cem", 2'000, 1);
    CHECK(at.flush().empty());
}

TEST_CASE("what cancels out within a pause is not told, and versions have no hole") {
    stand at;
    at.with(7, {"ann"});
    at.change('+', "bob", 8, 2);
    at.change('+', "cem", 9, 3);
    at.change('-', "bob", 10, 2);
    at.change('-', "ann", 11, 1);
    CHECK(at.current() == "7/1 ann");
    at.now += seconds(1);
    CHECK(at.flush() == texts{"+cem 8/2", "-ann 9/1"});
    CHECK(at.current() == "9/1 cem");
    at.change('-', "cem", 12, 0);
    at.change('+', "cem", 13, 1);
    at.now += seconds(1);
    CHECK(at.flush().empty());
}

TEST_CASE("after a message to many subscribers comes a pause, in which changes wait") {
    stand at;
    at.with(7, {"ann"});
    at.now += seconds(1);
    at.change('+', "bob", 8, 2);
    CHECK(at.flush(10'000) == texts{"+bob 8/2"});
    at.change('+', "cem", 9, 3);
    CHECK(at.flush(10'000).empty());
    CHECK(at.room.next_time() == at.now + milliseconds(500));
    at.now += milliseconds(500);
    CHECK(at.flush(10'000) == texts{"+cem 9/3"});
    at.change('+', "dan", 10, 4);
    at.now += milliseconds(500);
    CHECK(at.flush(10'000'000) == texts{"+dan 10/4"});
    at.change('+', "eve", 11, 5);
    CHECK(at.room.next_time() == at.now + at.limits.longest_pause);
}

TEST_CASE("a snapshot replaces joins and leaves that are longer than it") {
    stand at;
    at.with(7, {"ann", "bob", "cem", "dan", "eve"});
    at.now += seconds(1);
    std::uint64_t version = 7;
    for (const std::string one : {"ann", "bob", "cem", "dan", "eve"}) {
        ++version;
        at.change('-', one, version, 12 - version);
    }
    CHECK(at.flush() == texts{"12/0"});
    CHECK(at.current() == "12/0");
}

TEST_CASE("above the limit only the number is told, and names again below it") {
    stand at(3);
    at.with(7, {"ann", "bob", "cem"});
    at.now += seconds(2);
    at.change('+', "dan", 8, 4);
    CHECK(at.flush() == texts{"8/4"});
    CHECK(at.current() == "8/4");
    // A change that is missing does no harm.
    at.change('+', "fay", 10, 6);
    CHECK(at.look() == 0);
    CHECK(at.current() == "8/4");
    at.now += seconds(2);
    CHECK(at.flush() == texts{"10/6"});
    at.change('-', "fay", 11, 3);
    at.now += seconds(2);
    CHECK(at.flush().empty()); // it has to know the names first
    at.view(at.look(), 12, {"bob", "cem"});
    CHECK(at.flush() == texts{"12/2 bob cem"});
    at.now += seconds(2);
    at.change('+', "ann", 13, 3);
    CHECK(at.flush() == texts{"+ann 13/3"});
}

TEST_CASE("a big room that is suddenly almost empty has names again at once") {
    stand at(2);
    at.with(7, {"ann"});
    at.now += seconds(2);
    at.change('+', "bob", 8, 2);
    at.change('+', "cem", 9, 3);
    CHECK(at.flush() == texts{"9/3"});
    at.now += seconds(2);
    at.change('-', "cem", 20, 0);
    CHECK(at.flush() == texts{"20/0"});
    CHECK(at.current() == "20/0");
}

TEST_CASE("the digest is a snapshot at intervals, and heals what nobody noticed") {
    stand at;
    at.with(7, {"ann", "bob"});
    CHECK(at.room.next_time() == at.now + at.limits.digest);
    at.now += at.limits.digest;
    at.view(at.look(), 7, {"ann", "bob"});
    CHECK(at.flush() == texts{"7/2 ann bob"}); // nothing new, so the same version
    at.now += at.limits.digest;
    at.view(at.look(), 8, {"ann"});
    CHECK(at.flush() == texts{"8/1 ann"});
}

TEST_CASE("a registry that steps back is believed, and the versions told grow on") {
    stand at;
    at.with(7, {"ann", "bob"});
    at.now += seconds(2);
    at.change('+', "cem", 8, 3);
    CHECK(at.flush() == texts{"+cem 8/3"});
    at.change('+', "dan", 5, 3);
    CHECK(at.flush().empty());
    at.view(at.look(), 5, {"ann", "bob", "dan"});
    at.now += seconds(2);
    CHECK(at.flush() == texts{"9/3 ann bob dan"});
    at.change('-', "dan", 6, 2);
    at.now += seconds(2);
    CHECK(at.flush() == texts{"-dan 10/2"});
}

TEST_CASE("a look that fails is told once, until one succeeds") {
    stand at;
    at.room.on_failed(at.look(), at.now);
    CHECK(at.flush() == texts{"?"});
    CHECK(at.current() == "?");
    at.change('+', "ann", 7, 1); // nobody knows what it means
    CHECK(at.flush().empty());
    CHECK(at.look() == 0);
    CHECK(at.room.next_time() == at.now + at.limits.retry);
    at.now += at.limits.retry;
    at.room.on_failed(at.look(), at.now);
    CHECK(at.flush().empty());
    at.now += at.limits.retry;
    at.view(at.look(), 9, {"ann"});
    CHECK(at.flush() == texts{"9/1 ann"});
}

TEST_CASE("an interruption gives up the look that is under way") {
    stand at;
    at.with(7, {"ann"});
    at.now += at.limits.digest;
    const auto given_up = at.look();
    at.room.on_interrupted(at.now);
    at.view(given_up, 7, {"ann"});
    at.room.on_failed(given_up, at.now);
    CHECK(at.flush() == texts{"?"});
    at.now += at.limits.retry;
    at.view(at.look(), 7, {"ann"});
    // It may have been otherwise in between: a client can tell it from what it had.
    CHECK(at.flush() == texts{"8/1 ann"});
    // The look that was given up has no say any more.
    at.room.on_failed(given_up, at.now);
    at.room.on_view(0, {1, 0, {}}, at.now);
    at.now += seconds(2);
    CHECK(at.flush().empty());
}

TEST_CASE("an interruption that ends before it is told is only a snapshot") {
    stand at;
    at.with(7, {"ann"});
    at.now += seconds(2);
    at.change('+', "bob", 8, 2);
    CHECK(at.flush(100'000).size() == 1);
    at.room.on_interrupted(at.now);
    at.now += at.limits.retry;
    at.view(at.look(), 9, {"bob"});
    CHECK(at.current() == "nothing");
    at.now += at.limits.longest_pause;
    CHECK(at.flush() == texts{"9/1 bob"});
}

TEST_CASE("more changes during a look than are kept make it look again") {
    stand at;
    const auto look = at.look();
    for (std::uint64_t i = 0; i != 2'000; ++i) at.change(i % 2 == 0 ? '+' : '-', "bob", 8 + i, i % 2 == 0 ? 2 : 1);
    at.view(look, 7, {"ann"});
    CHECK(at.look() == 0);
    CHECK(at.flush().size() == 1);
    CHECK(at.room.next_time() == at.now + at.limits.retry);
    at.now += at.limits.retry;
    at.view(at.look(), 2'007, {"ann"});
    CHECK(at.flush() == texts{"2007/1 ann"});
    CHECK(at.room.next_time() == at.now + at.limits.digest);
}
