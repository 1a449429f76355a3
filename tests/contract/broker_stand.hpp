// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CONTRACT_BROKER_STAND_HPP
#define STOMPCHAT_TESTS_CONTRACT_BROKER_STAND_HPP

#include "broker_contract.hpp"

#include <doctest/doctest.h>
#include <support/run_until.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace contract {

using namespace stompchat;

/** A sink as the port describes the receiver: it drops what is below the last `next`, and remembers the rest. It checks every rule that a
    single call can break. */
class recording_sink final : public broker::sink {
public:
    void on_records(std::span<const record_view> records, const position& reached) override {
        const inside in(*this);
        const partition from = reached.partition;
        const offset next = reached.offset;
        const bool another = next_.contains(from) && epochs_[from] != reached.epoch;
        if (!next_.contains(from) || another) {
            CHECK_MESSAGE(records.empty(), "delivery must begin with a call that tells where");
            CHECK_MESSAGE((!another || new_log_), "the log is another one");
            // Offsets grow within an epoch.
            next_[from] = 0;
            epochs_[from] = reached.epoch;
        }
        offset& below = next_[from];
        CHECK(next >= below);
        offset last = -1;
        for (const record_view& one : records) {
            CHECK(one.at.partition == from);
            CHECK(one.at.epoch == reached.epoch);
            CHECK(one.at.offset > last);
            CHECK(one.at.offset < next);
            last = one.at.offset;
            if (one.at.offset < below) {
                ++repeated;
                continue;
            }
            records_.emplace_back(one);
        }
        below = next;
        ++calls;
        if (on_records_hook) on_records_hook(records);
    }
    void on_published(std::span<const publish_result> results) override {
        const inside in(*this);
        CHECK(!results.empty());
        for (const publish_result& one : results) {
            CHECK_MESSAGE(results_.emplace(one.ticket, one).second, "ticket ", one.ticket, " came twice");
            tickets.push_back(one.ticket);
        }
        ++calls;
    }
    void on_ephemeral(std::span<const record_view> records) override {
        const inside in(*this);
        for (const record_view& one : records) ephemeral.emplace_back(one);
        ++calls;
    }
    void on_state(broker_state state) override {
        const inside in(*this);
        states.push_back(state);
        ++calls;
    }

    const std::vector<message>& records() const { return records_; }
    std::vector<message> records_of(std::string_view destination) const {
        std::vector<message> some;
        std::copy_if(records_.begin(), records_.end(), std::back_inserter(some),
                     [&](const message& one) { return one.view().destination == destination; });
        return some;
    }
    const std::map<std::uint64_t, publish_result>& results() const { return results_; }
    bool begun(partition of) const { return next_.contains(of); }
    offset next(partition of) const { return next_.at(of); }
    bool is(broker_state state) const { return !states.empty() && states.back() == state; }
    void expect_new_log() { new_log_ = true; }
    void forget(partition of) { next_.erase(of); }

    std::vector<broker_state> states;
    std::vector<message> ephemeral;
    std::vector<std::uint64_t> tickets;
    std::size_t repeated = 0;
    std::size_t calls = 0;
    std::thread::id thread = std::this_thread::get_id();
    std::atomic<bool> calling_broker{false};
    std::function<void(std::span<const record_view>)> on_records_hook;

private:
    class inside {
    public:
        explicit inside(recording_sink& of) : sink_(of) {
            CHECK_MESSAGE(std::this_thread::get_id() == sink_.thread, "the sink was called on a foreign thread");
            CHECK_MESSAGE(!sink_.calling_broker, "the sink was called from inside a function of the broker");
            CHECK_MESSAGE(++sink_.depth_ == 1, "the sink was called from inside a call");
        }
        ~inside() { --sink_.depth_; }

    private:
        recording_sink& sink_;
    };

    std::map<partition, offset> next_;
    std::map<partition, std::uint64_t> epochs_;
    std::vector<message> records_;
    std::map<std::uint64_t, publish_result> results_;
    bool new_log_ = false;
    int depth_ = 0;
};

/** A broker with all that a case needs around it. The thread of the test runs the context. */
class broker_stand {
public:
    explicit broker_stand(const make_broker& make) : subject(make(context)), broker(subject->broker()) {}
    ~broker_stand() {
        // A broker over a network must not die with work in hand.
        stop(std::chrono::milliseconds(0));
    }

