// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_LIVE_READER_IPP
#define STOMPCHAT_KAFKA_IMPL_LIVE_READER_IPP

#include <stompchat/kafka/detail/live_reader.hpp>
#include <stompchat/kafka/detail/topics.hpp>
#include <stompchat/kafka/impl/handle.ipp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI::kafka {
namespace detail {

inline constexpr std::size_t most_in_batch = 256;

/// The bounds of a log's partitions. Blocks.
inline std::vector<log_bounds> ask_for_bounds(rd_kafka_t* rk, const std::string& topic, std::uint32_t partitions) {
    constexpr int timeout_ms = 5'000;
    // The end and the beginning, asked for as points of time: one request to each broker, not one for each partition.
    constexpr std::int64_t ends[] = {RD_KAFKA_OFFSET_END, RD_KAFKA_OFFSET_BEGINNING};
    std::vector<log_bounds> found(partitions);
    for (const std::int64_t which : ends) {
        const std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)> list(
            rd_kafka_topic_partition_list_new(static_cast<int>(partitions)), &rd_kafka_topic_partition_list_destroy);
        for (partition p = 0; p != partitions; ++p)
            rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<std::int32_t>(p))->offset = which;
        if (rd_kafka_offsets_for_times(rk, list.get(), timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
        for (int i = 0; i != list->cnt; ++i) {
            const rd_kafka_topic_partition_t& one = list->elems[i];
            if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR || one.offset < 0) continue;
            log_bounds& of = found[static_cast<std::size_t>(one.partition)];
            (which == RD_KAFKA_OFFSET_END ? of.high : of.low) = one.offset;
        }
    }
    return found;
}

} // namespace detail

STOMPCHAT_DECL live_reader::live_reader(environment_ptr environment, std::shared_ptr<past_reader> past)
    : environment_(std::move(environment)), past_(std::move(past)), copies_(environment_->options.partitions),
      parts_(environment_->options.partitions), batch_(detail::most_in_batch) {
    views_.reserve(detail::most_in_batch);
}

STOMPCHAT_DECL live_reader::~live_reader() { stop({}); }

STOMPCHAT_DECL boost::system::result<std::shared_ptr<live_reader>, kafka_failure> live_reader::make(environment_ptr environment,
                                                                                                    std::shared_ptr<past_reader> past) {
    std::shared_ptr<live_reader> made(new live_reader(std::move(environment), std::move(past)));
    const handle::settings special = {
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms", "50"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "false"},
        // Fetched and not shown: the sink takes it at once, so this fills only while something stands still.
        {"queued.max.messages.kbytes", "16384"},
    };
    auto handle = handle::make(made->environment_, handle::kind::consumer, special);
    if (!handle) return handle.error();
    made->handle_ = *handle;
    made->handle_->watch_events([](rd_kafka_op_s*) {});
    const kafka_broker_options& options = made->environment_->options;
    made->log_ = rd_kafka_topic_new(made->handle_->get(), options.topic.c_str(), nullptr);
    made->ephemeral_ = rd_kafka_topic_new(made->handle_->get(), ephemeral_topic(options).c_str(), nullptr);
    return made;
}

STOMPCHAT_DECL void live_reader::find_bounds(std::function<void(std::vector<log_bounds>)> done) {
    environment_->run_blocking([rk = handle_->get(), use = handle_->use(), topic = environment_->options.topic,
                                count = environment_->options.partitions] { return detail::ask_for_bounds(rk, topic, count); },
                               std::move(done));
}

STOMPCHAT_DECL void live_reader::start(listener& to, const log_epoch& epoch, std::span<const offset> next) {
    listener_ = &to;
    started_ = true;
    handle_->watch_consumer([weak = weak_from_this()] {
        const auto self = weak.lock();
        return self && self->drain();
    });
    restart(epoch, next);
}

STOMPCHAT_DECL void live_reader::restart(const log_epoch& epoch, std::span<const offset> next) {
    other_log_ = false;
    epoch_ = epoch;
    copies_.set_epoch(epoch);
    for (partition p = 0; p != parts_.size(); ++p) {
        parts_[p].next = next[p];
        if (parts_[p].wanted) begin(p, next[p]);
    }
}

