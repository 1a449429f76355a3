// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_PAST_READER_HPP
#define STOMPCHAT_KAFKA_DETAIL_PAST_READER_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/kafka/detail/copies.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/kafka/detail/handle.hpp>
#include <stompchat/kafka/detail/log_epoch.hpp>
#include <stompchat/kafka/detail/offset_questions.hpp>
#include <stompchat/kafka/detail/pass_run.hpp>
#include <stompchat/kafka/detail/read_pass.hpp>
#include <stompchat/ports/broker.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** Reads what is in the log already: answers broker::async_read() and async_end(), and looks back for the rule of copies.

    One consumer for all. What waits for the same partition is answered by one pass; a few partitions are read at once. Before each pass the
    broker is asked where the partition begins and ends, so that a read is `complete` only when it has come to an end that the broker named
    after the read was asked for, never because the consumer saw an end.

    Thread safety: for the executor. Nothing is called back inside a call, except by stop() and set_available().
    Memory: what waits, and for each pass the bounds of its reads and what librdkafka fetches ahead. */
class past_reader : public std::enable_shared_from_this<past_reader> {
public:
    using read_done = waiting_read::completion;
    using end_done = stompchat::detail::completion<void(error_code, position)>;
    using ends_known = std::function<void(error_code, const std::vector<offset>&)>;
    using cluster_known = std::function<void(error_code, const std::string&)>;
    using records_read = std::function<void(error_code)>;

    /// Passes at once.
    static constexpr std::size_t most_passes = 4;

    explicit past_reader(environment_ptr environment) : environment_(std::move(environment)) {}
    STOMPCHAT_DECL ~past_reader();

    /// The topic is there, and this is its epoch. Called again when the epoch changes: reads under the old one are `lost`.
    STOMPCHAT_DECL void start(log_epoch epoch);
    /// Whether the broker answers, as far as the broker's core knows: while it does not, reads fail with error::broker_unavailable.
    STOMPCHAT_DECL void set_available(bool available);

    STOMPCHAT_DECL void read(std::string destination, position from, read_bounds bounds, read_done done);
    STOMPCHAT_DECL void end(partition of, end_done done);
    /** Reads what copies::needed() asked for. `done` is given a failure when the broker did not answer, and the caller tries again. What
        the log no longer has counts as read. */
    STOMPCHAT_DECL void look_back(partition of, const kafka::look_back& range, std::function<void(error_code, looked_back)> done);

    /** A record of ours that may be a copy has been acknowledged at `at`: finds where the first copy of it stands, at or above `base` and
        up to `at`. It reads the log: copies::find() is asked first. */
    STOMPCHAT_DECL void first_copy(position at, record_id id, position base, std::function<void(error_code, offset)> done);

    /// What Kafka calls its cluster; also before start().
    STOMPCHAT_DECL void cluster_id(cluster_known done);
    /// Of the log, which is there; also before start().
    STOMPCHAT_DECL void ends(ends_known done);
    /** Reads a small topic of one partition from its begin to its end, which is asked for now; also before start(). The views die when
        `record` returns. */
    STOMPCHAT_DECL void read_all(const std::string& topic, std::function<void(const raw_record&)> record, records_read done);

    /// Answers what waits with error::stopped. Behind `done` nothing is called any more, and the handle is closed.
    STOMPCHAT_DECL void stop(std::function<void()> done);

private:
    struct work {
        std::deque<waiting_read> reads;
        std::vector<waiting_look_back> look_backs;
        bool queued = false;  // in ready_
        bool running = false; // has a pass, or asks for one
    };
    struct running_pass {
        std::shared_ptr<pass_run> run;
        std::unique_ptr<look_back_pass> look_backs;
        std::unique_ptr<read_pass> reads;
    };

    struct small_topic;

    bool open();
    void add_work(partition of);
    void start_passes();
    void start_pass(partition of);
    std::vector<waiting_read> choose(work& from) const;
    void run_reads(partition of, std::vector<waiting_read> reads, const offset_questions::answer& found);
    void run_look_backs(partition of, std::vector<waiting_look_back> all, const offset_questions::answer& found);
    void run(partition of, running_pass made);
    void told(partition of, pass_run::outcome how);
    void again(partition of, std::vector<waiting_read> reads);
    void again(partition of, std::vector<waiting_look_back> look_backs);
    void partition_free(partition of);
    void fail_all(error_code why);
    void close();
    error_code refusal() const;

    environment_ptr environment_;
    log_epoch epoch_;
    bool available_ = false;
    bool stopping_ = false;
    std::function<void()> stopped_;
    std::shared_ptr<handle> consumer_;
    consumed_topic_ptr topic_;
    std::shared_ptr<offset_questions> questions_;
    std::unordered_map<partition, work> work_;
    /// Chosen for a pass whose range is asked for.
    std::unordered_map<partition, std::shared_ptr<std::vector<waiting_read>>> asked_reads_;
    std::unordered_map<partition, std::shared_ptr<std::vector<waiting_look_back>>> asked_look_backs_;
    std::set<std::shared_ptr<end_done>> ends_; // that wait
    std::unordered_map<partition, running_pass> passes_;
    std::deque<partition> ready_;
    std::size_t running_ = 0;                                // partitions that have a pass, or ask for one
    std::size_t runs_ = 0;                                   // that have not ended
    std::vector<std::shared_ptr<small_topic>> small_topics_; // being read
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/past_reader.ipp>
#endif

#endif
