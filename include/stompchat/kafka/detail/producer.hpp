// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_PRODUCER_HPP
#define STOMPCHAT_KAFKA_DETAIL_PRODUCER_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/kafka/detail/handle.hpp>
#include <stompchat/kafka/detail/pending.hpp>
#include <stompchat/ports/broker.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct rd_kafka_topic_s;

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/// What became of a record.
struct written {
    std::uint64_t ticket = 0;
    error_code error;
    position at;
    record_id id;
    position base;
    record_type type = record_type::message;
    /// The first copy may stand before it.
    bool may_be_copy = false;
    pending::clock::time_point taken;
};

/** Writes records to the log, in order, through an idempotent producer of librdkafka.

    Rules:
    1. Each partition has a queue of its own, in the order in which records were taken, and librdkafka has a bounded part of its front: a
       partition whose leader is away stops nobody else.
    2. Id and base of a record are fixed when it is taken, and go with each of its copies.
    3. A record that comes back with anything but an acknowledgement (a fatal error of the idempotent producer, a topic that is away) is
       not answered: nothing new is written, all that the producer has is waited for, and a new producer is given everything that is not
       acknowledged, in order. Kafka may have got some of it, which the rule of copies settles.
    4. Only what is wrong with the record itself, its size, is answered with an error.

    Thread safety: publish() may be called from any thread; the rest is for the executor. Nothing is called back inside a call. */
class producer : public std::enable_shared_from_this<producer> {
public:
    using on_written = std::function<void(std::span<const written>)>;

    /// Errors: what librdkafka does not take of the options.
    STOMPCHAT_DECL static boost::system::result<std::shared_ptr<producer>, kafka_failure> make(environment_ptr environment,
                                                                                               on_written told);
    STOMPCHAT_DECL ~producer();

    /// Takes messages that are not ephemeral. Precondition: each fits_record_header().
    STOMPCHAT_DECL void publish(std::span<const outgoing> messages);
    /// Writes a record that no one is shown into a partition, to see it come back. Precondition: opened.
    STOMPCHAT_DECL record_id probe(partition into);
    /// Writes a record into partition 0 of the topic of markers, which has to be there.
    STOMPCHAT_DECL void write_marker(std::string key, std::string value, pending::told done);

    /// The log is there: it is written from now on. All below `next[p]` stands in it.
    STOMPCHAT_DECL void open(std::uint64_t epoch, std::span<const offset> next);
    /// The log is another one.
    STOMPCHAT_DECL void new_epoch(std::uint64_t epoch, std::span<const offset> next) { open(epoch, next); }
    /// All below `at` stands in the log.
    STOMPCHAT_DECL void reached(const position& at);

    /// Nothing waits for an acknowledgement.
    STOMPCHAT_DECL bool idle() const;
    /// How many do.
    std::size_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }
    /// When the oldest of them was taken.
    STOMPCHAT_DECL std::optional<pending::clock::time_point> oldest() const;

    std::uint64_t incarnation() const noexcept { return incarnation_; }
    const std::shared_ptr<handle>& current() const noexcept { return handle_; }
    STOMPCHAT_DECL void inject_fatal();

    /// Gives up: all that waits is answered with error::outcome_unknown, in `into`. `done` comes when the handle is closed.
    STOMPCHAT_DECL void stop(std::vector<written>& into, std::function<void()> done);

private:
    enum class life {
        writing,
        draining, ///< rule 3
        stopped,
    };
    /// Taken before it was known where the log stands.
    struct early {
        message what;
        std::uint64_t ticket;
        record_id id;
        position base;
    };

    producer(environment_ptr environment, on_written told);

    kafka_failure make_handle();
    void close_handle(std::shared_ptr<void> keep, std::function<void()> done);
    pending::owner encode(const outgoing& one, record_type type, std::uint32_t lane);
    void append(pending::owner one);
    void write(std::uint32_t lane);
    bool write_one(pending& one, std::uint32_t lane);
    void write_waiting();
    void on_event(rd_kafka_op_s* event);
    void on_reports(rd_kafka_op_s* event);
    void drain();
    void go_on_draining();
    void renew();
    std::uint32_t marker_lane() const noexcept { return partitions_; }

    const environment_ptr environment_;
    const on_written told_;
    const std::uint32_t partitions_;
    const std::size_t most_of_partition_;
    const std::uint64_t incarnation_;
    std::atomic<std::uint64_t> sequence_{0};
    std::atomic<std::uint64_t> epoch_{0};
    const std::unique_ptr<std::atomic<offset>[]> reached_;
    std::atomic<std::size_t> in_flight_{0};
    std::atomic<std::size_t> out_{0};

    mutable std::mutex mutex_;
    std::vector<pending_queue> lanes_;    // guarded: one for each partition, then that of the markers
    std::vector<std::uint32_t> hungry_;   // guarded: lanes with records that librdkafka did not take
    std::vector<early> early_;            // guarded
    life life_ = life::writing;           // guarded
    bool open_ = false;                   // guarded
    std::shared_ptr<handle> handle_;      // changed on the executor, guarded
    rd_kafka_topic_s* log_ = nullptr;     // likewise
    rd_kafka_topic_s* markers_ = nullptr; // likewise

    asio::steady_timer timer_;
    int drained_ = 0; // steps of waiting for the old producer
    pending::clock::time_point renewed_{};
    std::vector<written> results_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/producer.ipp>
#endif

#endif