STOMPCHAT_DECL void live_reader::begin(partition of, offset at) {
    part& one = parts_[of];
    one.next = at;
    one.begins = true;
    copies_.begin(of, at);
    fetch(of);
    asio::post(environment_->executor, [weak = weak_from_this(), of, assignment = one.assignment] {
        const auto self = weak.lock();
        if (!self || self->stopped_) return;
        part& begun = self->parts_[of];
        if (begun.assignment != assignment || !std::exchange(begun.begins, false)) return;
        self->listener_->on_records({}, {self->epoch_.value, of, begun.next});
    });
}

STOMPCHAT_DECL void live_reader::fetch(partition of) {
    part& one = parts_[of];
    one.is = state::reading;
    ++one.assignment;
    if (one.stopping)
        one.fetch_then = true;
    else
        start_fetching(of);
}

STOMPCHAT_DECL void live_reader::start_fetching(partition of) {
    const auto number = static_cast<std::int32_t>(of);
    parts_[of].fetched = true;
    rd_kafka_consume_start_queue(log_, number, parts_[of].next, handle_->consumer_queue());
    rd_kafka_consume_start_queue(ephemeral_, number, RD_KAFKA_OFFSET_END, handle_->consumer_queue());
}

STOMPCHAT_DECL void live_reader::stop_fetching(std::vector<partition> some) {
    std::erase_if(some, [this](partition p) { return !parts_[p].fetched; });
    if (some.empty()) return;
    for (const partition p : some) {
        parts_[p].fetched = false;
        parts_[p].stopping = true;
    }
    // It waits for librdkafka's own threads.
    environment_->run_blocking(
        [use = handle_->use(), log = log_, ephemeral = ephemeral_, some] {
            for (const partition p : some) {
                rd_kafka_consume_stop(log, static_cast<std::int32_t>(p));
                rd_kafka_consume_stop(ephemeral, static_cast<std::int32_t>(p));
            }
            return true;
        },
        [weak = weak_from_this(), some](bool) {
            const auto self = weak.lock();
            if (!self) return;
            for (const partition p : some) {
                part& one = self->parts_[p];
                one.stopping = false;
                if (std::exchange(one.fetch_then, false) && !self->stopped_) self->start_fetching(p);
            }
        });
}

STOMPCHAT_DECL void live_reader::leave(partition of, state to) {
    part& one = parts_[of];
    one.is = to;
    one.begins = false;
    one.fetch_then = false;
    ++one.assignment;
}

template <class Then>
void live_reader::later(partition of, Then then) {
    constexpr std::chrono::milliseconds pause{200};
    const auto timer = std::make_shared<asio::steady_timer>(environment_->executor, pause);
    timer->async_wait([weak = weak_from_this(), timer, of, assignment = parts_[of].assignment, then](error_code failure) {
        const auto self = weak.lock();
        if (!failure && self && !self->stopped_ && self->parts_[of].assignment == assignment) then(*self);
    });
}

STOMPCHAT_DECL void live_reader::set_partitions(std::vector<bool> wanted) {
    std::vector<partition> gone;
    for (partition p = 0; p != parts_.size(); ++p) {
        part& one = parts_[p];
        if (std::exchange(one.wanted, wanted[p]) == wanted[p]) continue;
        if (!started_ || other_log_ || stopped_ || one.is == state::stopped) continue;
        if (wanted[p]) {
            ask_for_end(p);
        } else {
            leave(p, state::idle);
            gone.push_back(p);
        }
    }
    stop_fetching(std::move(gone));
}

STOMPCHAT_DECL void live_reader::ask_for_end(partition of) {
    leave(of, state::asking);
    find_bounds([weak = weak_from_this(), of, assignment = parts_[of].assignment](const std::vector<log_bounds>& bounds) {
        const auto self = weak.lock();
        if (!self || self->stopped_ || self->parts_[of].assignment != assignment) return;
        if (bounds[of].high >= 0) return self->begin(of, bounds[of].high);
        self->later(of, [of](live_reader& reader) { reader.ask_for_end(of); });
    });
}

