// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_PRODUCER_IPP
#define STOMPCHAT_KAFKA_IMPL_PRODUCER_IPP

#include <stompchat/kafka/detail/epoch_marker.hpp>
#include <stompchat/kafka/detail/producer.hpp>
#include <stompchat/kafka/impl/handle.ipp>
#include <stompchat/kafka/impl/produce.ipp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <random>

namespace stompchat::inline STOMPCHAT_ABI::kafka {
namespace detail {

inline std::uint64_t random_incarnation() {
    std::random_device device;
    // 0 means: no id.
    return (std::uint64_t{device()} << 32 | device()) | 1;
}

/// Records that a producer that hangs may still look at; freed with it.
struct kept_records {
    explicit kept_records(pending* chain) : first(chain) {}
    ~kept_records() {
        while (first) pending::deleter()(std::exchange(first, first->next));
    }
    kept_records(const kept_records&) = delete;
    kept_records& operator=(const kept_records&) = delete;
    pending* first;
};

} // namespace detail

STOMPCHAT_DECL producer::producer(environment_ptr environment, on_written told)
    : environment_(std::move(environment)), told_(std::move(told)), partitions_(environment_->options.partitions),
      most_of_partition_(std::max<std::size_t>(environment_->options.max_in_flight / 8, 1)), incarnation_(detail::random_incarnation()),
      reached_(new std::atomic<offset>[partitions_]), lanes_(partitions_ + 1), timer_(environment_->executor) {
    for (partition p = 0; p != partitions_; ++p) reached_[p] = 0;
}

STOMPCHAT_DECL producer::~producer() {
    std::vector<written> rest;
    stop(rest, {});
}

STOMPCHAT_DECL boost::system::result<std::shared_ptr<producer>, kafka_failure> producer::make(environment_ptr environment,
                                                                                              on_written told) {
    std::shared_ptr<producer> made(new producer(std::move(environment), std::move(told)));
    if (auto failure = made->make_handle(); failure.code) return failure;
    return made;
}

STOMPCHAT_DECL kafka_failure producer::make_handle() {
    const kafka_broker_options& options = environment_->options;
    const handle::settings special = {
        {"enable.idempotence", "true"},
        // Else those behind a record that Kafka refuses would overtake it, because it is written again.
        {"enable.gapless.guarantee", "true"},
        {"acks", "all"},
        // An expired message that is written again behind a younger one would change the order.
        {"message.timeout.ms", "0"},
        {"message.max.bytes", std::to_string(detail::longest_record(options))},
        {"linger.ms", std::to_string(options.linger.count())},
        {"compression.codec", options.compress ? "lz4" : "none"},
        {"queue.buffering.max.messages", std::to_string(options.max_in_flight)},
        {"queue.buffering.max.kbytes", std::to_string(std::clamp<std::size_t>(options.max_in_flight_octets / 1024, 1, 2'147'483'647))},
        {"retry.backoff.ms", "50"},
    };
    auto made = handle::make(environment_, handle::kind::producer, special);
    if (!made) return made.error();
    const std::lock_guard held(mutex_);
    handle_ = *made;
    log_ = rd_kafka_topic_new(handle_->get(), options.topic.c_str(), nullptr);
    markers_ = rd_kafka_topic_new(handle_->get(), epoch_marker::meta_topic, nullptr);
    handle_->watch_events([weak = weak_from_this()](rd_kafka_op_s* event) {
        if (const auto self = weak.lock()) self->on_event(event);
    });
    return {};
}

STOMPCHAT_DECL void producer::close_handle(std::shared_ptr<void> keep, std::function<void()> done) {
    std::shared_ptr<handle> old;
    {
        const std::lock_guard held(mutex_);
        old.swap(handle_);
        if (log_) rd_kafka_topic_destroy(std::exchange(log_, nullptr));
        if (markers_) rd_kafka_topic_destroy(std::exchange(markers_, nullptr));
    }
    if (old)
        old->close(std::move(done), std::move(keep));
    else if (done)
        asio::post(environment_->executor, std::move(done));
}

STOMPCHAT_DECL pending::owner producer::encode(const outgoing& one, record_type type, std::uint32_t lane) {
    outgoing full = one;
    const bool given = one.id != record_id{};
    if (!given) {
        full.id = {incarnation_, sequence_.fetch_add(1, std::memory_order_relaxed) + 1};
        // In this order: new_epoch() changes them in the other one.
        full.base.epoch = epoch_.load(std::memory_order_acquire);
        full.base.offset = reached_[lane].load(std::memory_order_acquire);
    }
    full.base.partition = lane;
    thread_local std::string header;
    header.clear();
    encode_record_header(header, type, full);
    pending::owner made = pending::make(header, partition_key(one.destination), one.body);
    made->ticket = one.ticket;
    made->id = full.id;
    made->base = full.base;
    made->lane = lane;
    made->type = type;
    made->may_be_copy = given;
    made->taken = pending::clock::now();
    return made;
}

STOMPCHAT_DECL void producer::publish(std::span<const outgoing> messages) {
    std::vector<pending::owner> made;
    made.reserve(messages.size());
    {
        // Bases are known once the log is.
        const std::lock_guard held(mutex_);
        if (life_ == life::stopped) return;
        in_flight_.fetch_add(messages.size(), std::memory_order_relaxed);
        if (!open_) {
            for (const outgoing& one : messages) {
                const record_view view{{}, one.destination, one.user, one.timestamp, one.headers, one.body};
                early_.push_back({message(view), one.ticket, one.id, one.base});
            }
            return;
        }
    }
    // Encoded without the lock, so that publishing threads do not wait for each other.
    for (const outgoing& one : messages) made.push_back(encode(one, record_type::message, partition_of(one.destination, partitions_)));
    std::unique_lock held(mutex_);
    if (life_ != life::stopped) {
        for (pending::owner& one : made) append(std::move(one));
        return;
    }
    held.unlock();
    std::vector<written> refused;
    for (const pending::owner& one : made)
        refused.push_back({one->ticket, error::stopped, {}, one->id, one->base, one->type, false, one->taken});
    asio::post(environment_->executor, [self = shared_from_this(), refused = std::move(refused)] { self->told_(refused); });
}

STOMPCHAT_DECL record_id producer::probe(partition into) {
    outgoing nothing;
    pending::owner made = encode(nothing, record_type::probe, into);
    const record_id id = made->id;
    in_flight_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard held(mutex_);
    append(std::move(made));
    return id;
}

STOMPCHAT_DECL void producer::write_marker(std::string key, std::string value, pending::told done) {
    pending::owner made = pending::make({}, key, value);
    made->lane = marker_lane();
    made->taken = pending::clock::now();
    made->done_with = std::move(done);
    in_flight_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard held(mutex_);
    append(std::move(made));
}

STOMPCHAT_DECL void producer::append(pending::owner one) {
    const std::uint32_t lane = one->lane;
    if (life_ == life::stopped) return;
    lanes_[lane].push_back(std::move(one));
    // What waits already is given to librdkafka when it has room again.
    write(lane);
}

STOMPCHAT_DECL void producer::write(std::uint32_t lane) {
    pending_queue& queue = lanes_[lane];
    if (!queue.waiting()) return;
    if (life_ == life::writing) {
        while (pending* const one = queue.waiting()) {
            if (one->done) {
                queue.advance();
                continue;
            }
            if (queue.out >= most_of_partition_ || !write_one(*one, lane)) break;
        }
    }
    if (queue.waiting() && life_ == life::writing && std::find(hungry_.begin(), hungry_.end(), lane) == hungry_.end())
        hungry_.push_back(lane);
}

STOMPCHAT_DECL bool producer::write_one(pending& one, std::uint32_t lane) {
    const auto text = [](std::string_view part) { return const_cast<char*>(part.data()); };
    rd_kafka_vu_t parts[7];
    std::size_t count = 0;
    const auto add = [&](rd_kafka_vtype_t type) -> auto& {
        parts[count].vtype = type;
        return parts[count++].u;
    };
    add(RD_KAFKA_VTYPE_RKT).rkt = lane == marker_lane() ? markers_ : log_;
    add(RD_KAFKA_VTYPE_PARTITION).i32 = lane == marker_lane() ? 0 : static_cast<std::int32_t>(lane);
    auto& value = add(RD_KAFKA_VTYPE_VALUE).mem;
    value.ptr = text(one.body_text());
    value.size = one.body;
    if (one.key != 0) {
        auto& key = add(RD_KAFKA_VTYPE_KEY).mem;
        key.ptr = text(one.key_text());
        key.size = one.key;
    }
    add(RD_KAFKA_VTYPE_OPAQUE).ptr = &one;

    const rd_kafka_resp_err_t code = detail::produce(handle_->get(), {parts, count + 1}, one.header_text());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        one.out = true;
        lanes_[lane].advance();
        ++lanes_[lane].out;
        ++out_;
        return true;
    }
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        one.done = true;
        in_flight_.fetch_sub(1, std::memory_order_relaxed);
        const written refused{one.ticket, error::message_too_large, {}, one.id, one.base, one.type, false, one.taken};
        asio::post(environment_->executor, [self = shared_from_this(), refused] { self->told_({&refused, 1}); });
        lanes_[lane].advance();
        lanes_[lane].trim();
        return true;
    }
    // A full queue has room again when something is acknowledged; all else means that this producer is of no use any more.
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        asio::post(environment_->executor, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->drain();
        });
    }
    return false;
}

