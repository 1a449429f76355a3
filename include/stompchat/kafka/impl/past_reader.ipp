// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_PAST_READER_IPP
#define STOMPCHAT_KAFKA_IMPL_PAST_READER_IPP

#include <stompchat/kafka/detail/past_reader.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {
namespace detail {

/// How often something is tried before who waits for it is told that it failed.
inline constexpr int most_read_failures = 3;

/// How far apart the beginnings of reads may be that share a pass: one that is far behind must not keep the others waiting.
inline constexpr offset most_apart = 8 * 1024;
inline constexpr std::size_t most_reads_in_pass = 4 * 1024;

/// How much the clocks of nodes and brokers may differ.
inline constexpr std::chrono::minutes clock_slack{5};

/// Shows all records.
class whole_pass final : public pass {
public:
    explicit whole_pass(std::function<void(const raw_record&)> show) : show_(std::move(show)) {}
    void begin_at(const partition_range& range) {
        position_ = range.begin;
        end_ = range.end;
    }
    step begin() override { return position_ < end_ ? step::seek : step::done; }
    step on_record(const raw_record& record, std::size_t /*size*/) override {
        if (record.at.offset >= end_) return step::done;
        position_ = record.at.offset + 1;
        show_(record);
        return position_ < end_ ? step::go_on : step::done;
    }
    step on_end(offset at) override {
        position_ = std::max(position_, at);
        return position_ < end_ ? step::go_on : step::done;
    }
    offset position() const noexcept override { return position_; }

private:
    std::function<void(const raw_record&)> show_;
    offset position_ = 0;
    offset end_ = 0;
};

} // namespace detail

struct past_reader::small_topic {
    small_topic(const environment_ptr& environment, const handle& consumer, const std::string& name,
                std::function<void(const raw_record&)> show, records_read then)
        : what(std::move(show)), done(std::move(then)), topic(std::make_shared<consumed_topic>(consumer, name)),
          questions(std::make_shared<offset_questions>(environment, topic)) {}

    detail::whole_pass what;
    records_read done;
    consumed_topic_ptr topic;
    std::shared_ptr<offset_questions> questions;
    std::shared_ptr<pass_run> run;
};

STOMPCHAT_DECL past_reader::~past_reader() = default;

STOMPCHAT_DECL bool past_reader::open() {
    if (consumer_ || stopping_) return !stopping_;
    const handle::settings special = {
        // The last fetch of a pass waits at the end of the log, and what is asked next waits behind it on the same connection.
        {"fetch.wait.max.ms", "1"},
        {"fetch.error.backoff.ms", "50"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},
        {"enable.auto.commit", "false"},
        {"auto.commit.enable", "false"},
        {"isolation.level", "read_uncommitted"},
        // Where either is reached, librdkafka 2.0.2 fetches nothing for a whole second. What is fetched is taken at once.
        {"queued.min.messages", "100000"},
        {"queued.max.messages.kbytes", "16384"},
    };
    auto made = handle::make(environment_, handle::kind::consumer, special);
    if (!made) {
        environment_->log(severity::error, fmt::format("Kafka: the log cannot be read back: {}", made.error().text));
        return false;
    }
    consumer_ = *made;
    consumer_->watch_events([](rd_kafka_op_s*) {});
    topic_ = std::make_shared<consumed_topic>(*consumer_, environment_->options.topic);
    questions_ = std::make_shared<offset_questions>(environment_, topic_);
    return true;
}

STOMPCHAT_DECL void past_reader::start(log_epoch epoch) {
    epoch_ = std::move(epoch);
    if (!open()) return;
    // The first question connects to all brokers, before anybody waits for an answer.
    ends([](error_code, const std::vector<offset>&) {});
}

STOMPCHAT_DECL void past_reader::set_available(bool available) {
    available_ = available;
    if (!available) fail_all(error::broker_unavailable);
}

STOMPCHAT_DECL error_code past_reader::refusal() const {
    if (stopping_) return error::stopped;
    if (!available_ || !topic_) return error::broker_unavailable;
    return {};
}