    void start() {
        call([&] { broker.start(sink); });
        REQUIRE(run_until([&] { return sink.is(broker_state::ready); }));
        for (partition p = 0; p != broker.partitions(); ++p) REQUIRE(run_until([&] { return sink.begun(p); }));
    }

    /// Publishes a message; its body is its ticket as text.
    std::uint64_t publish(std::string_view destination, std::string_view body, std::int64_t timestamp = 1'000) {
        const outgoing one{++last_ticket, destination, "alice", timestamp, {}, body};
        call([&] { broker.publish({&one, 1}); });
        return one.ticket;
    }

    /// Publishes a message under a ticket of its own.
    std::uint64_t publish(outgoing one) {
        one.ticket = ++last_ticket;
        call([&] { broker.publish({&one, 1}); });
        return one.ticket;
    }

    /// Publishes `count` messages with the bodies "0", "1", ... and waits until they were shown and reported.
    void publish_and_wait(std::string_view destination, int count, std::int64_t first_timestamp = 1'000) {
        const std::size_t before = sink.records().size();
        const std::size_t results = sink.results().size();
        for (int i = 0; i != count; ++i) publish(destination, std::to_string(i), first_timestamp + i);
        REQUIRE(run_until([&] {
            return sink.records().size() == before + static_cast<std::size_t>(count)
                   && sink.results().size() == results + static_cast<std::size_t>(count);
        }));
    }

    struct read_outcome {
        error_code error;
        read_result result;
    };
    read_outcome read(std::string destination, position from, read_bounds bounds = {}) {
        std::optional<read_outcome> outcome;
        call([&] {
            broker.async_read(std::move(destination), from, bounds, [&](error_code failure, read_result result) {
                CHECK_MESSAGE(!outcome, "a read completed twice");
                outcome = read_outcome{failure, std::move(result)};
            });
        });
        CHECK_MESSAGE(!outcome, "a read completed inside its initiation");
        REQUIRE(run_until([&] { return outcome.has_value(); }));
        return std::move(*outcome);
    }

    /// Reads to the end in as many reads as it takes.
    std::vector<message> read_all(const std::string& destination, position from, const read_bounds& bounds) {
        std::vector<message> all;
        for (;;) {
            read_outcome part = read(destination, from, bounds);
            REQUIRE(!part.error);
            REQUIRE(part.result.status != read_status::lost);
            CHECK(part.result.messages.size() <= std::max<std::size_t>(bounds.messages, 1));
            std::move(part.result.messages.begin(), part.result.messages.end(), std::back_inserter(all));
            if (part.result.status == read_status::complete) return all;
            REQUIRE_MESSAGE(part.result.next.offset > from.offset, "a read that is not complete must get on");
            from = part.result.next;
        }
    }

    std::optional<position> end(partition of) {
        std::optional<error_code> failure;
        position at;
        call([&] {
            broker.async_end(of, [&](error_code code, position end) {
                failure = code;
                at = end;
            });
        });
        CHECK_MESSAGE(!failure, "async_end completed inside its initiation");
        REQUIRE(run_until([&] { return failure.has_value(); }));
        if (*failure) return {};
        return at;
    }

    void stop(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
        bool stopped = false;
        call([&] {
            broker.async_stop(patience, [&](error_code failure) {
                CHECK(!failure);
                stopped = true;
            });
        });
        CHECK_MESSAGE(!stopped, "async_stop completed inside its initiation");
        CHECK(run_until([&] { return stopped; }));
    }

    template <class Condition>
    bool run_until(Condition reached) {
        return support::run_until(context, reached);
    }

    /// A destination that lives on that partition.
    std::string destination_on(partition of, int nth = 0) const {
        for (int i = 0;; ++i) {
            std::string name = "/topic/room-" + std::to_string(i);
            if (partition_of(name, broker.partitions()) == of && nth-- == 0) return name;
        }
    }

    boost::asio::io_context context;
    std::unique_ptr<broker_subject> subject;
    stompchat::broker& broker;
    recording_sink sink;
    std::uint64_t last_ticket = 0;

private:
    template <class Function>
    void call(Function function) {
        sink.calling_broker = true;
        function();
        sink.calling_broker = false;
    }
};

inline std::vector<std::string> bodies(const std::vector<message>& of) {
    std::vector<std::string> all;
    for (const message& one : of) all.emplace_back(one.view().body);
    return all;
}

inline std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> all;
    for (int i = from; i != to; ++i) all.push_back(std::to_string(i));
    return all;
}

} // namespace contract

#endif
