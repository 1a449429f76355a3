// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_EPOCH_MARKER_IPP
#define STOMPCHAT_KAFKA_IMPL_EPOCH_MARKER_IPP

#include <stompchat/kafka/detail/epoch_marker.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

template <class Then>
auto epoch_marker::current(Then then) {
    return [weak = weak_from_this(), question = question_, then = std::move(then)](auto&&... args) {
        const auto self = weak.lock();
        if (self && !self->stopped_ && self->question_ == question) then(*self, std::forward<decltype(args)>(args)...);
    };
}

STOMPCHAT_DECL void epoch_marker::find(found done) { begin(0, std::move(done)); }

STOMPCHAT_DECL void epoch_marker::renew(std::uint64_t seen, found done) { begin(seen, std::move(done)); }

STOMPCHAT_DECL void epoch_marker::begin(std::uint64_t seen, found done) {
    ++question_;
    done_ = std::move(done);
    seen_ = seen;
    doubts_ = made_ = 0;
    past_->cluster_id(current([](epoch_marker& self, error_code failure, const std::string& id) {
        if (failure) return self.answer(failure);
        self.cluster_id_ = id;
        self.look();
    }));
}

STOMPCHAT_DECL void epoch_marker::look() {
    const auto chain = std::make_shared<epoch_chain>(environment_->options.topic);
    past_->read_all(
        meta_topic, [chain](const raw_record& record) { chain->on_record(record.key, record.body); },
        current([chain](epoch_marker& self, error_code failure) {
            if (failure) return self.answer(failure);
            if (!chain->readable()) {
                self.environment_->log(severity::error, fmt::format("Kafka: {} has a mark of {} that this version cannot read", meta_topic,
                                                                    self.environment_->options.topic));
                return self.answer(error::broker_unavailable);
            }
            self.past_->ends(self.current([chain](epoch_marker& again, error_code no_ends, const std::vector<offset>& ends) {
                if (no_ends) return again.answer(no_ends);
                again.compare(*chain, ends);
            }));
        }));
}

STOMPCHAT_DECL void epoch_marker::compare(const epoch_chain& chain, const std::vector<offset>& ends) {
    const epoch_mark* const mark = chain.last();
    if (!mark) return make(0, ends);
    const log_epoch epoch{chain.epoch(cluster_id_), std::make_shared<const std::vector<offset>>(mark->ends)};
    if (epoch.value == seen_) return make(mark->nonce, ends);
    auto known = chain.known_ends();
    if (epoch_chain::shorter(ends, known)) {
        if (++doubts_ <= most_doubts) {
            doubt_timer_.expires_after(pause_of_doubt);
            return doubt_timer_.async_wait(current([](epoch_marker& self, error_code cut) {
                if (!cut) self.look();
            }));
        }
        environment_->log(severity::warning,
                          fmt::format("Kafka: {} is shorter than it was: it was cut off, or made anew", environment_->options.topic));
        return make(mark->nonce, ends);
    }
    nonce_ = mark->nonce;
    known.resize(ends.size());
    for (std::size_t i = 0; i != ends.size(); ++i) known[i] = std::max(known[i], ends[i]);
    // At once, for those who look before the first minute is over.
    changed_ = known != chain.known_ends();
    known_ = std::move(known);
    record();
    record_later();
    answer({}, epoch);
}

STOMPCHAT_DECL void epoch_marker::make(std::uint64_t follows, const std::vector<offset>& ends) {
    // Somebody who cuts it off again and again: let the caller try again, with pauses.
    if (++made_ > 3) return answer(error::broker_unavailable);
    std::random_device device;
    std::uint64_t nonce = 0;
    while (nonce == 0) nonce = std::uint64_t{device()} << 32 | device();
    const std::string& log = environment_->options.topic;
    // Read back before it is used: another one may be the one that counts.
    write_(meta_topic, 0, epoch_chain::mark_key(log, nonce), epoch_chain::value(follows, ends),
           current([](epoch_marker& self, error_code failure, offset) { failure ? self.answer(failure) : self.look(); }));
}

STOMPCHAT_DECL void epoch_marker::answer(error_code failure, log_epoch epoch) {
    ++question_;
    if (const auto done = std::exchange(done_, nullptr)) done(failure, std::move(epoch));
}

STOMPCHAT_DECL void epoch_marker::record() {
    if (!std::exchange(changed_, false)) return;
    write_(meta_topic, 0, epoch_chain::ends_key(environment_->options.topic), epoch_chain::value(nonce_, known_),
           [](error_code, offset) {});
}

STOMPCHAT_DECL void epoch_marker::record_later() {
    if (std::exchange(recording_, true)) return;
    record_timer_.expires_after(record_every);
    record_timer_.async_wait([weak = weak_from_this()](error_code cut) {
        const auto self = weak.lock();
        if (cut || !self || self->stopped_) return;
        self->recording_ = false;
        self->record();
        self->record_later();
    });
}

STOMPCHAT_DECL void epoch_marker::stop() {
    stopped_ = true;
    ++question_;
    done_ = nullptr;
    doubt_timer_.cancel();
    record_timer_.cancel();
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
