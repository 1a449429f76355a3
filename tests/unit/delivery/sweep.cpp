// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/cursor.hpp>
#include <stompchat/delivery/sweep.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace stompchat;

struct member {
    explicit member(int number) : name(number) {}
    int name;
    std::uint32_t index = 0;
};

struct record {
    offset at = 0;
    std::size_t size = 1;
    std::size_t octets() const noexcept { return size; }
};

using room = delivery::sweep<member, record>;

/// The names that one visit after the other reaches, and the records each was shown.
std::string visit(room& in, int times) {
    std::string seen;
    for (int i = 0; i != times && in.busy(); ++i) {
        std::string records;
        const member& one = in.visit([&](member&, const record& r) {
            records += std::to_string(r.at);
            return true;
        });
        seen += std::to_string(one.name) + ":" + records + " ";
    }
    return seen;
}

struct four_members {
    four_members() {
        for (member* one : {&a, &b, &c, &d}) in.add(*one);
    }
    member a{1}, b{2}, c{3}, d{4};
    room in;
};

} // namespace

TEST_CASE_FIXTURE(four_members, "a record is shown to each member once, and is gone then") {
    CHECK_FALSE(in.busy());
    in.push({7, 10});
    CHECK(in.busy());
    CHECK(in.queued_octets() == 10);
    CHECK(visit(in, 9) == "1:7 2:7 3:7 4:7 ");
    CHECK_FALSE(in.busy());
    CHECK(in.queued() == 0);
    CHECK(in.queued_octets() == 0);
}

TEST_CASE_FIXTURE(four_members, "a record that comes within a round is shown at once, and to those visited before in the next round") {
    in.push({1, 10});
    CHECK(visit(in, 2) == "1:1 2:1 ");
    in.push({2, 5});
    CHECK(visit(in, 2) == "3:12 4:12 ");
    CHECK(in.queued() == 1);
    CHECK(in.queued_octets() == 5);
    CHECK(in.oldest().at == 2);
    CHECK(visit(in, 9) == "1:2 2:2 3:2 4:2 ");
    CHECK_FALSE(in.busy());
}

TEST_CASE_FIXTURE(four_members, "what comes before the first visit of a round leaves with the round") {
    in.push({1});
    in.push({2});
    CHECK(visit(in, 9) == "1:12 2:12 3:12 4:12 ");
    CHECK_FALSE(in.busy());
}

TEST_CASE_FIXTURE(four_members, "a member that was visited and leaves does not hide one that was not") {
    in.push({1});
    CHECK(visit(in, 2) == "1:1 2:1 ");
    in.remove(a);
    CHECK(visit(in, 9) == "4:1 3:1 ");
    CHECK_FALSE(in.busy());
}

TEST_CASE_FIXTURE(four_members, "a member that leaves before its turn is not visited, and hides nobody") {
    in.push({1});
    CHECK(visit(in, 1) == "1:1 ");
    in.remove(b);
    CHECK(visit(in, 9) == "4:1 3:1 ");
}

TEST_CASE_FIXTURE(four_members, "the round ends when the last one that was not visited leaves") {
    in.push({1});
    CHECK(visit(in, 3) == "1:1 2:1 3:1 ");
    in.remove(d);
    CHECK_FALSE(in.busy());
}

TEST_CASE_FIXTURE(four_members, "when the last member leaves nothing is queued") {
    in.push({1});
    CHECK(visit(in, 2) == "1:1 2:1 ");
    in.push({2});
    for (member* one : {&a, &b, &c, &d}) in.remove(*one);
    CHECK(in.empty());
    CHECK_FALSE(in.busy());
}

TEST_CASE_FIXTURE(four_members, "a new member is visited in the same round") {
    member e{5};
    in.push({1});
    CHECK(visit(in, 3) == "1:1 2:1 3:1 ");
    in.add(e);
    CHECK(visit(in, 9) == "4:1 5:1 ");
}

TEST_CASE_FIXTURE(four_members, "a member that cannot take so much at once is visited again") {
    in.push({1});
    in.push({2});
    const member& first = in.visit([](member&, const record& r) { return r.at == 1; });
    CHECK(first.name == 1);
    CHECK(visit(in, 9) == "1:12 2:12 3:12 4:12 ");
}

TEST_CASE_FIXTURE(four_members, "it tells whose turn comes later in a round") {
    CHECK(in.ahead(0) == nullptr);
    in.push({1});
    CHECK(visit(in, 1) == "1:1 ");
    CHECK(in.ahead(0) == &b);
    CHECK(in.ahead(2) == &d);
    CHECK(in.ahead(3) == nullptr);
}

