// Boost Software License 1.0, see LICENSE

// A model of everything that stands around cursors: a log of one partition that grows, with holes; a reader that hands records
// to a shard through a queue that may have no room; a shard that takes them; reads that see the log as it was and come back late; sessions
// that have room or not. Each cursor must end with exactly the records of its destination behind where it began, in order, once.

#include <stompchat/delivery/cursor.hpp>
#include <support/seed.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <utility>
#include <vector>

using stompchat::offset;
using stompchat::delivery::cursor;

namespace {

constexpr int destinations = 3;

struct record {
    offset at;
    int destination;
};

struct subscriber {
    cursor where;
    int destination = 0;
    bool waits = false;           // for the answer to its registration
    offset from = -1;             // the first offset it must get
    std::optional<offset> resume; // where it wants to begin
    int room = 0;
    std::vector<offset> got;
};

struct event {
    enum {
        record,
        missed,
        answer
    } what;
    int destination;
    offset at;
    offset first;
};

struct pending_read {
    std::size_t whom;
    std::vector<offset> found;
    offset next;
};

class world {
public:
    explicit world(std::uint32_t seed) : random_(seed) {}

    void run(int steps) {
        for (int i = 0; i != steps; ++i) step();
        settle();
        check();
    }

private:
    std::uint32_t up_to(std::uint32_t n) { return random_() % n; }

    void step() {
        switch (up_to(11)) {
        case 0:
        case 1:
        case 2: publish(); break;
        case 3:
        case 4: reader_turn(); break;
        case 5:
        case 6: shard_turn(); break;
        case 7:
            if (all_.size() < 12) subscribe();
            break;
        case 8:
            if (!all_.empty()) all_[up_to(static_cast<std::uint32_t>(all_.size()))].room = static_cast<int>(up_to(6));
            break;
        case 9: begin_read(); break;
        case 10: finish_read(); break;
        }
    }

    void publish() {
        end_ += 1 + static_cast<offset>(up_to(3) == 0 ? up_to(4) : 0);
        log_.push_back({end_ - 1, static_cast<int>(up_to(destinations))});
    }

    // The reader hands on what is new, in a batch with room for a few; what does not fit is told behind the batch, once per destination.
    void reader_turn() {
        std::uint32_t batch = up_to(6);
        std::uint32_t fits = up_to(2) == 0 ? up_to(4) : 100;
        std::vector<event> missed;
        for (; batch != 0 && read_to_index_ != log_.size(); --batch, ++read_to_index_) {
            const record& one = log_[read_to_index_];
            read_to_ = one.at + 1;
            if (!registered_[one.destination]) continue;
            if (fits != 0) {
                --fits;
                inbox_.push_back({event::record, one.destination, one.at, 0});
                continue;
            }
            const auto known = std::find_if(missed.begin(), missed.end(), [&](const event& e) { return e.destination == one.destination; });
            if (known != missed.end())
                known->at = one.at;
            else
                missed.push_back({event::missed, one.destination, one.at, one.at});
        }
        inbox_.insert(inbox_.end(), missed.begin(), missed.end());
    }

    // A batch is taken whole: nothing else happens in the shard meanwhile.
    void shard_turn() {
        for (; !inbox_.empty(); inbox_.pop_front()) {
            const event& one = inbox_.front();
            told_ = std::max(told_, one.what == event::answer ? one.at : one.at + 1);
            if (one.what == event::answer) live_[one.destination] = true;
            for (subscriber& s : all_) {
                if (s.destination == one.destination) show(s, one);
            }
        }
    }

    void show(subscriber& s, const event& one) {
        switch (one.what) {
        case event::record:
            if (s.where.on_live(one.at, [&] { return s.room > 0; }) == cursor::verdict::take) deliver(s, one.at);
            break;
        case event::missed:
            // It must not ask the log for what it had: the log may not reach back so far.
            if (s.where.on_missed(one.first, one.at)) CHECK(s.where.next() >= one.first);
            break;
        case event::answer:
            if (s.waits) begin(s);
            break;
        }
    }

    void begin(subscriber& s) {
        s.waits = false;
        s.from = s.resume.value_or(told_);
        s.where.begin(s.from, told_);
    }

