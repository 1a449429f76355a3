// Boost Software License 1.0, see LICENSE

// A model of durable subscriptions: a store that loses requests and replies and carries requests out late; holders that take over from each
// other while the older ones go on as if they were frozen or had not heard of it; clients that acknowledge in any order or refuse. What the
// position may pass is known to the model by itself, message by message.

#include <stompchat/delivery/durable_position.hpp>
#include <support/seed.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace stompchat;
using stompchat::delivery::durable_position;
using outcome = durable_position::outcome;
using std::chrono::milliseconds;
using value = durable_position::value;

namespace {

constexpr std::uint32_t check = 0x1f;
const delivery::durable_timing timing{milliseconds(1000), milliseconds(5000)};

enum class state {
    delivered,
    settled,
    refused
};

/// One subscription and its client.
struct holder {
    holder(std::string as, bool all_at_once) : name(std::move(as)), at(name, check, timing), cumulative(all_at_once) {}

    std::string name;
    durable_position at;
    bool cumulative;
    bool held = false;
    bool lost = false;
    offset begins = 0;
    offset next = 0;
    std::map<offset, state> messages;
    std::set<offset> window;
    std::optional<durable_position::time_point> unwritten_since;
    std::optional<durable_position::time_point> last_write;

    std::optional<offset> oldest() const { return window.empty() ? std::nullopt : std::optional(*window.begin()); }
    /// What the next one has to get, as the model knows it.
    offset expected() const {
        for (const auto& [o, s] : messages)
            if (s != state::settled) return o;
        return next;
    }
};

class world {
public:
    explicit world(std::uint32_t seed) : random_(seed) {}

    void run() {
        for (int step = 0; step != 3000; ++step) {
            now_ += milliseconds(pick(120));
            switch (pick(12)) {
            case 0: log_.push_back((log_.empty() ? 0 : log_.back()) + 1 + pick(3)); break;
            case 1:
                if (pick(15) == 0) take_over();
                break;
            case 2: healthy_ = pick(4) != 0; break;
            case 3: carry_out_late(); break;
            default:
                for (const auto& one : holders_) act(*one);
            }
        }
        settle_down();
    }

    std::size_t writes = 0;
    std::size_t take_overs = 0;
    std::size_t late = 0;
    std::size_t recognised = 0;

private:
    int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
    position at(offset o) const { return {1, 0, o}; }
    holder* current() { return holders_.empty() ? nullptr : holders_.back().get(); }

    static std::string holder_in(const value& v) { return v ? v->substr(0, v->find(' ')) : std::string(); }
    static offset position_in(const value& v) { return parse_token(v->substr(v->find(' ') + 1))->at.offset + 1; }

    /// The store's side of a compare-and-set.
    bool apply(const durable_position::write& what, value& found) {
        found = stored_;
        if (stored_ != what.expected) return false;
        const std::string by = holder_in(what.desired);
        // Rule 2: only a claim changes the holder, and it keeps the position.
        if (stored_ && by != holder_in(stored_)) CHECK(position_in(what.desired) == position_in(stored_));
        for (const auto& one : holders_) {
            if (one->name != by) continue;
            // Nothing that has to come again lies below the position.
            CHECK(position_in(what.desired) <= one->expected());
            CHECK(one.get() == current());
        }
        stored_ = what.desired;
        ++writes;
        return true;
    }

    void take_over() {
        ++take_overs;
        auto one = std::make_unique<holder>("h" + std::to_string(take_overs) + "-0-1", pick(2) == 0);
        value found = stored_;
        const offset start = log_.empty() ? 0 : log_.back() + 1;
        for (;;) {
            // Somebody else writes between the look and the claim.
            if (current() != nullptr && pick(3) == 0) act(*current());
            const auto what = one->at.claim(found, at(start));
            value stood;
            const bool swapped = apply(what, stood);
            if (one->at.on_claimed(swapped, stood, now_) == outcome::done) break;
            found = stood;
        }
        if (one->at.resumed()) CHECK(one->at.written().offset == position_in(stored_));
        one->held = true;
        one->begins = one->next = one->at.written().offset;
        one->last_write = now_;
        holders_.push_back(std::move(one));
        if (holders_.size() > 4) holders_.erase(holders_.begin());
    }

