// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_OFFSET_QUESTIONS_HPP
#define STOMPCHAT_KAFKA_DETAIL_OFFSET_QUESTIONS_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/consumed_topic.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/kafka/detail/pass.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** What partitions' offsets are, asked of the broker. What is asked while a question is under way goes into the next one, all together, so
    that a storm of them is a few requests.
    Thread safety: for the executor. Memory: what waits. */
class offset_questions : public std::enable_shared_from_this<offset_questions> {
public:
    struct answer {
        partition_range range;
        /// The first record whose timestamp in Kafka is at or behind the time that was asked for; the end if there is none.
        std::optional<offset> at_time;
    };
    using answered = std::function<void(error_code, const answer&)>;

    offset_questions(environment_ptr environment, consumed_topic_ptr topic)
        : environment_(std::move(environment)), topic_(std::move(topic)) {}

    /** Asks for the end of a partition, as it is when this is called or later; for its begin too if `whole`, and for the place of a
        time, in milliseconds since 1970-01-01 UTC. `done` comes with error::broker_unavailable when there is no answer in time. */
    STOMPCHAT_DECL void ask(partition of, bool whole, std::optional<std::int64_t> time, answered done);

    /// Drops what waits: nothing is called any more.
    STOMPCHAT_DECL void stop();

private:
    struct question {
        bool whole = false;
        std::optional<std::int64_t> time;
        std::vector<answered> waiting;
    };
    struct reply {
        bool failed = false;
        answer found;
    };
    using questions = std::map<partition, question>;
    using replies = std::map<partition, reply>;
    /// For the partition that `of` names, by the time that `time` is; -1 and -2 are Kafka's end and begin.
    struct wanted {
        partition of;
        std::int64_t time;
    };

    void next();
    void tell(const replies& all);
    static replies look_up(const consumed_topic& topic, const questions& all);
    static std::map<partition, offset> list(const consumed_topic& topic, const std::vector<wanted>& all,
                                            std::chrono::steady_clock::time_point until);

    environment_ptr environment_;
    consumed_topic_ptr topic_;
    questions waiting_;
    questions asked_; // not empty: under way
    bool stopped_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/offset_questions.ipp>
#endif

#endif