STOMPCHAT_DECL void producer::write_waiting() {
    const std::lock_guard held(mutex_);
    std::vector<std::uint32_t> lanes;
    lanes.swap(hungry_);
    for (const std::uint32_t lane : lanes) write(lane);
}

STOMPCHAT_DECL void producer::open(std::uint64_t epoch, std::span<const offset> next) {
    for (partition p = 0; p != partitions_; ++p) reached_[p].store(next[p], std::memory_order_release);
    epoch_.store(epoch, std::memory_order_release);
    const std::lock_guard held(mutex_);
    if (std::exchange(open_, true)) return;
    for (const early& one : std::exchange(early_, {})) {
        const record_view view = one.what.view();
        const outgoing again{one.ticket, view.destination, view.user, view.timestamp, view.headers, view.body, false, one.id, one.base};
        append(encode(again, record_type::message, partition_of(view.destination, partitions_)));
    }
}

STOMPCHAT_DECL void producer::reached(const position& at) {
    // Only the executor raises and resets them.
    if (at.epoch != epoch_.load(std::memory_order_relaxed)) return;
    std::atomic<offset>& of = reached_[at.partition];
    if (of.load(std::memory_order_relaxed) < at.offset) of.store(at.offset, std::memory_order_release);
}

STOMPCHAT_DECL bool producer::idle() const { return in_flight() == 0; }

