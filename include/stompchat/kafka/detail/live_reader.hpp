// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_LIVE_READER_HPP
#define STOMPCHAT_KAFKA_DETAIL_LIVE_READER_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/copies.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/kafka/detail/handle.hpp>
#include <stompchat/kafka/detail/log_epoch.hpp>
#include <stompchat/kafka/detail/past_reader.hpp>
#include <stompchat/kafka/record.hpp>
#include <stompchat/ports/broker.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

struct rd_kafka_message_s;
struct rd_kafka_topic_s;

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/// Where a partition begins and ends, as a broker told; -1 = unknown, as of a partition without a leader.
struct log_bounds {
    offset low = -1;
    offset high = -1;
};

/** Shows the records of the log as they come: all partitions, or those that are wanted, each from a place that is known as a number. No
    consumer group: nothing is rebalanced.

    Rules:
    1. A partition is shown from `next` on, without a break. What comes twice, below `next`, is dropped.
    2. A record whose judgement needs a look back stops its partition until that is done; then it is fetched again from that record on.
    3. An offset that the broker does not have means that the log was truncated, or that the retention overtook this reader, or that the
       topic was made anew. An end below `next` means that it is another log: all partitions stop until restart() tells its epoch. Else the
       partition goes on at what is left, under the same epoch, and subscribers find out that something is missing when they read back.
    4. A record of a version that is not known here stops its partition for good.

    Thread safety: for the executor. */
class live_reader : public std::enable_shared_from_this<live_reader> {
public:
    /// Whom it tells. Called from turns of its own, never from inside a function of the reader.
    struct listener {
        virtual void on_records(std::span<const record_view> records, const position& next) = 0;
        virtual void on_ephemeral(std::span<const record_view> records) = 0;
        /// A record that was written to see it come back.
        virtual void on_probe(const record_id& id) = 0;
        /// Rule 3: it is another log. `anew` when its topic was made anew, not truncated.
        virtual void on_other_log(bool anew) = 0;

    protected:
        ~listener() = default;
    };

    STOMPCHAT_DECL static boost::system::result<std::shared_ptr<live_reader>, kafka_failure> make(environment_ptr environment,
                                                                                                  std::shared_ptr<past_reader> past);
    STOMPCHAT_DECL ~live_reader();

    /// Whose metadata and offsets others may ask for.
    const std::shared_ptr<handle>& consumer() const noexcept { return handle_; }

    /// Asks for the bounds of all partitions.
    STOMPCHAT_DECL void find_bounds(std::function<void(std::vector<log_bounds>)> done);

    /// Shows what is wanted, from `next[p]` on.
    STOMPCHAT_DECL void start(listener& to, const log_epoch& epoch, std::span<const offset> next);
    /// Behind on_other_log().
    STOMPCHAT_DECL void restart(const log_epoch& epoch, std::span<const offset> next);
    STOMPCHAT_DECL void set_partitions(std::vector<bool> wanted);
    STOMPCHAT_DECL bool wants(partition of) const { return parts_[of].wanted; }

    /// All below it was read.
    offset next(partition of) const { return parts_[of].next; }
    /// Whether the partition is being read.
    bool reads(partition of) const { return parts_[of].is == state::reading; }
    const copies& known() const noexcept { return copies_; }
    /// Rule 4.
    bool blocked() const noexcept { return blocked_; }
    /// Something came from the log since the last call.
    bool heard() noexcept { return std::exchange(heard_, false); }

    STOMPCHAT_DECL void stop(std::function<void()> done);

private:
    enum class state {
        idle,    ///< not wanted, or stopped by rule 3
        asking,  ///< its end is asked for
        reading, ///< it is fetched
        looking, ///< rule 2
        stopped, ///< rule 4
    };
    struct part {
        state is = state::idle;
        bool wanted = true;
        bool begins = false; ///< the listener has to be told where
        // What librdkafka was told: to stop takes its time, on another thread.
        bool fetched = false;
        bool stopping = false;
        bool fetch_then = false;
        offset next = 0;
        /// Changes when it is decided anew what is read.
        std::uint32_t assignment = 0;
    };

    live_reader(environment_ptr environment, std::shared_ptr<past_reader> past);

    bool drain();
    void show(std::span<rd_kafka_message_s* const> run);
    void show_ephemeral(std::span<rd_kafka_message_s* const> run);
    void on_failure(const rd_kafka_message_s& message);
    /// False: the record is not shown, and the run ends in front of it.
    bool take(const decoded_record& read);
    void look(const decoded_record& read);
    void begin(partition of, offset at);
    void fetch(partition of);
    void start_fetching(partition of);
    void stop_fetching(std::vector<partition> some);
    void leave(partition of, state to);
    void ask_back(partition of, const look_back& range);
    void ask_for_end(partition of);
    void compare_with_log(partition of);
    void compare(partition of, const log_bounds& now);
    void other_log(bool anew);
    template <class Then>
    void later(partition of, Then then);
    raw_record raw(const rd_kafka_message_s& message) const;

    const environment_ptr environment_;
    const std::shared_ptr<past_reader> past_;
    std::shared_ptr<handle> handle_;
    rd_kafka_topic_s* log_ = nullptr;
    rd_kafka_topic_s* ephemeral_ = nullptr;
    listener* listener_ = nullptr;
    log_epoch epoch_;
    copies copies_;
    std::vector<part> parts_;
    bool started_ = false;
    bool other_log_ = false;
    bool blocked_ = false;
    bool heard_ = false;
    bool stopped_ = false;
    std::vector<rd_kafka_message_s*> batch_;
    std::vector<record_view> views_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/live_reader.ipp>
#endif

#endif
