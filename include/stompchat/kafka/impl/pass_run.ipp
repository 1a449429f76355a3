// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_PASS_RUN_IPP
#define STOMPCHAT_KAFKA_IMPL_PASS_RUN_IPP

#include <stompchat/kafka/detail/pass_run.hpp>

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

STOMPCHAT_DECL void pass_run::start(pass& what, std::function<void(outcome)> told, std::function<void()> ended) {
    pass_ = &what;
    told_ = std::move(told);
    ended_ = std::move(ended);
    asio::post(environment_->executor, [self = shared_from_this()] {
        if (!self->pass_) return;
        self->watch();
        self->act(self->pass_->begin());
    });
}

STOMPCHAT_DECL void pass_run::cancel() {
    if (pass_) finish(outcome::failed);
}

STOMPCHAT_DECL void pass_run::act(pass::step next) {
    switch (next) {
    case pass::step::go_on: return;
    case pass::step::seek: return close_queue([this] { seek(); });
    case pass::step::done: return finish(outcome::done);
    }
}

STOMPCHAT_DECL void pass_run::seek() {
    if (!pass_) return;
    queue_ = rd_kafka_queue_new(topic_->consumer());
    if (rd_kafka_consume_start_queue(topic_->get(), static_cast<std::int32_t>(partition_), pass_->position(), queue_) != 0) {
        rd_kafka_queue_destroy(queue_);
        queue_ = nullptr;
        return finish(outcome::failed);
    }
    watch_ = queue_watch::make(environment_->executor, queue_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        return self && self->drain();
    });
}

STOMPCHAT_DECL bool pass_run::drain() {
    constexpr std::size_t most = 64;
    std::array<rd_kafka_message_t*, most> records;
    const rd_kafka_queue_t* const from = queue_;
    const ssize_t count = rd_kafka_consume_batch_queue(queue_, 0, records.data(), most);
    for (ssize_t i = 0; i < count; ++i) {
        // A step may have left this queue for another place.
        if (pass_ && queue_ == from && !closing_) take(*records[static_cast<std::size_t>(i)]);
        rd_kafka_message_destroy(records[static_cast<std::size_t>(i)]);
    }
    return count == static_cast<ssize_t>(most) && queue_ == from && !closing_;
}

STOMPCHAT_DECL void pass_run::take(const rd_kafka_message_s& record) {
    if (record.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        act(pass_->on_end(record.offset));
        return;
    }
    if (record.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || record.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        return finish(outcome::log_gone);
    // Others pass by themselves, or the time passes.
    if (record.err != RD_KAFKA_RESP_ERR_NO_ERROR) return;

    heard_ = true;
    raw_record raw;
    raw.at = {epoch_, partition_, record.offset};
    raw.key = {static_cast<const char*>(record.key), record.key ? record.key_len : 0};
    raw.body = {static_cast<const char*>(record.payload), record.payload ? record.len : 0};
    raw.timestamp = rd_kafka_message_timestamp(&record, nullptr);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&record, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const void* octets = nullptr;
        std::size_t size = 0;
        if (rd_kafka_header_get_last(headers, record_header_name, &octets, &size) == RD_KAFKA_RESP_ERR_NO_ERROR)
            raw.header = std::string_view(static_cast<const char*>(octets), octets ? size : 0);
    }
    act(pass_->on_record(raw, raw.key.size() + raw.body.size() + (raw.header ? raw.header->size() : 0)));
}

STOMPCHAT_DECL void pass_run::finish(outcome how) {
    pass_ = nullptr;
    timer_.cancel();
    // What it calls may let go of everything.
    const auto self = shared_from_this();
    std::exchange(told_, nullptr)(how);
    if (!closing_) close_queue([this] { std::exchange(ended_, nullptr)(); });
}

STOMPCHAT_DECL void pass_run::close_queue(std::function<void()> then) {
    if (!queue_) return asio::post(environment_->executor, [self = shared_from_this(), then = std::move(then)] { then(); });
    closing_ = true;
    watch_->stop();
    watch_.reset();
    environment_->run_blocking(
        [topic = topic_, of = partition_, queue = queue_] {
            const int outcome = rd_kafka_consume_stop(topic->get(), static_cast<std::int32_t>(of));
            rd_kafka_queue_destroy(queue);
            return outcome;
        },
        [self = shared_from_this(), then = std::move(then)](int) {
            self->closing_ = false;
            self->queue_ = nullptr;
            // It was given up meanwhile.
            if (!self->pass_ && self->ended_) return std::exchange(self->ended_, nullptr)();
            then();
        });
}

STOMPCHAT_DECL void pass_run::watch() {
    heard_ = false;
    timer_.expires_after(environment_->options.unavailable_after);
    timer_.async_wait([weak = weak_from_this()](error_code failure) {
        const auto self = weak.lock();
        if (failure || !self || !self->pass_) return;
        if (!self->heard_) return self->finish(outcome::failed);
        self->watch();
    });
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
