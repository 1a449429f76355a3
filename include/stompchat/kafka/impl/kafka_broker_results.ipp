// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_RESULTS_IPP
#define STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_RESULTS_IPP

#include <stompchat/kafka/impl/kafka_broker_core.ipp>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI {
namespace kafka::detail {

inline std::size_t length_of(const outgoing& one) noexcept {
    return one.destination.size() + one.user.size() + one.headers.octets().size() + one.body.size();
}

} // namespace kafka::detail

STOMPCHAT_DECL void kafka_broker::core::publish(std::span<const outgoing> messages) {
    const life now = life_;
    if (now == life::stopped) return;
    const auto taken = [&](const outgoing& one) {
        return now == life::running && kafka::detail::length_of(one) <= environment_->options.max_message_length
               && kafka::fits_record_header(one);
    };
    if (std::all_of(messages.begin(), messages.end(), [&](const outgoing& one) { return !one.ephemeral && taken(one); })) {
        if (!messages.empty()) producer_->publish(messages);
        return;
    }
    std::vector<outgoing> logged;
    std::vector<publish_result> results;
    for (const outgoing& one : messages) {
        if (!taken(one)) {
            results.push_back({one.ticket, now == life::running ? error::message_too_large : error::stopped, {}});
        } else if (one.ephemeral) {
            ephemeral_->pass_on(one);
            results.push_back({one.ticket, {}, {}});
        } else {
            logged.push_back(one);
        }
    }
    if (!logged.empty()) producer_->publish(logged);
    if (!results.empty()) refuse(std::move(results));
}

STOMPCHAT_DECL void kafka_broker::core::refuse(std::vector<publish_result> results) {
    asio::post(executor(), [self = shared_from_this(), results = std::move(results)] {
        self->results_.insert(self->results_.end(), results.begin(), results.end());
        self->tell_results();
    });
}

STOMPCHAT_DECL void kafka_broker::core::on_written(std::span<const kafka::written> results) {
    const clock::time_point now = clock::now();
    for (const kafka::written& one : results) {
        if (!one.error) {
            acknowledged_ = now;
            latency_.add(now - one.taken);
            environment_->count.produced.fetch_add(1, std::memory_order_relaxed);
        }
        if (one.type == kafka::record_type::probe) {
            if (probe_ == one.id && !probe_read_) on_probe(one.id);
        } else if (one.error || !one.may_be_copy) {
            answer(one.ticket, one.error, one.at);
        } else {
            unsettled_.push_back({one});
        }
    }
    settle();
    tell_results();
    try_to_stop();
}

STOMPCHAT_DECL void kafka_broker::core::on_records(std::span<const record_view> records, const position& next) {
    heard_ = clock::now();
    producer_->reached(next);
    marker_->reached(next.partition, next.offset);
    if (sink_) sink_->on_records(records, next);
    if (unsettled_.empty()) return;
    settle();
    tell_results();
    try_to_stop();
}

STOMPCHAT_DECL void kafka_broker::core::on_ephemeral(std::span<const record_view> records) {
    if (sink_) sink_->on_ephemeral(records);
}

STOMPCHAT_DECL void kafka_broker::core::settle() {
    std::erase_if(unsettled_, [this](unsettled& one) { return settle(one); });
}

STOMPCHAT_DECL bool kafka_broker::core::settle(unsettled& one) {
    const kafka::written& what = one.what;
    if (one.asked) return false;
    if (what.at.epoch == epoch_ && live_->wants(what.at.partition)) {
        // The live reader is about to judge it.
        if (live_->next(what.at.partition) <= what.at.offset) return false;
        const auto judged = live_->known().find(what.at, what.id, what.base);
        switch (judged.what) {
        case kafka::partition_copies::verdict::first: answer(what.ticket, {}, what.at); return true;
        case kafka::partition_copies::verdict::copy: answer(what.ticket, {}, {what.at.epoch, what.at.partition, judged.first}); return true;
        case kafka::partition_copies::verdict::unknown: break;
        }
    }
    one.asked = true;
    ask_for_first_copy(what);
    return false;
}

STOMPCHAT_DECL void kafka_broker::core::ask_for_first_copy(const kafka::written& what) {
    past_->first_copy(what.at, what.id, what.base, [weak = weak_from_this(), what](error_code failure, offset first) {
        const auto self = weak.lock();
        if (!self || self->gave_up_) return;
        if (!failure) return self->settled(what, first);
        const auto timer = std::make_shared<asio::steady_timer>(self->executor(), std::chrono::milliseconds(200));
        timer->async_wait([weak, timer, what](error_code cut) {
            const auto again = weak.lock();
            if (!cut && again && !again->gave_up_) again->ask_for_first_copy(what);
        });
    });
}

STOMPCHAT_DECL void kafka_broker::core::settled(const kafka::written& what, offset first) {
    const auto found = std::find_if(unsettled_.begin(), unsettled_.end(),
                                    [&](const unsettled& one) { return one.what.ticket == what.ticket && one.what.at == what.at; });
    if (found == unsettled_.end()) return;
    unsettled_.erase(found);
    answer(what.ticket, {}, {what.at.epoch, what.at.partition, first});
    tell_results();
    try_to_stop();
}

STOMPCHAT_DECL void kafka_broker::core::answer(std::uint64_t ticket, error_code failure, const position& at) {
    results_.push_back({ticket, failure, at});
}

STOMPCHAT_DECL void kafka_broker::core::tell_results() {
    if (!sink_ || results_.empty()) return;
    // The sink may publish, which may answer at once, but in a turn of its own.
    std::vector<publish_result> told;
    told.swap(results_);
    sink_->on_published(told);
    told.clear();
    if (results_.empty()) results_.swap(told);
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
