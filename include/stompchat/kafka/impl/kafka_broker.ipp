// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_IPP
#define STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_IPP

#include <stompchat/kafka/impl/ephemeral_producer.ipp>
#include <stompchat/kafka/impl/kafka_broker_core.ipp>
#include <stompchat/kafka/impl/kafka_broker_results.ipp>
#include <stompchat/kafka/impl/kafka_broker_start.ipp>
#include <stompchat/kafka/impl/kafka_broker_state.ipp>
#include <stompchat/kafka/impl/live_reader.ipp>
#include <stompchat/kafka/impl/producer.ipp>
#include <stompchat/kafka/impl/topics.ipp>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL kafka_broker::kafka_broker(asio::any_io_executor executor, kafka_broker_options options, observer* watcher)
    : core_(std::make_shared<core>(std::move(executor), std::move(options), watcher)) {
    core_->set_up();
}

STOMPCHAT_DECL kafka_broker::~kafka_broker() { core_->abandon(); }

STOMPCHAT_DECL void kafka_broker::start(sink& to) { core_->start(to); }

STOMPCHAT_DECL void kafka_broker::publish(std::span<const outgoing> messages) { core_->publish(messages); }

STOMPCHAT_DECL void kafka_broker::set_partitions(std::span<const partition> wanted) {
    std::vector<bool> flags(core_->partitions());
    for (const partition p : wanted)
        if (p < flags.size()) flags[p] = true;
    core_->set_partitions(std::move(flags));
}

STOMPCHAT_DECL std::uint32_t kafka_broker::partitions() const noexcept { return core_->partitions(); }

STOMPCHAT_DECL asio::any_io_executor kafka_broker::get_executor() const { return core_->executor(); }

STOMPCHAT_DECL std::uint64_t kafka_broker::physical_reads() const { return core_->statistics().physical_reads; }

STOMPCHAT_DECL broker_statistics kafka_broker::statistics() const { return core_->statistics(); }

STOMPCHAT_DECL void kafka_broker::inject_fatal_producer() { core_->inject_fatal_producer(); }

STOMPCHAT_DECL void kafka_broker::do_read(std::string destination, position from, read_bounds bounds,
                                          detail::completion<void(error_code, read_result)> done) {
    core_->read(std::move(destination), from, bounds, std::move(done));
}

STOMPCHAT_DECL void kafka_broker::do_end(partition of, detail::completion<void(error_code, position)> done) {
    core_->end(of, std::move(done));
}

STOMPCHAT_DECL void kafka_broker::do_stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done) {
    core_->stop(patience, std::move(done));
}

STOMPCHAT_DECL void kafka_broker::core::set_partitions(std::vector<bool> wanted) {
    asio::post(executor(), [self = shared_from_this(), wanted = std::move(wanted)]() mutable {
        if (self->life_ != life::running) return;
        self->live_->set_partitions(std::move(wanted));
        // A probe that cannot be seen any more must not be waited for.
        if (!self->live_->wants(self->probe_next_)) self->probe_.reset();
    });
}

STOMPCHAT_DECL void kafka_broker::core::read(std::string destination, position from, read_bounds bounds,
                                             detail::completion<void(error_code, read_result)> done) {
    asio::post(executor(),
               [self = shared_from_this(), destination = std::move(destination), from, bounds, done = std::move(done)]() mutable {
                   if (self->life_ != life::running) return done(make_error_code(error::stopped), {});
                   self->past_->read(std::move(destination), from, bounds, std::move(done));
               });
}

STOMPCHAT_DECL void kafka_broker::core::end(partition of, detail::completion<void(error_code, position)> done) {
    asio::post(executor(), [self = shared_from_this(), of, done = std::move(done)]() mutable {
        if (self->life_ != life::running) return done(make_error_code(error::stopped), {});
        self->past_->end(of, std::move(done));
    });
}

STOMPCHAT_DECL void kafka_broker::core::inject_fatal_producer() {
    asio::post(executor(), [self = shared_from_this()] {
        if (self->life_ == life::running) self->producer_->inject_fatal();
    });
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
