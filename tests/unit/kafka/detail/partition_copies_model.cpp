// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/detail/partition_copies.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

using namespace stompchat;
using namespace stompchat::kafka;

/*  A partition with publishers that publish a message more than once: an answer was lost, a producer broke and its old connection still
    delivers, a node froze and goes on long after another one has taken over. The readers begin anywhere and remember little. Each of them
    must find, record by record, what the rule says when it is applied to the whole log.  */

namespace {

struct record {
    offset at;
    record_id id;
    offset base;
};

class log_model {
public:
    explicit log_model(std::uint32_t seed) : random_(seed) { fill(); }

    const std::vector<record>& records() const { return records_; }
    /// Every reader must find what this says; -1 = the record is the message.
    offset first_copy(const record& of) const {
        for (const record& one : records_)
            if (one.id == of.id && one.at >= of.base && one.at < of.at) return one.at;
        return -1;
    }

    std::size_t draw(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

private:
    struct pending {
        record what;
        std::size_t steps; // until it reaches the log
    };

    void fill() {
        std::vector<std::uint64_t> sequences(3 + draw(4));
        std::vector<offset> known(sequences.size());
        std::vector<record> taken;
        std::vector<pending> on_the_way;
        for (int step = 0; step != 400; ++step) {
            const std::size_t who = draw(sequences.size());
            // How far it has read: mostly all, some lag, and some have been frozen since.
            if (draw(20) != 0) known[who] = std::max<offset>(known[who], next_ - static_cast<offset>(draw(4)));
            if (!taken.empty() && draw(4) == 0) {
                // Somebody publishes a copy, of something recent or of something old.
                const std::size_t back = draw(5) == 0 ? draw(taken.size()) : draw(std::min<std::size_t>(taken.size(), 8));
                on_the_way.push_back({taken[taken.size() - 1 - back], draw(60)});
            } else {
                const record one{0, {100 + who, ++sequences[who]}, known[who]};
                taken.push_back(one);
                // Of some nobody knows whether they will come: they are late, or stay away.
                if (draw(10) != 0) on_the_way.push_back({one, draw(3) == 0 ? draw(100) : 0});
            }
            if (draw(10) == 0) append({0, {}, -1}); // another writer's
            deliver(on_the_way);
        }
    }
    void deliver(std::vector<pending>& on_the_way) {
        for (std::size_t i = 0; i != on_the_way.size();) {
            if (on_the_way[i].steps-- != 0) {
                ++i;
                continue;
            }
            append(on_the_way[i].what);
            on_the_way.erase(on_the_way.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    void append(record one) {
        one.at = next_;
        next_ += 1 + static_cast<offset>(draw(2));
        records_.push_back(one);
    }

    std::mt19937 random_;
    offset next_ = 0;
    std::vector<record> records_;
};

struct reader_model {
    const log_model& log;
    partition_copies subject;
    std::size_t most;
    std::size_t looked_back_times = 0;

    void look_back_for(const record& one) {
        ++looked_back_times;
        looked_back found(subject.needed(one.id, one.base), most);
        for (const record& other : log.records()) found.note(other.id, other.at);
        subject.learn(found);
    }
    partition_copies::judgement judge(const record& one) {
        auto judged = subject.judge(one.id, one.base, one.at);
        if (judged.what != partition_copies::verdict::unknown) return judged;
        look_back_for(one);
        judged = subject.judge(one.id, one.base, one.at);
        REQUIRE_MESSAGE(judged.what != partition_copies::verdict::unknown, "one look back must be enough");
        return judged;
    }
    void expect(const record& one, const partition_copies::judgement& judged) const {
        const offset first = log.first_copy(one);
        REQUIRE((judged.what == partition_copies::verdict::copy) == (first >= 0));
        if (first >= 0) REQUIRE(judged.first == first);
    }
};

std::size_t run(std::uint32_t seed) {
    log_model log(seed);
    partition_copies::limits bounds;
    bounds.ids = 1 + log.draw(40);
    bounds.publishers = 1 + log.draw(5);
    bounds.looked_back = 1 + log.draw(3);
    bounds.ids_looked_back = 1 + log.draw(20);
    reader_model reader{log, partition_copies(bounds), bounds.ids_looked_back};
    const std::size_t begin = log.draw(log.records().size());
    reader.subject.begin(log.records()[begin].at);
    std::size_t copies_found = 0;
    for (std::size_t i = begin; i != log.records().size(); ++i) {
        const record& one = log.records()[i];
        const auto judged = reader.judge(one);
        if (one.id.incarnation != 0) reader.expect(one, judged);
        copies_found += judged.what == partition_copies::verdict::copy;
        reader.subject.note(one.id, one.at);
        REQUIRE(reader.subject.size() <= bounds.ids + bounds.publishers + bounds.looked_back * bounds.ids_looked_back);
        // Whoever published an earlier one asks for its first copy.
        if (log.draw(5) == 0) {
            const record& earlier = log.records()[begin + log.draw(i - begin + 1)];
            if (earlier.id.incarnation != 0) reader.expect(earlier, reader.judge(earlier));
        }
    }
    return copies_found;
}

} // namespace

TEST_CASE("every reader finds the same copies, wherever it begins and however little it remembers") {
    std::size_t copies_found = 0;
    for (std::uint32_t seed = 0; seed != 1'000; ++seed) {
        CAPTURE(seed);
        copies_found += run(seed);
    }
    CHECK(copies_found > 10'000);
}

TEST_CASE("a publisher whose results come in time is never looked back for") {
    partition_copies reader;
    reader.begin(0);
    for (std::uint64_t i = 0; i != 100'000; ++i) {
        const record_id id{i % 50, i};
        const auto at = static_cast<offset>(i);
        REQUIRE(reader.judge(id, std::max<offset>(at - 200, 0), at).what == partition_copies::verdict::first);
        reader.note(id, at);
    }
}
