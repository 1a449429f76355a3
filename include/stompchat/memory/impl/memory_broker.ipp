// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_IMPL_MEMORY_BROKER_IPP
#define STOMPCHAT_MEMORY_IMPL_MEMORY_BROKER_IPP

#include <stompchat/memory/impl/memory_broker_calls.ipp>
#include <stompchat/memory/impl/memory_broker_turn.ipp>
#include <stompchat/memory/impl/partition_log.ipp>
#include <stompchat/memory/memory_broker.hpp>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL memory_broker::memory_broker(asio::any_io_executor executor, const memory_broker_options& options)
    : core_(std::make_shared<core>(std::move(executor), options)) {}

STOMPCHAT_DECL memory_broker::~memory_broker() { core_->abandon(); }

STOMPCHAT_DECL void memory_broker::start(sink& to) { core_->start(to); }

STOMPCHAT_DECL void memory_broker::publish(std::span<const outgoing> messages) { core_->publish(messages); }

STOMPCHAT_DECL void memory_broker::set_partitions(std::span<const partition> wanted) { core_->set_partitions(wanted); }

STOMPCHAT_DECL std::uint32_t memory_broker::partitions() const noexcept { return core_->partitions(); }

STOMPCHAT_DECL asio::any_io_executor memory_broker::get_executor() const { return core_->executor(); }

STOMPCHAT_DECL std::uint64_t memory_broker::epoch() const { return core_->epoch(); }

STOMPCHAT_DECL std::uint64_t memory_broker::physical_reads() const { return core_->physical_reads(); }

STOMPCHAT_DECL std::size_t memory_broker::history_octets() const { return core_->history_octets(); }

STOMPCHAT_DECL std::size_t memory_broker::history_messages() const { return core_->history_messages(); }

STOMPCHAT_DECL void memory_broker::inject_available(bool available) { core_->inject_available(available); }

STOMPCHAT_DECL void memory_broker::inject_refusal() { core_->inject_refusal(); }

STOMPCHAT_DECL void memory_broker::inject_repeat(partition of, offset from) { core_->inject_repeat(of, from); }

STOMPCHAT_DECL void memory_broker::inject_loss(partition of, offset end) { core_->inject_loss(of, end); }

STOMPCHAT_DECL void memory_broker::inject_new_log() { core_->inject_new_log(); }

STOMPCHAT_DECL void memory_broker::do_read(std::string destination, position from, read_bounds bounds,
                                           detail::completion<void(error_code, read_result)> done) {
    core_->read(std::move(destination), from, bounds, std::move(done));
}

STOMPCHAT_DECL void memory_broker::do_end(partition of, detail::completion<void(error_code, position)> done) {
    core_->end(of, std::move(done));
}

STOMPCHAT_DECL void memory_broker::do_stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done) {
    core_->stop(patience, std::move(done));
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
