// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_CORE_IPP
#define STOMPCHAT_KAFKA_IMPL_KAFKA_BROKER_CORE_IPP

#include <stompchat/kafka/detail/ephemeral_producer.hpp>
#include <stompchat/kafka/detail/epoch_marker.hpp>
#include <stompchat/kafka/detail/latency.hpp>
#include <stompchat/kafka/detail/live_reader.hpp>
#include <stompchat/kafka/detail/past_reader.hpp>
#include <stompchat/kafka/detail/producer.hpp>
#include <stompchat/kafka/detail/topics.hpp>
#include <stompchat/kafka/kafka_broker.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** Puts the parts together, and says what state they are in.

    Start: the topics, then the epoch (whose marker is the first record that this producer writes), then where the log ends; then the log is
    read and written, and a probe goes through it. Each step is tried again until it succeeds.
    State: ready while no record waits for its acknowledgement, and no probe to be seen, for longer than `unavailable_after`. After that a
    probe has to come through before it is ready again. A probe is written when for `probe_interval` nothing was acknowledged, or nothing
    was read.
    Everything runs on the strand; publish() alone comes from any thread. */
class kafka_broker::core final : public std::enable_shared_from_this<core>, private kafka::live_reader::listener {
public:
    /// Throws what the constructor of kafka_broker throws.
    core(asio::any_io_executor executor, kafka_broker_options options, observer* watcher);

    void set_up();
    void start(sink& to);
    void publish(std::span<const outgoing> messages);
    void set_partitions(std::vector<bool> wanted);
    void read(std::string destination, position from, read_bounds bounds, detail::completion<void(error_code, read_result)> done);
    void end(partition of, detail::completion<void(error_code, position)> done);
    void stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done);
    void abandon();
    void inject_fatal_producer();

    std::uint32_t partitions() const noexcept { return environment_->options.partitions; }
    const asio::any_io_executor& executor() const noexcept { return environment_->executor; }
    broker_statistics statistics() const;

private:
    using clock = std::chrono::steady_clock;
    enum class life {
        running,
        stopping,
        stopped,
    };
    /// Acknowledged; which copy is the first one is not known yet.
    struct unsettled {
        kafka::written what;
        bool asked = false; // the past is being read for it
    };

    // Start, and a log made anew.
    void find_topics();
    void on_topics(const kafka::topics_report& found);
    void find_epoch();
    void find_end(const kafka::log_epoch& epoch);
    void begin(const kafka::log_epoch& epoch, const std::vector<offset>& next);
    void find_new_epoch(bool anew);
    void find_new_end(const kafka::log_epoch& epoch, bool anew);
    template <class Then>
    void later(std::chrono::milliseconds pause, Then then);

    // What the parts tell.
    void on_written(std::span<const kafka::written> results);
    void on_records(std::span<const record_view> records, const position& next) override;
    void on_ephemeral(std::span<const record_view> records) override;
    void on_probe(const record_id& id) override;
    void on_other_log(bool anew) override;

    // Results.
    void settle();
    bool settle(unsettled& one);
    void ask_for_first_copy(const kafka::written& what);
    void settled(const kafka::written& what, offset first);
    void answer(std::uint64_t ticket, error_code failure, const position& at = {});
    void tell_results();
    void refuse(std::vector<publish_result> results);

    // State.
    void tick();
    void judge();
    void send_probe();
    void change(broker_state to);
    void report();

    // Stop.
    void try_to_stop();
    void give_up();
    void close();
    void closed();

    const kafka::environment_ptr environment_;
    std::shared_ptr<kafka::past_reader> past_;
    std::shared_ptr<kafka::live_reader> live_;
    std::shared_ptr<kafka::producer> producer_;
    std::shared_ptr<kafka::ephemeral_producer> ephemeral_;
    std::shared_ptr<kafka::epoch_marker> marker_;

    std::atomic<life> life_{life::running};
    sink* sink_ = nullptr;
    broker_state state_ = broker_state::starting;
    std::uint64_t epoch_ = 0;
    bool begun_ = false;
    std::string told_; // the last failure of a start, which is told once
    std::vector<std::string> warned_;

    asio::steady_timer tick_timer_;
    std::optional<record_id> probe_; // on its way
    bool probe_read_ = false;        // whether it can be seen
    bool probe_seen_ = false;        // one came through since the broker was last ready
    clock::time_point probe_sent_;
    partition probe_next_ = 0;
    clock::time_point acknowledged_; // the last time
    clock::time_point heard_;        // the last time
    clock::time_point reported_;
    kafka::latency latency_;
    std::atomic<std::int64_t> p50_{0};
    std::atomic<std::int64_t> p99_{0};

    std::vector<publish_result> results_;
    std::deque<unsettled> unsettled_;

    asio::steady_timer stop_timer_;
    bool gave_up_ = false;
    int closing_ = 0;
    std::vector<detail::completion<void(error_code)>> stop_waiters_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
