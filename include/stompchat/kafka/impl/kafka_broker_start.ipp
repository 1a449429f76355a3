// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_START_IPP
#define STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_START_IPP

#include <stompchat/kafka/impl/kafka_broker_core.ipp>

#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI {
namespace kafka::detail {

/// A part, or what is wrong with the options.
template <class Part>
Part value_or_throw(boost::system::result<Part, kafka_failure> made) {
    if (!made) throw boost::system::system_error(made.error().code, made.error().text);
    return std::move(*made);
}

inline environment_ptr make_environment(asio::any_io_executor executor, kafka_broker_options options, observer* watcher) {
    if (const kafka_failure failure = check_kafka_options(options); failure.code)
        throw boost::system::system_error(failure.code, failure.text);
    return std::make_shared<environment>(asio::make_strand(std::move(executor)), std::move(options), watcher);
}

inline constexpr std::chrono::milliseconds try_again{300};
inline constexpr std::chrono::seconds ask_operator{5};

} // namespace kafka::detail

STOMPCHAT_DECL kafka_broker::core::core(asio::any_io_executor executor, kafka_broker_options options, observer* watcher)
    : environment_(kafka::detail::make_environment(std::move(executor), std::move(options), watcher)), tick_timer_(environment_->executor),
      stop_timer_(environment_->executor) {}

STOMPCHAT_DECL void kafka_broker::core::set_up() {
    using kafka::detail::value_or_throw;
    past_ = std::make_shared<kafka::past_reader>(environment_);
    live_ = value_or_throw(kafka::live_reader::make(environment_, past_));
    producer_ = value_or_throw(kafka::producer::make(environment_, [weak = weak_from_this()](std::span<const kafka::written> results) {
        if (const auto self = weak.lock()) self->on_written(results);
    }));
    ephemeral_ = value_or_throw(kafka::ephemeral_producer::make(environment_));
    auto write = [weak = weak_from_this()](const std::string&, partition, std::string key, std::string value, auto done) {
        if (const auto self = weak.lock()) self->producer_->write_marker(std::move(key), std::move(value), std::move(done));
    };
    marker_ = std::make_shared<kafka::epoch_marker>(environment_, std::move(write), past_);
}

STOMPCHAT_DECL void kafka_broker::core::start(sink& to) {
    asio::post(executor(), [self = shared_from_this(), &to] {
        if (self->life_ != life::running) return;
        self->sink_ = &to;
        to.on_state(broker_state::starting);
        self->reported_ = clock::now();
        self->find_topics();
        self->tick();
    });
}

template <class Then>
void kafka_broker::core::later(std::chrono::milliseconds pause, Then then) {
    const auto timer = std::make_shared<asio::steady_timer>(executor(), pause);
    timer->async_wait([weak = weak_from_this(), timer, then](error_code failure) {
        const auto self = weak.lock();
        if (!failure && self && self->life_ == life::running) then(*self);
    });
}

STOMPCHAT_DECL void kafka_broker::core::find_topics() {
    environment_->run_blocking([rk = live_->consumer()->get(), use = live_->consumer()->use(),
                                options = &environment_->options] { return kafka::prepare_topics(rk, *options); },
                               [weak = weak_from_this()](const kafka::topics_report& found) {
                                   const auto self = weak.lock();
                                   if (self && self->life_ == life::running) self->on_topics(found);
                               });
}

STOMPCHAT_DECL void kafka_broker::core::on_topics(const kafka::topics_report& found) {
    for (const std::string& warning : found.warnings) {
        if (std::find(warned_.begin(), warned_.end(), warning) != warned_.end()) continue;
        warned_.push_back(warning);
        environment_->log(severity::warning, "Kafka: " + warning);
    }
    if (!found.failure.code) return find_epoch();
    if (told_ != found.failure.text) {
        told_ = found.failure.text;
        environment_->log(found.needs_operator ? severity::error : severity::info, "Kafka: " + told_);
    }
    // It looks on all the same, until somebody has put that right.
    if (found.failure.code == error::bad_option && state_ != broker_state::refused) change(broker_state::refused);
    later(found.needs_operator ? kafka::detail::ask_operator : kafka::detail::try_again, [](core& self) { self.find_topics(); });
}

STOMPCHAT_DECL void kafka_broker::core::find_epoch() {
    marker_->find([weak = weak_from_this()](error_code failure, kafka::log_epoch epoch) {
        const auto self = weak.lock();
        if (!self || self->life_ != life::running) return;
        if (!failure) return self->find_end(epoch);
        self->later(kafka::detail::try_again, [](core& again) { again.find_epoch(); });
    });
}

STOMPCHAT_DECL void kafka_broker::core::find_end(const kafka::log_epoch& epoch) {
    live_->find_bounds([weak = weak_from_this(), epoch](const std::vector<kafka::log_bounds>& bounds) {
        const auto self = weak.lock();
        if (!self || self->life_ != life::running) return;
        std::vector<offset> next;
        for (const kafka::log_bounds& one : bounds) next.push_back(one.high);
        if (std::find(next.begin(), next.end(), -1) == next.end()) return self->begin(epoch, next);
        self->later(kafka::detail::try_again, [epoch](core& again) { again.find_end(epoch); });
    });
}

STOMPCHAT_DECL void kafka_broker::core::begin(const kafka::log_epoch& epoch, const std::vector<offset>& next) {
    epoch_ = epoch.value;
    past_->start(epoch);
    past_->set_available(true);
    ephemeral_->open();
    live_->start(*this, epoch, next);
    producer_->open(epoch.value, next);
    begun_ = true;
    acknowledged_ = heard_ = clock::now();
    send_probe();
}

STOMPCHAT_DECL void kafka_broker::core::on_other_log(bool anew) {
    environment_->log(severity::warning, anew ? "Kafka: the log was made anew" : "Kafka: the end of the log was cut off");
    ++environment_->count.new_epochs;
    probe_.reset();
    find_new_epoch(anew);
}

STOMPCHAT_DECL void kafka_broker::core::find_new_epoch(bool anew) {
    marker_->renew(epoch_, [weak = weak_from_this(), anew](error_code failure, kafka::log_epoch epoch) {
        const auto self = weak.lock();
        if (!self || self->life_ != life::running) return;
        if (!failure) return self->find_new_end(epoch, anew);
        self->later(kafka::detail::try_again, [anew](core& again) { again.find_new_epoch(anew); });
    });
}

STOMPCHAT_DECL void kafka_broker::core::find_new_end(const kafka::log_epoch& epoch, bool anew) {
    live_->find_bounds([weak = weak_from_this(), epoch, anew](const std::vector<kafka::log_bounds>& bounds) {
        const auto self = weak.lock();
        if (!self || self->life_ != life::running) return;
        std::vector<offset> next;
        // All that a new topic has is new; of one that was cut off, most is old.
        for (const kafka::log_bounds& one : bounds) next.push_back(anew ? one.low : one.high);
        if (std::find(next.begin(), next.end(), -1) != next.end())
            return self->later(kafka::detail::try_again, [epoch, anew](core& again) { again.find_new_end(epoch, anew); });
        self->epoch_ = epoch.value;
        self->past_->start(epoch);
        self->producer_->new_epoch(epoch.value, next);
        self->live_->restart(epoch, next);
        self->send_probe();
    });
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