STOMPCHAT_DECL void past_reader::read(std::string destination, position from, read_bounds bounds, read_done done) {
    if (const error_code refused = refusal()) return done(refused, {});
    const partition of = partition_of(destination, environment_->options.partitions);
    work_[of].reads.emplace_back(std::move(destination), from, bounds, std::move(done));
    add_work(of);
}

STOMPCHAT_DECL void past_reader::end(partition of, end_done done) {
    if (const error_code refused = refusal()) return done(refused, {});
    const auto waiting = std::make_shared<end_done>(std::move(done));
    ends_.insert(waiting);
    questions_->ask(of, false, {}, [self = shared_from_this(), of, waiting](error_code failure, const offset_questions::answer& found) {
        if (self->ends_.erase(waiting) == 0) return;
        if (failure) return (*waiting)(failure, {});
        (*waiting)({}, {self->epoch_.value, of, found.range.end});
    });
}

STOMPCHAT_DECL void past_reader::look_back(partition of, const kafka::look_back& range, std::function<void(error_code, looked_back)> done) {
    // Tried also while the broker is not available: it may be only because a partition stands still that waits for this.
    if (stopping_ || !topic_) {
        const error_code refused = stopping_ ? error::stopped : error::broker_unavailable;
        return asio::post(environment_->executor, [refused, range, done = std::move(done)] { done(refused, looked_back(range)); });
    }
    work_[of].look_backs.push_back({looked_back(range), std::move(done)});
    add_work(of);
}

STOMPCHAT_DECL void past_reader::first_copy(position at, record_id id, position base, std::function<void(error_code, offset)> done) {
    const kafka::look_back range{id.incarnation, id.sequence, epoch_.base_of(base), at.offset};
    look_back(at.partition, range, [at, done = std::move(done)](error_code failure, const looked_back& found) {
        done(failure, found.first().value_or(at.offset));
    });
}

STOMPCHAT_DECL void past_reader::add_work(partition of) {
    work& one = work_[of];
    if (one.queued || one.running) return;
    one.queued = true;
    ready_.push_back(of);
    // Behind this turn, so that what is asked for in one turn is answered by one pass.
    asio::post(environment_->executor, [self = shared_from_this()] { self->start_passes(); });
}

STOMPCHAT_DECL void past_reader::start_passes() {
    while (!ready_.empty() && running_ < most_passes && !stopping_) {
        const partition of = ready_.front();
        ready_.pop_front();
        work& one = work_[of];
        one.queued = false;
        if (one.reads.empty() && one.look_backs.empty()) continue;
        one.running = true;
        ++running_;
        start_pass(of);
    }
}

STOMPCHAT_DECL std::vector<waiting_read> past_reader::choose(work& from) const {
    const waiting_read& first = from.reads.front();
    const auto near = [&, at = first.from, young = first.bounds.not_before](const waiting_read& other) {
        if (other.from.epoch != at.epoch || std::abs(other.from.offset - at.offset) > detail::most_apart) return false;
        // Of a time it is not known yet where it is.
        return other.bounds.not_before.has_value() == young.has_value();
    };
    std::vector<waiting_read> chosen;
    std::deque<waiting_read> others;
    for (waiting_read& one : from.reads) {
        if (chosen.size() < detail::most_reads_in_pass && near(one))
            chosen.push_back(std::move(one));
        else
            others.push_back(std::move(one));
    }
    from.reads.swap(others);
    return chosen;
}

STOMPCHAT_DECL void past_reader::start_pass(partition of) {
    work& one = work_[of];
    ++environment_->count.physical_reads;
    if (!one.look_backs.empty()) {
        const auto all = std::make_shared<std::vector<waiting_look_back>>(std::move(one.look_backs));
        one.look_backs.clear();
        asked_look_backs_[of] = all;
        questions_->ask(of, true, {}, [self = shared_from_this(), of, all](error_code failure, const offset_questions::answer& found) {
            if (self->asked_look_backs_.erase(of) == 0) return self->partition_free(of);
            if (!failure) return self->run_look_backs(of, std::move(*all), found);
            self->again(of, std::move(*all));
            self->partition_free(of);
        });
        return;
    }
    const auto reads = std::make_shared<std::vector<waiting_read>>(choose(one));
    std::optional<std::int64_t> time;
    for (const waiting_read& read : *reads) {
        if (!read.bounds.not_before) continue;
        const auto since = std::chrono::floor<std::chrono::milliseconds>(*read.bounds.not_before - detail::clock_slack).time_since_epoch();
        time = std::min<std::int64_t>(since.count(), time.value_or(since.count()));
    }
    asked_reads_[of] = reads;
    questions_->ask(of, true, time, [self = shared_from_this(), of, reads](error_code failure, const offset_questions::answer& found) {
        if (self->asked_reads_.erase(of) == 0) return self->partition_free(of);
        if (!failure) return self->run_reads(of, std::move(*reads), found);
        self->again(of, std::move(*reads));
        self->partition_free(of);
    });
}