    void act(holder& one) {
        if (one.lost) return;
        switch (pick(5)) {
        case 0: deliver(one); break;
        case 1: answer(one, false); break;
        case 2:
            if (pick(10) == 0) answer(one, true);
            break;
        default: break;
        }
        if (now_ >= one.at.due() && !one.lost) write(one);
    }

    void deliver(holder& one) {
        const auto found = std::lower_bound(log_.begin(), log_.end(), one.next);
        if (found == log_.end()) {
            // Everything below the log's end was handed out.
            if (!log_.empty()) one.next = log_.back() + 1;
            return;
        }
        one.messages[*found] = state::delivered;
        one.window.insert(*found);
        one.next = *found + 1;
        one.at.touch();
    }

    void answer(holder& one, bool nack) {
        if (one.window.empty()) return;
        const offset which = *std::next(one.window.begin(), pick(static_cast<int>(one.window.size())));
        const offset first = one.cumulative ? *one.window.begin() : which;
        std::erase_if(one.window, [&](offset o) {
            if (one.cumulative ? o > which : o != which) return false;
            one.messages[o] = nack ? state::refused : state::settled;
            return true;
        });
        if (nack) one.at.hold(first);
        one.at.touch();
        if (!one.unwritten_since) one.unwritten_since = now_;
    }

    void write(holder& one) {
        if (!again_ && one.last_write) CHECK(now_ - *one.last_write >= timing.interval);
        one.last_write = now_;
        const offset expected = one.expected();
        const position first = one.at.first(at(one.next), one.oldest());
        CHECK(first.offset == expected);
        const auto what = one.at.begin(first, now_);
        CHECK(one.at.due() == durable_position::time_point::max());
        if (!healthy_) {
            switch (pick(3)) {
            case 0: break; // the request is lost
            case 1: late_.push_back(what); break;
            default: { // the reply is lost
                value found;
                apply(what, found);
            }
            }
            return one.at.on_failed();
        }
        value found;
        const bool swapped = apply(what, found);
        const bool mine = !swapped && holder_in(found) == one.name;
        switch (one.at.on_written(swapped, found)) {
        case outcome::done:
            one.unwritten_since.reset();
            if (!swapped) ++recognised;
            break;
        case outcome::lost:
            CHECK(&one != current());
            CHECK_FALSE(mine);
            one.lost = true;
            break;
        case outcome::again:
            CHECK((mine || !found));
            again_ = true;
            write(one);
            again_ = false;
        }
    }

    void carry_out_late() {
        if (late_.empty()) return;
        const auto which = late_.begin() + pick(static_cast<int>(late_.size()));
        value found;
        if (apply(*which, found)) ++late;
        late_.erase(which);
    }

    void settle_down() {
        healthy_ = true;
        while (!late_.empty()) carry_out_late();
        holder* const last = current();
        if (last == nullptr) return;
        // One interval of rest, and the store says exactly what the model does; by then every other one knows that it lost.
        now_ += timing.idle;
        for (const auto& one : holders_)
            if (!one->lost) write(*one);
        CHECK(position_in(stored_) == last->expected());
        CHECK(holder_in(stored_) == last->name);
        for (const auto& one : holders_) CHECK(one->lost == (one.get() != last));
    }

    std::mt19937 random_;
    durable_position::time_point now_{};
    std::vector<offset> log_;
    value stored_;
    bool healthy_ = true;
    bool again_ = false;
    std::vector<std::unique_ptr<holder>> holders_;
    std::deque<durable_position::write> late_;
};

} // namespace

TEST_CASE("whatever the store and the holders do, the position passes nothing that was not acknowledged, and only its holder moves it") {
    std::size_t writes = 0;
    std::size_t take_overs = 0;
    std::size_t late = 0;
    std::size_t recognised = 0;
    stompchat_test::for_each_seed(300, [&](std::uint32_t seed) {
        CAPTURE(seed);
        world one(seed);
        one.run();
        writes += one.writes;
        take_overs += one.take_overs;
        late += one.late;
        recognised += one.recognised;
    });
    // The model is of use only as long as all of this happens in it.
    CHECK(writes > 1'000);
    CHECK(take_overs > 100);
    CHECK(late > 10);
    CHECK(recognised > 0);
}