STOMPCHAT_DECL bool live_reader::drain() {
    const auto self = shared_from_this();
    const ssize_t count = rd_kafka_consume_batch_queue(handle_->consumer_queue(), 0, batch_.data(), batch_.size());
    if (count <= 0) return false;
    heard_ = true;
    handle_->heard();
    const std::span<rd_kafka_message_t* const> all(batch_.data(), static_cast<std::size_t>(count));
    for (std::size_t from = 0; from != all.size();) {
        const rd_kafka_message_t& first = *all[from];
        std::size_t to = from + 1;
        if (first.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            on_failure(first);
        } else {
            while (to != all.size() && all[to]->rkt == first.rkt && all[to]->partition == first.partition
                   && all[to]->err == RD_KAFKA_RESP_ERR_NO_ERROR)
                ++to;
            const auto run = all.subspan(from, to - from);
            const std::string_view topic = rd_kafka_topic_name(first.rkt);
            topic == environment_->options.topic ? show(run) : show_ephemeral(run);
        }
        from = to;
    }
    // A message that is held pins the whole answer that it came in.
    for (rd_kafka_message_t* const one : all) rd_kafka_message_destroy(one);
    return !stopped_ && static_cast<std::size_t>(count) == batch_.size();
}

STOMPCHAT_DECL raw_record live_reader::raw(const rd_kafka_message_s& message) const {
    raw_record read;
    read.at = {epoch_.value, static_cast<partition>(message.partition), message.offset};
    read.key = {static_cast<const char*>(message.key), message.key_len};
    read.body = {static_cast<const char*>(message.payload), message.len};
    rd_kafka_headers_t* headers = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR
        && rd_kafka_header_get_last(headers, record_header_name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR)
        read.header = std::string_view(static_cast<const char*>(value), size);
    rd_kafka_timestamp_type_t kind;
    read.timestamp = rd_kafka_message_timestamp(&message, &kind);
    return read;
}

STOMPCHAT_DECL void live_reader::show(std::span<rd_kafka_message_s* const> run) {
    const auto of = static_cast<partition>(run.front()->partition);
    part& one = parts_[of];
    if (one.is != state::reading || stopped_ || other_log_) return;
    if (std::exchange(one.begins, false)) listener_->on_records({}, {epoch_.value, of, one.next});
    views_.clear();
    const offset before = one.next;
    for (const rd_kafka_message_t* const message : run) {
        if (message->offset < one.next) continue;
        const decoded_record read = decode_record(raw(*message), environment_->options.partitions);
        if (!take(read)) break;
        one.next = message->offset + 1;
    }
    environment_->count.consumed.fetch_add(views_.size(), std::memory_order_relaxed);
    if (one.next != before) listener_->on_records(views_, {epoch_.value, of, one.next});
}

STOMPCHAT_DECL bool live_reader::take(const decoded_record& read) {
    if (read.outcome == record_outcome::newer) {
        leave(read.view.at.partition, state::stopped);
        blocked_ = true;
        environment_->log(
            severity::error,
            fmt::format("Kafka: partition {} has at offset {} a record of a version that this node does not know: it stops there",
                        read.view.at.partition, read.view.at.offset));
        stop_fetching({read.view.at.partition});
        return false;
    }
    const auto judged = copies_.judge(read.view.at, read.id, read.base);
    switch (judged.what) {
    case partition_copies::verdict::unknown: look(read); return false;
    case partition_copies::verdict::copy: environment_->count.void_copies.fetch_add(1, std::memory_order_relaxed); return true;
    case partition_copies::verdict::first: break;
    }
    if (!read.readable()) {
        environment_->count.unreadable.fetch_add(1, std::memory_order_relaxed);
    } else if (read.type == record_type::message) {
        views_.push_back(read.view);
    } else if (read.type == record_type::probe) {
        listener_->on_probe(read.id);
    }
    return true;
}

STOMPCHAT_DECL void live_reader::look(const decoded_record& read) {
    const partition of = read.view.at.partition;
    leave(of, state::looking);
    stop_fetching({of});
    ask_back(of, copies_.needed(of, read.id, read.base));
}

