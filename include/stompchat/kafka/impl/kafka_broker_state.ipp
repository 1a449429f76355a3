// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_STATE_IPP
#define STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_STATE_IPP

#include <stompchat/kafka/impl/kafka_broker_core.ipp>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL void kafka_broker::core::tick() {
    if (life_ == life::stopped) return;
    const std::chrono::milliseconds often{250};
    const kafka_broker_options& options = environment_->options;
    tick_timer_.expires_after(std::min({often, options.unavailable_after / 4 + std::chrono::milliseconds(1), options.probe_interval}));
    tick_timer_.async_wait([weak = weak_from_this()](error_code failure) {
        const auto self = weak.lock();
        if (!failure && self) self->tick();
    });
    if (live_->heard()) heard_ = clock::now();
    if (begun_) judge();
    if (clock::now() - reported_ >= std::chrono::seconds(10)) report();
}

STOMPCHAT_DECL void kafka_broker::core::judge() {
    const clock::time_point now = clock::now();
    const kafka_broker_options& options = environment_->options;
    const auto oldest = producer_->oldest();
    if (live_->blocked()) {
        if (state_ != broker_state::refused) change(broker_state::refused);
        return;
    }
    const bool late = (oldest && now - *oldest > options.unavailable_after) || (probe_ && now - probe_sent_ > options.unavailable_after);
    if (late) {
        probe_seen_ = false;
        if (state_ == broker_state::ready) change(broker_state::unavailable);
    } else if (probe_seen_ && state_ != broker_state::ready) {
        change(broker_state::ready);
    }
    const bool quiet = std::min(acknowledged_, heard_) + options.probe_interval <= now;
    if (!probe_ && (quiet || state_ != broker_state::ready)) send_probe();
}

STOMPCHAT_DECL void kafka_broker::core::send_probe() {
    if (life_ != life::running || probe_) return;
    // Each partition in turn, if one can be seen.
    probe_read_ = false;
    for (std::uint32_t i = 0; i != partitions() && !probe_read_; ++i) {
        probe_next_ = (probe_next_ + 1) % partitions();
        probe_read_ = live_->reads(probe_next_);
    }
    probe_sent_ = clock::now();
    probe_ = producer_->probe(probe_next_);
}

STOMPCHAT_DECL void kafka_broker::core::on_probe(const record_id& id) {
    if (probe_ != id) return;
    probe_.reset();
    probe_seen_ = true;
    acknowledged_ = heard_ = clock::now();
    judge();
}

STOMPCHAT_DECL void kafka_broker::core::change(broker_state to) {
    state_ = to;
    if (past_) past_->set_available(to == broker_state::ready);
    if (sink_) sink_->on_state(to);
}

STOMPCHAT_DECL void kafka_broker::core::report() {
    reported_ = clock::now();
    p50_ = latency_.quantile(0.5).count();
    p99_ = latency_.quantile(0.99).count();
    latency_.clear();
    if (environment_->watcher()) environment_->watcher()->on_broker_statistics(statistics());
}

STOMPCHAT_DECL broker_statistics kafka_broker::core::statistics() const {
    const kafka::counters& count = environment_->count;
    broker_statistics to;
    to.produced = count.produced;
    to.consumed = count.consumed;
    to.void_copies = count.void_copies;
    to.unreadable = count.unreadable;
    to.fatal_producers = count.fatal_producers;
    to.leaked_handles = count.leaked_handles;
    to.new_epochs = count.new_epochs;
    to.physical_reads = count.physical_reads;
    to.in_flight = producer_->in_flight();
    to.acknowledged_p50 = std::chrono::microseconds(p50_.load());
    to.acknowledged_p99 = std::chrono::microseconds(p99_.load());
    return to;
}

STOMPCHAT_DECL void kafka_broker::core::stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done) {
    // At once, on whichever thread: what is published behind this call is refused.
    life before = life::running;
    life_.compare_exchange_strong(before, life::stopping);
    asio::post(executor(), [self = shared_from_this(), before, patience, done = std::move(done)]() mutable {
        if (self->life_ == life::stopped) return done({});
        self->stop_waiters_.push_back(std::move(done));
        if (before != life::running) return;
        // A day: what is longer would overflow the clock.
        self->stop_timer_.expires_after(std::min<std::chrono::milliseconds>(patience, std::chrono::hours(24)));
        self->stop_timer_.async_wait([self](error_code cut) {
            if (!cut) self->give_up();
        });
        self->try_to_stop();
    });
}

STOMPCHAT_DECL void kafka_broker::core::try_to_stop() {
    if (life_ != life::stopping || gave_up_ || !unsettled_.empty() || !producer_->idle()) return;
    give_up();
}

STOMPCHAT_DECL void kafka_broker::core::give_up() {
    if (std::exchange(gave_up_, true)) return;
    stop_timer_.cancel();
    tick_timer_.cancel();
    for (const unsettled& one : unsettled_) answer(one.what.ticket, error::outcome_unknown);
    unsettled_.clear();
    closing_ = 4;
    const auto one_less = [self = shared_from_this()] {
        if (--self->closing_ == 0) self->closed();
    };
    std::vector<kafka::written> rest;
    producer_->stop(rest, one_less);
    for (const kafka::written& one : rest)
        if (one.type == kafka::record_type::message) answer(one.ticket, error::outcome_unknown);
    tell_results();
    marker_->stop();
    live_->stop(one_less);
    past_->stop(one_less);
    ephemeral_->stop(one_less);
}

STOMPCHAT_DECL void kafka_broker::core::closed() {
    tell_results();
    life_ = life::stopped;
    if (sink* const to = std::exchange(sink_, nullptr)) to->on_state(broker_state::stopped);
    for (auto& waiter : std::exchange(stop_waiters_, {})) waiter({});
}

STOMPCHAT_DECL void kafka_broker::core::abandon() {
    // Without a stop nothing else runs at the moment, or ever will.
    life_ = life::stopped;
    sink_ = nullptr;
    stop_waiters_.clear();
    if (!std::exchange(gave_up_, true)) {
        std::vector<kafka::written> rest;
        if (producer_) producer_->stop(rest, {});
        if (marker_) marker_->stop();
        if (live_) live_->stop({});
        if (past_) past_->stop([] {});
        if (ephemeral_) ephemeral_->stop({});
    }
    // A job that ends later would come back to a context that may be gone.
    environment_->stop_blocking();
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
