// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_KAFKA_BROKER_HPP
#define STOMPCHAT_KAFKA_KAFKA_BROKER_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/kafka_options.hpp>
#include <stompchat/ports/broker.hpp>
#include <stompchat/ports/observer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI {

/** A broker whose log is a topic of Apache Kafka, through librdkafka.

    Durable means here: all in-sync replicas have it (`acks=all`); with three replicas at least two. The log is made so that it never
    loses what was acknowledged as long as one in-sync replica lives, and never elects another one.

    Every node reads all partitions (or those of set_partitions()) without a consumer group: nothing is rebalanced, and a node that dies
    stops nobody. A message that Kafka may or may not have got is written again, with the same id; readers drop the copy by a rule that
    depends on the log alone, so all of them drop the same one.

    States: `starting` until the topics are there, and a first record has been acknowledged; `ready`; `unavailable` while nothing is
    acknowledged or seen back for `unavailable_after`, or no broker answers. What stands in the way for good (another number of partitions,
    a topic that may not be created) is told to the observer as an error, tried again, and the broker stays `starting`.

    Thread safety: as the port says.
    Memory: what was given to publish() and is not acknowledged is kept, callers bound it; librdkafka holds at most `max_in_flight` of it.
    It runs about 20 threads of its own, which sleep when nothing happens.
    Lifetime: the executor's context and the observer outlive it; while the context runs in another thread it may be destroyed only when
    async_stop() has completed. */
class kafka_broker final : public broker {
public:
    /// Throws `boost::system::system_error` with `error::bad_option`, and a text that names the option, when check_kafka_options() finds
    /// one. `watcher` may be null.
    STOMPCHAT_DECL explicit kafka_broker(asio::any_io_executor executor, kafka_broker_options options, observer* watcher = nullptr);
    STOMPCHAT_DECL ~kafka_broker() override;

    STOMPCHAT_DECL void start(sink& to) override;
    STOMPCHAT_DECL void publish(std::span<const outgoing> messages) override;
    STOMPCHAT_DECL void set_partitions(std::span<const partition> wanted) override;
    STOMPCHAT_DECL std::uint32_t partitions() const noexcept override;
    STOMPCHAT_DECL asio::any_io_executor get_executor() const override;

    /// How often a partition was read to answer async_read(): reads that wait for the same partition are answered by one.
    STOMPCHAT_DECL std::uint64_t physical_reads() const;

    /// Counters since the start; the observer is told the same every ten seconds. Thread safety: safe to call from any thread.
    STOMPCHAT_DECL broker_statistics statistics() const;

    /// Makes the producer fail for good, as Kafka makes it fail when it has lost track of a record, so that a test sees what then happens.
    STOMPCHAT_DECL void inject_fatal_producer();

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
#include <stompchat/kafka/impl/kafka_broker.ipp>
#endif

#endif