STOMPCHAT_DECL std::optional<pending::clock::time_point> producer::oldest() const {
    if (idle()) return {};
    const std::lock_guard held(mutex_);
    std::optional<pending::clock::time_point> found;
    for (const pending_queue& queue : lanes_) {
        const pending* one = queue.first();
        while (one && one->done) one = one->next;
        if (one && (!found || one->taken < *found)) found = one->taken;
    }
    return found;
}

STOMPCHAT_DECL void producer::on_event(rd_kafka_op_s* event) {
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR: return on_reports(event);
    case RD_KAFKA_EVENT_ERROR:
        if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__FATAL) drain();
        return;
    default: return;
    }
}

STOMPCHAT_DECL void producer::on_reports(rd_kafka_op_s* event) {
    bool failed = false;
    std::vector<pending::told> told;
    std::vector<std::pair<error_code, offset>> answers;
    results_.clear();
    {
        const std::lock_guard held(mutex_);
        const std::uint64_t epoch = epoch_.load(std::memory_order_relaxed);
        while (const rd_kafka_message_t* const report = rd_kafka_event_message_next(event)) {
            auto& one = *static_cast<pending*>(report->_private);
            pending_queue& queue = lanes_[one.lane];
            one.out = false;
            --queue.out;
            --out_;
            error_code wrong;
            switch (report->err) {
            case RD_KAFKA_RESP_ERR_NO_ERROR: break;
            case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
            case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: wrong = error::message_too_large; break;
            default:
                // Perhaps the log has it, perhaps not.
                one.may_be_copy = true;
                failed = true;
                continue;
            }
            one.done = true;
            in_flight_.fetch_sub(1, std::memory_order_relaxed);
            if (one.done_with) {
                told.push_back(std::move(one.done_with));
                answers.emplace_back(wrong, report->offset);
            } else {
                const position at = wrong ? position{} : position{epoch, one.lane, report->offset};
                results_.push_back({one.ticket, wrong, at, one.id, one.base, one.type, one.may_be_copy, one.taken});
            }
            queue.trim();
        }
    }
    for (const written& one : results_)
        if (!one.error) reached({one.at.epoch, one.at.partition, one.at.offset + 1});
    const auto self = shared_from_this();
    if (!results_.empty()) told_(results_);
    for (std::size_t i = 0; i != told.size(); ++i) told[i](answers[i].first, answers[i].second);
    if (failed) drain();
    write_waiting();
}

