// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_MEMORY_BROKER_HPP
#define STOMPCHAT_MEMORY_MEMORY_BROKER_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/broker.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a memory_broker is like. */
struct memory_broker_options {
    /// Of the log; it never changes.
    std::uint32_t partitions = 16;

    /// How much of the past a partition keeps, in octets of memory and in messages. The oldest messages that were shown to the sink are
    /// dropped first; a read that begins before what is left is `read_status::lost`.
    std::size_t history_octets_per_partition = 4 * 1024 * 1024;
    /// See `history_octets_per_partition`.
    std::size_t history_messages_per_partition = 1'000'000;

    /// The longest message in octets: destination, user, headers and body. A longer one is answered with `error::message_too_large`.
    std::size_t max_message_length = 1024 * 1024;

    /// Absent = random, so that a token of an earlier start is never taken for one of this one.
    std::optional<std::uint64_t> epoch;

    /// Offsets grow by a random number from 1 to this one. Kafka's offsets have holes too.
    std::uint32_t largest_offset_step = 1;

    /// How long after it was taken a message is reported published. Its record is not delayed and comes first then.
    std::chrono::milliseconds result_delay{0};
};

/** A broker in the memory of this process: the log dies with the process, and no other process sees it.

    Durable means here: taken. It offers what the port allows a broker over a network to do, so that a node that works with this one does
   not rely on more: several partitions, offsets with holes, late results, and by the functions that begin with `inject_` repeated records,
   lost history and times without service. Within one turn of its executor it shows at most 256 records, 256 results and 256 messages read,
    then it lets others run.

    Thread safety: as the port says; the functions of this class may be called from any thread, also at once.
    Memory: each partition keeps its history, bounded by memory_broker_options. What the sink has not been shown yet is kept beyond that:
    callers bound what is in flight.
    Lifetime: the executor's context outlives it; while that runs in another thread it may be destroyed only when async_stop() has
    completed. */
class memory_broker final : public broker {
public:
    /// Throws `boost::system::system_error` with `error::bad_option` when an option is zero that must not be.
    STOMPCHAT_DECL explicit memory_broker(asio::any_io_executor executor, const memory_broker_options& options = {});
    STOMPCHAT_DECL ~memory_broker() override;

    STOMPCHAT_DECL void start(sink& to) override;
    STOMPCHAT_DECL void publish(std::span<const outgoing> messages) override;
    STOMPCHAT_DECL void set_partitions(std::span<const partition> wanted) override;
    STOMPCHAT_DECL std::uint32_t partitions() const noexcept override;
    STOMPCHAT_DECL asio::any_io_executor get_executor() const override;

    /// Of the log as it is now.
    STOMPCHAT_DECL std::uint64_t epoch() const;

    /// How often a partition was read to answer async_read(): reads that wait for the same partition are answered by one.
    STOMPCHAT_DECL std::uint64_t physical_reads() const;

    /// What all partitions keep, in octets of memory and in messages.
    STOMPCHAT_DECL std::size_t history_octets() const;
    /// See history_octets().
    STOMPCHAT_DECL std::size_t history_messages() const;

    /// With `false` the broker becomes unavailable: it keeps what it is given, shows nothing, and reads fail. With `true` it goes on.
    STOMPCHAT_DECL void inject_available(bool available);

    /// The broker refuses to serve, for good: as after inject_available(false), but it says `broker_state::refused`.
    STOMPCHAT_DECL void inject_refusal();

    /// Shows the records of a partition at or behind `from` once more, as after a reconnect.
    STOMPCHAT_DECL void inject_repeat(partition of, offset from);

    /// Forgets the records of a partition below `end`, except what was not shown yet.
    STOMPCHAT_DECL void inject_loss(partition of, offset end);

    /// Forgets all records, shown or not, and goes on under a new epoch. Offsets go on growing.
    STOMPCHAT_DECL void inject_new_log();

private:
    class core;

    STOMPCHAT_DECL void do_read(std::string destination, position from, read_bounds bounds,
                                detail::completion<void(error_code, read_result)> done) override;
    STOMPCHAT_DECL void do_end(partition of, detail::completion<void(error_code, position)> done) override;
    STOMPCHAT_DECL void do_stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done) override;

    std::shared_ptr<core> core_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/memory/impl/memory_broker.ipp>
#endif

#endif