STOMPCHAT_DECL void past_reader::run_reads(partition of, std::vector<waiting_read> reads, const offset_questions::answer& found) {
    for (waiting_read& read : reads)
        if (read.bounds.not_before) read.young_from = found.at_time;
    running_pass made;
    made.reads =
        std::make_unique<read_pass>(epoch_, of, environment_->options.partitions, found.range, std::move(reads), read_pass::limits());
    run(of, std::move(made));
}

STOMPCHAT_DECL void past_reader::run_look_backs(partition of, std::vector<waiting_look_back> all, const offset_questions::answer& found) {
    running_pass made;
    made.look_backs = std::make_unique<look_back_pass>(found.range, environment_->options.partitions, std::move(all));
    run(of, std::move(made));
}

STOMPCHAT_DECL void past_reader::run(partition of, running_pass made) {
    made.run = std::make_shared<pass_run>(environment_, topic_, of, epoch_.value);
    pass& what = made.reads ? static_cast<pass&>(*made.reads) : *made.look_backs;
    const auto run = made.run;
    passes_[of] = std::move(made);
    ++runs_;
    run->start(
        what, [this, of](pass_run::outcome how) { told(of, how); },
        [self = shared_from_this(), of] {
            --self->runs_;
            self->partition_free(of);
            if (self->stopping_) self->close();
        });
}

STOMPCHAT_DECL void past_reader::told(partition of, pass_run::outcome how) {
    running_pass ended = std::move(passes_.at(of));
    passes_.erase(of);
    // Kept until nothing of it runs any more: it may be what calls.
    asio::post(environment_->executor, [run = std::move(ended.run)] {});
    if (how == pass_run::outcome::done) {
        if (ended.reads) {
            for (waiting_read& read : ended.reads->finish()) work_[of].reads.push_back(std::move(read));
        } else {
            for (waiting_look_back& one : ended.look_backs->all()) one.done({}, std::move(one.found));
        }
        return;
    }
    if (ended.reads)
        again(of, ended.reads->abandon());
    else
        again(of, std::move(ended.look_backs->all()));
}

STOMPCHAT_DECL void past_reader::again(partition of, std::vector<waiting_read> reads) {
    const error_code refused = refusal();
    for (waiting_read& read : reads) {
        if (refused || ++read.failures == detail::most_read_failures)
            read.done(refused ? refused : make_error_code(error::broker_unavailable), {});
        else
            work_[of].reads.push_back(std::move(read));
    }
}

STOMPCHAT_DECL void past_reader::again(partition of, std::vector<waiting_look_back> look_backs) {
    const error_code refused = refusal();
    for (waiting_look_back& one : look_backs) {
        // Anew: what was found may be found again.
        const kafka::look_back range = one.found.of();
        if (refused || ++one.failures == detail::most_read_failures)
            one.done(refused ? refused : make_error_code(error::broker_unavailable), looked_back(range));
        else
            work_[of].look_backs.push_back({looked_back(range), std::move(one.done), one.failures});
    }
}

STOMPCHAT_DECL void past_reader::partition_free(partition of) {
    work& one = work_[of];
    one.running = false;
    --running_;
    if (!one.reads.empty() || !one.look_backs.empty())
        add_work(of);
    else
        work_.erase(of);
    start_passes();
}