STOMPCHAT_DECL void live_reader::ask_back(partition of, const look_back& range) {
    past_->look_back(of, range,
                     [weak = weak_from_this(), of, range, assignment = parts_[of].assignment](error_code failure, looked_back found) {
                         const auto self = weak.lock();
                         if (!self || self->stopped_ || self->parts_[of].assignment != assignment) return;
                         if (failure) return self->later(of, [of, range](live_reader& reader) { reader.ask_back(of, range); });
                         self->copies_.learn(of, std::move(found));
                         self->fetch(of);
                     });
}

STOMPCHAT_DECL void live_reader::show_ephemeral(std::span<rd_kafka_message_s* const> run) {
    const part& one = parts_[static_cast<partition>(run.front()->partition)];
    if (!one.fetched || stopped_) return;
    views_.clear();
    for (const rd_kafka_message_t* const message : run) {
        const decoded_record read = decode_record(raw(*message), environment_->options.partitions);
        if (read.readable() && read.type == record_type::ephemeral) views_.push_back(read.view);
    }
    if (!views_.empty()) listener_->on_ephemeral(views_);
}

STOMPCHAT_DECL void live_reader::on_failure(const rd_kafka_message_s& message) {
    const auto of = static_cast<partition>(message.partition);
    const bool known = message.rkt && of < parts_.size();
    const bool in_log = known && rd_kafka_topic_name(message.rkt) == environment_->options.topic;
    environment_->log(severity::debug, fmt::format("Kafka: reading partition {} of {}: {}", message.partition,
                                                   message.rkt ? rd_kafka_topic_name(message.rkt) : "", rd_kafka_err2str(message.err)));
    if (!known || !parts_[of].fetched) return;
    if (in_log) {
        if (parts_[of].is == state::reading) compare_with_log(of);
    } else {
        // Nobody is told later what was only for the moment: go on at the end.
        stop_fetching({of});
        parts_[of].fetch_then = true;
    }
}

STOMPCHAT_DECL void live_reader::compare_with_log(partition of) {
    const bool begins = parts_[of].begins;
    leave(of, state::asking);
    parts_[of].begins = begins;
    stop_fetching({of});
    find_bounds([weak = weak_from_this(), of, assignment = parts_[of].assignment](const std::vector<log_bounds>& bounds) {
        const auto self = weak.lock();
        if (!self || self->stopped_ || self->parts_[of].assignment != assignment) return;
        if (bounds[of].high >= 0) return self->compare(of, bounds[of]);
        self->later(of, [of](live_reader& reader) { reader.compare_with_log(of); });
    });
}

STOMPCHAT_DECL void live_reader::compare(partition of, const log_bounds& now) {
    const offset next = parts_[of].next;
    // A truncation takes the end of a log away; one that is far shorter is another topic of the same name.
    if (now.high < next) return other_log(now.high < next / 2);
    if (now.low <= next) return fetch(of);
    environment_->log(severity::warning,
                      fmt::format("Kafka: partition {} begins at offset {} now, and this node had read up to {} only", of, now.low, next));
    begin(of, now.low);
}

STOMPCHAT_DECL void live_reader::other_log(bool anew) {
    other_log_ = true;
    std::vector<partition> all;
    for (partition p = 0; p != parts_.size(); ++p) {
        all.push_back(p);
        leave(p, state::idle);
    }
    stop_fetching(std::move(all));
    listener_->on_other_log(anew);
}

STOMPCHAT_DECL void live_reader::stop(std::function<void()> done) {
    if (std::exchange(stopped_, true)) {
        if (done) asio::post(environment_->executor, std::move(done));
        return;
    }
    std::vector<partition> all;
    for (partition p = 0; p != parts_.size(); ++p)
        if (parts_[p].fetched) all.push_back(p);
    // On the thread that destroys the handle: with many partitions it takes its time.
    auto before = [log = log_, ephemeral = ephemeral_, all = std::move(all)] {
        for (const partition p : all) {
            rd_kafka_consume_stop(log, static_cast<std::int32_t>(p));
            rd_kafka_consume_stop(ephemeral, static_cast<std::int32_t>(p));
        }
        if (log) rd_kafka_topic_destroy(log);
        if (ephemeral) rd_kafka_topic_destroy(ephemeral);
    };
    if (handle_) handle_->close(std::move(done), {}, std::move(before));
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