STOMPCHAT_DECL void producer::drain() {
    {
        const std::lock_guard held(mutex_);
        if (life_ != life::writing) return;
        life_ = life::draining;
        hungry_.clear();
    }
    ++environment_->count.fatal_producers;
    environment_->log(severity::warning, "Kafka: the producer lost track of its records; what is not acknowledged is written again");
    drained_ = 0;
    // In a turn of its own: the handle is about to be closed, and it may be calling.
    asio::post(environment_->executor, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->go_on_draining();
    });
}

STOMPCHAT_DECL void producer::go_on_draining() {
    constexpr std::chrono::milliseconds step{20};
    constexpr int purge_at = 100;
    constexpr int give_up_at = 350;
    // A producer that fails at once again must not keep the processor busy.
    constexpr std::chrono::milliseconds least_between{500};
    {
        const std::lock_guard held(mutex_);
        if (life_ != life::draining) return;
    }
    const bool rested = pending::clock::now() - renewed_ >= least_between;
    if ((out_ == 0 && rested) || drained_ >= give_up_at) return renew();
    if (++drained_ == purge_at)
        rd_kafka_purge(handle_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    timer_.expires_after(step);
    timer_.async_wait([weak = weak_from_this()](error_code failure) {
        const auto self = weak.lock();
        if (self && !failure) self->go_on_draining();
    });
}

STOMPCHAT_DECL void producer::renew() {
    std::shared_ptr<detail::kept_records> kept;
    if (out_ != 0) {
        const std::lock_guard held(mutex_);
        kept = std::make_shared<detail::kept_records>(nullptr);
        for (pending_queue& queue : lanes_) {
            for (pending* one = queue.first(); one; one = one->next) one->may_be_copy |= one->out;
            pending* chain = queue.replace_out();
            while (chain) {
                pending* const one = std::exchange(chain, chain->next);
                one->next = std::exchange(kept->first, one);
            }
        }
        out_ = 0;
    }
    close_handle(std::move(kept), {});
    renewed_ = pending::clock::now();
    if (const kafka_failure failure = make_handle(); failure.code) {
        // The options were good before: there may be no threads or descriptors left.
        environment_->log(severity::error, failure.text);
        drained_ = 0;
        return go_on_draining();
    }
    environment_->log(severity::info, fmt::format("Kafka: the new producer has {} records to write", in_flight()));
    const std::lock_guard held(mutex_);
    life_ = life::writing;
    for (std::uint32_t lane = 0; lane != lanes_.size(); ++lane) {
        lanes_[lane].trim();
        lanes_[lane].rewind();
        write(lane);
    }
}

STOMPCHAT_DECL void producer::inject_fatal() {
    rd_kafka_test_fatal_error(handle_->get(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "injected");
}

STOMPCHAT_DECL void producer::stop(std::vector<written>& into, std::function<void()> done) {
    auto kept = std::make_shared<detail::kept_records>(nullptr);
    {
        const std::lock_guard held(mutex_);
        life_ = life::stopped;
        for (const early& one : early_) into.push_back({one.ticket, error::outcome_unknown, {}, {}, {}, record_type::message, false, {}});
        early_.clear();
        for (pending_queue& queue : lanes_) {
            for (pending* one = queue.first(); one; one = one->next) {
                if (one->done || one->done_with) continue;
                into.push_back({one->ticket, error::outcome_unknown, {}, one->id, one->base, one->type, false, one->taken});
            }
            pending* chain = queue.release();
            while (chain) {
                pending* const one = std::exchange(chain, chain->next);
                one->next = std::exchange(kept->first, one);
            }
        }
        in_flight_ = 0;
        out_ = 0;
    }
    timer_.cancel();
    close_handle(std::move(kept), std::move(done));
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
