// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_OFFSET_QUESTIONS_IPP
#define STOMPCHAT_KAFKA_IMPL_OFFSET_QUESTIONS_IPP

#include <stompchat/kafka/detail/offset_questions.hpp>

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

STOMPCHAT_DECL void offset_questions::ask(partition of, bool whole, std::optional<std::int64_t> time, answered done) {
    if (stopped_) return;
    question& one = waiting_[of];
    one.whole = one.whole || whole;
    // One place serves all times: what is wanted stands behind the smallest.
    if (time) one.time = one.time ? std::min(*one.time, *time) : *time;
    one.waiting.push_back(std::move(done));
    if (asked_.empty()) next();
}

STOMPCHAT_DECL void offset_questions::next() {
    asked_.swap(waiting_);
    questions copy;
    for (const auto& [of, one] : asked_) copy[of] = {one.whole, one.time, {}};
    environment_->run_blocking([topic = topic_, copy = std::move(copy)] { return look_up(*topic, copy); },
                               [self = shared_from_this()](const replies& all) { self->tell(all); });
}

STOMPCHAT_DECL void offset_questions::tell(const replies& all) {
    questions told;
    told.swap(asked_);
    if (stopped_) return;
    if (!waiting_.empty()) next();
    for (auto& [of, one] : told) {
        const auto found = all.find(of);
        const bool failed = found == all.end() || found->second.failed;
        for (const answered& done : one.waiting)
            done(failed ? make_error_code(error::broker_unavailable) : error_code(), failed ? answer() : found->second.found);
    }
}

STOMPCHAT_DECL void offset_questions::stop() {
    stopped_ = true;
    waiting_.clear();
    for (auto& [of, one] : asked_) one.waiting.clear();
}

STOMPCHAT_DECL offset_questions::replies offset_questions::look_up(const consumed_topic& topic, const questions& all) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    std::vector<wanted> ends;
    std::vector<wanted> begins;
    std::vector<wanted> times;
    for (const auto& [of, one] : all) {
        ends.push_back({of, RD_KAFKA_OFFSET_END});
        if (one.whole) begins.push_back({of, RD_KAFKA_OFFSET_BEGINNING});
        if (one.time) times.push_back({of, std::max<std::int64_t>(*one.time, 0)});
    }
    // The begin and the time first: both stand at or below an end that is asked for later.
    const auto found_begins = list(topic, begins, until);
    const auto found_times = list(topic, times, until);
    const auto found_ends = list(topic, ends, until);

    replies made;
    for (const auto& [of, one] : all) {
        reply& to = made[of];
        const auto begin = found_begins.find(of);
        const auto time = found_times.find(of);
        const auto end = found_ends.find(of);
        if (end == found_ends.end() || (one.whole && begin == found_begins.end()) || (one.time && time == found_times.end())) {
            to.failed = true;
            continue;
        }
        to.found.range.end = end->second;
        if (one.whole) to.found.range.begin = begin->second;
        // Kafka says -1 when no record is young enough.
        if (one.time) to.found.at_time = time->second < 0 ? end->second : time->second;
    }
    return made;
}

STOMPCHAT_DECL std::map<partition, offset> offset_questions::list(const consumed_topic& topic, const std::vector<wanted>& all,
                                                                  std::chrono::steady_clock::time_point until) {
    std::map<partition, offset> found;
    std::vector<wanted> left = all;
    while (!left.empty()) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= until) return found;
        const std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)> asked(
            rd_kafka_topic_partition_list_new(static_cast<int>(left.size())), &rd_kafka_topic_partition_list_destroy);
        for (const wanted& one : left)
            rd_kafka_topic_partition_list_add(asked.get(), topic.name().c_str(), static_cast<int>(one.of))->offset = one.time;
        const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count();
        const auto outcome =
            rd_kafka_offsets_for_times(topic.consumer(), asked.get(), static_cast<int>(std::max<std::int64_t>(patience, 1)));
        for (int i = 0; outcome == RD_KAFKA_RESP_ERR_NO_ERROR && i != asked->cnt; ++i) {
            const rd_kafka_topic_partition_t& one = asked->elems[i];
            if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR) found[static_cast<partition>(one.partition)] = one.offset;
        }
        std::erase_if(left, [&](const wanted& one) { return found.contains(one.of); });
        // A partition that changes its leader answers again in a moment.
        if (!left.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return found;
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