STOMPCHAT_DECL void past_reader::cluster_id(cluster_known done) {
    if (!open()) {
        return asio::post(environment_->executor, [done = std::move(done)] { done(error::broker_unavailable, {}); });
    }
    environment_->run_blocking(
        [topic = topic_] {
            constexpr int patience_ms = 3'000;
            std::string found;
            if (char* const id = rd_kafka_clusterid(topic->consumer(), patience_ms)) {
                found = id;
                rd_kafka_mem_free(topic->consumer(), id);
            }
            return found;
        },
        [self = shared_from_this(), done = std::move(done)](const std::string& id) {
            if (!self->stopping_) done(id.empty() ? make_error_code(error::broker_unavailable) : error_code(), id);
        });
}

STOMPCHAT_DECL void past_reader::ends(ends_known done) {
    if (!open()) {
        return asio::post(environment_->executor, [done = std::move(done)] { done(error::broker_unavailable, {}); });
    }
    struct gathered {
        std::vector<offset> ends;
        std::size_t left;
        error_code failure;
        ends_known done;
    };
    const std::uint32_t partitions = environment_->options.partitions;
    const auto all = std::make_shared<gathered>(gathered{std::vector<offset>(partitions), partitions, {}, std::move(done)});
    for (partition of = 0; of != partitions; ++of) {
        questions_->ask(of, false, {}, [all, of](error_code failure, const offset_questions::answer& found) {
            if (failure) all->failure = failure;
            all->ends[of] = found.range.end;
            if (--all->left == 0) all->done(all->failure, all->ends);
        });
    }
}

STOMPCHAT_DECL void past_reader::read_all(const std::string& topic, std::function<void(const raw_record&)> record, records_read done) {
    if (!open()) {
        return asio::post(environment_->executor, [done = std::move(done)] { done(error::broker_unavailable); });
    }
    const auto one = std::make_shared<small_topic>(environment_, *consumer_, topic, std::move(record), std::move(done));
    small_topics_.push_back(one);
    one->questions->ask(0, true, {}, [self = shared_from_this(), one](error_code failure, const offset_questions::answer& found) {
        if (failure) {
            std::erase(self->small_topics_, one);
            return one->done(failure);
        }
        one->what.begin_at(found.range);
        one->run = std::make_shared<pass_run>(self->environment_, one->topic, partition{0}, std::uint64_t{0});
        ++self->runs_;
        one->run->start(
            one->what,
            [self, one](pass_run::outcome how) {
                if (!self->stopping_) one->done(how == pass_run::outcome::done ? error_code() : error::broker_unavailable);
            },
            [self, one] {
                std::erase(self->small_topics_, one);
                one->run.reset();
                --self->runs_;
                if (self->stopping_) self->close();
            });
    });
}

STOMPCHAT_DECL void past_reader::fail_all(error_code why) {
    for (auto& [of, one] : work_) {
        for (waiting_read& read : std::exchange(one.reads, {})) read.done(why, {});
        for (waiting_look_back& waiting : std::exchange(one.look_backs, {})) waiting.done(why, looked_back(waiting.found.of()));
    }
    for (const auto& [of, reads] : std::exchange(asked_reads_, {}))
        for (waiting_read& read : *reads) read.done(why, {});
    for (const auto& [of, all] : std::exchange(asked_look_backs_, {}))
        for (waiting_look_back& waiting : *all) waiting.done(why, looked_back(waiting.found.of()));
    for (const auto& waiting : std::exchange(ends_, {})) (*waiting)(why, {});
    std::vector<std::shared_ptr<pass_run>> runs;
    for (const auto& [of, running] : passes_) runs.push_back(running.run);
    for (const auto& run : runs) run->cancel();
}

STOMPCHAT_DECL void past_reader::stop(std::function<void()> done) {
    stopping_ = true;
    stopped_ = std::move(done);
    fail_all(error::stopped);
    for (const auto& one : small_topics_)
        if (one->run) one->run->cancel();
    if (!consumer_) return asio::post(environment_->executor, std::exchange(stopped_, nullptr));
    questions_->stop();
    for (const auto& one : small_topics_) one->questions->stop();
    close();
}

STOMPCHAT_DECL void past_reader::close() {
    // Passes stop what they consume first: librdkafka waits for that. Jobs on other threads keep what they use.
    if (runs_ != 0 || !stopped_) return;
    small_topics_.clear();
    questions_.reset();
    topic_.reset();
    consumer_->close(std::exchange(stopped_, nullptr));
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