    static void deliver(subscriber& s, offset at) {
        s.got.push_back(at);
        --s.room;
    }

    void subscribe() {
        subscriber s;
        s.destination = static_cast<int>(up_to(destinations));
        s.room = static_cast<int>(up_to(4));
        // Some come back with a position: an old one, or one that a faster reader has told them.
        if (up_to(3) == 0) s.resume = static_cast<offset>(up_to(static_cast<std::uint32_t>(end_ + 1)));
        if (live_[s.destination]) {
            begin(s);
        } else {
            s.waits = true;
            // The first one registers; the reader answers in order with the records.
            if (!std::exchange(registered_[s.destination], true)) inbox_.push_back({event::answer, s.destination, read_to_, 0});
        }
        all_.push_back(std::move(s));
    }

    void begin_read() {
        if (all_.empty()) return;
        const std::size_t whom = up_to(static_cast<std::uint32_t>(all_.size()));
        const subscriber& s = all_[whom];
        // Several reads of one cursor may be under way, and end in any order.
        if (!s.where.behind() || s.room == 0) return;
        reads_.push_back(read(whom, 1 + up_to(3), up_to(4) == 0));
    }

    // `lagging`: the log's end as a new leader tells it may be below what was seen before.
    pending_read read(std::size_t whom, std::size_t most, bool lagging) {
        const subscriber& s = all_[whom];
        const offset from = s.where.next();
        const offset end = lagging ? std::max<offset>(from, end_ - static_cast<offset>(up_to(5))) : end_;
        pending_read result{whom, {}, std::max(from, end)};
        for (const record& one : log_) {
            if (one.at < from || one.at >= end || one.destination != s.destination) continue;
            if (result.found.size() == most) {
                result.next = one.at;
                break;
            }
            result.found.push_back(one.at);
        }
        return result;
    }

    void finish_read() {
        if (reads_.empty()) return;
        const std::size_t which = up_to(static_cast<std::uint32_t>(reads_.size()));
        const pending_read done = std::move(reads_[which]);
        reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(which));
        finish(done);
    }

    void finish(const pending_read& done) {
        subscriber& s = all_[done.whom];
        for (const offset at : done.found) {
            const auto verdict = s.where.on_read(at, [&] { return s.room > 0; });
            if (verdict == cursor::verdict::no_room) return;
            if (verdict == cursor::verdict::take) deliver(s, at);
        }
        s.where.end_read(done.next, told_);
    }

    void settle() {
        for (subscriber& s : all_) s.room = 1'000'000;
        while (read_to_index_ != log_.size()) {
            reader_turn();
            shard_turn();
        }
        shard_turn();
        for (const pending_read& r : std::exchange(reads_, {})) finish(r);
        for (std::size_t i = 0; i != all_.size(); ++i) {
            for (int reads = 0; all_[i].where.behind(); ++reads) {
                REQUIRE(reads < 10'000);
                finish(read(i, 1 + up_to(50), false));
            }
        }
    }

    void check() const {
        for (const subscriber& s : all_) {
            REQUIRE(s.where.live());
            std::vector<offset> expected;
            for (const record& one : log_) {
                if (one.destination == s.destination && one.at >= s.from) expected.push_back(one.at);
            }
            CHECK(s.got == expected);
        }
    }

    std::mt19937 random_;
    std::vector<record> log_;
    offset end_ = 0;
    offset read_to_ = 0;
    std::size_t read_to_index_ = 0;
    offset told_ = 0;
    bool registered_[destinations] = {};
    bool live_[destinations] = {};
    std::deque<event> inbox_;
    std::vector<subscriber> all_;
    std::vector<pending_read> reads_;
};

} // namespace

TEST_CASE("every cursor gets exactly what stands behind its beginning, whatever happens in between") {
    stompchat_test::for_each_seed(1500, [](std::uint32_t seed) {
        CAPTURE(seed);
        world(seed).run(400);
    });
}

TEST_CASE("the same holds for long runs") {
    stompchat_test::for_each_seed(10, [](std::uint32_t seed) {
        CAPTURE(seed);
        world(seed + 1'000'000).run(20'000);
    });
}