TEST_CASE_FIXTURE(four_members, "what was dropped is shown to nobody") {
    in.push({1});
    CHECK(visit(in, 2) == "1:1 2:1 ");
    in.drop();
    CHECK_FALSE(in.busy());
    in.push({2});
    CHECK(visit(in, 9) == "1:2 2:2 3:2 4:2 ");
}

namespace {

/** A shard's part of one destination, with a log that it shares with another destination: the sweep hands records out in pieces, cursors
    say who takes what, subscriptions come, go, fall behind and catch up in between. */
class model {
public:
    explicit model(std::uint64_t seed) : random_(seed) {}

    void run(int steps) {
        for (int i = 0; i != steps; ++i) step();
        // In the end everything has room.
        crowded_ = false;
        while (sweep_.busy()) visit();
        for (bool again = true; again;) {
            again = false;
            for (const auto& one : subscribers_) {
                if (!one->at.behind()) continue;
                feed(*one);
                again = true;
            }
        }
        for (const auto& one : subscribers_) check_complete(*one);
    }

private:
    struct subscriber {
        std::uint32_t index = 0;
        delivery::cursor at;
        offset since = 0;
        std::vector<offset> got;
    };

    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
    bool has_room() { return !crowded_ || below(8) != 0; }

    void step() {
        switch (below(10)) {
        case 0:
        case 1: publish(); break;
        case 2:
            end_ += static_cast<offset>(below(3)) + 1;
            told_ = end_;
            break; // somebody else's record
        case 3:
            if (subscribers_.size() < 12) subscribe();
            break;
        case 4:
            if (!subscribers_.empty()) unsubscribe(below(subscribers_.size()));
            break;
        case 5:
            if (!subscribers_.empty()) feed(*subscribers_[below(subscribers_.size())]);
            break;
        case 6:
            if (below(10) == 0) miss();
            break;
        default:
            if (sweep_.busy()) visit();
        }
    }

    void publish() {
        log_.push_back(end_);
        // A read may see the record before the shard is told of it.
        if (!subscribers_.empty() && below(4) == 0) feed(*subscribers_[below(subscribers_.size())]);
        const offset at = end_;
        end_ += static_cast<offset>(below(3)) + 1;
        told_ = at + 1;
        if (!sweep_.empty()) sweep_.push({at});
    }

    void miss() {
        log_.push_back(end_);
        const offset at = end_++;
        told_ = end_;
        const offset first = sweep_.busy() ? std::min(at, sweep_.oldest().at) : at;
        sweep_.drop();
        for (subscriber* const one : sweep_) one->at.on_missed(first, at);
    }

    void subscribe() {
        auto added = std::make_unique<subscriber>();
        added->at.begin(told_, told_);
        added->since = told_;
        sweep_.add(*added);
        subscribers_.push_back(std::move(added));
    }

    void unsubscribe(std::size_t which) {
        sweep_.remove(*subscribers_[which]);
        subscribers_.erase(subscribers_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    void take(subscriber& who, offset at) {
        // Rule 5 of the cursor: once each, in order.
        REQUIRE((who.got.empty() || who.got.back() < at));
        who.got.push_back(at);
    }

    void visit() {
        sweep_.visit([&](subscriber& who, const record& one) {
            if (crowded_ && below(6) == 0) return false;
            if (who.at.on_live(one.at, [&] { return has_room(); }) == delivery::cursor::verdict::take) take(who, one.at);
            return true;
        });
    }

    void feed(subscriber& who) {
        if (!who.at.behind()) return;
        const std::size_t most = 1 + below(4);
        std::size_t found = 0;
        offset next = std::max(who.at.next(), log_.empty() ? told_ : std::max(told_, log_.back() + 1));
        bool all = true;
        for (const offset at : log_) {
            if (at < who.at.next()) continue;
            if (found++ == most) {
                next = at;
                break;
            }
            const auto verdict = who.at.on_read(at, [&] { return has_room(); });
            if (verdict == delivery::cursor::verdict::no_room) {
                all = false;
                break;
            }
            if (verdict == delivery::cursor::verdict::take) take(who, at);
        }
        if (all) who.at.end_read(next, told_);
    }

    void check_complete(const subscriber& who) {
        std::vector<offset> wanted;
        for (const offset at : log_) {
            if (at >= who.since) wanted.push_back(at);
        }
        REQUIRE(who.got == wanted);
    }

    std::mt19937_64 random_;
    std::vector<offset> log_;
    offset end_ = 0;
    offset told_ = 0;
    bool crowded_ = true;
    delivery::sweep<subscriber, record> sweep_;
    std::vector<std::unique_ptr<subscriber>> subscribers_;
};

} // namespace

TEST_CASE(
    "whoever comes, goes, falls behind and catches up while records are handed out piece by piece, everybody gets each once in order") {
    for (std::uint64_t seed = 0; seed != 3000; ++seed) {
        CAPTURE(seed);
        model(seed).run(200);
    }
}
