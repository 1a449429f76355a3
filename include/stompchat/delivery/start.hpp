// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_START_HPP
#define STOMPCHAT_DELIVERY_START_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/latest.hpp>
#include <stompchat/ports/broker.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** What a shard knows of a topic at the moment. */
struct topic_knowledge {
    /// The log that the topic is told of.
    std::uint64_t epoch = 0;
    /// Where the destination lives.
    stompchat::partition partition = 0;
    /// The shard's position of the partition.
    offset told = 0;
    /// At or above it nothing of the destination stands behind `last`.
    offset known_from = 0;
    /// The last record, as far as it is known.
    offset last = -1;
    /// The floor of the recent messages.
    offset recent_from = 0;
};

/** What a subscription that begins does next. */
struct start_step {
    /// What is to be done.
    enum class action : std::uint8_t {
        begin,              ///< its first message is the first one at or above `from`
        begin_with_history, ///< it is fed `found` first, and then what stands behind it; without history it would begin at `from`
        read,               ///< read the log from `read_from` on, then start_request::on_read()
        wait,               ///< after a pause, start_request::again()
        ask_end,            ///< ask the broker for the partition's end, then start_request::on_end()
    };

    /// What is to be done.
    action what = action::begin;
    /// Of a beginning.
    offset from = 0;
    /// Of a read.
    position read_from;
    /// Of a read.
    read_bounds bounds;
    /// Of a beginning with history.
    read_result found;
};

/** What a SUBSCRIBE asked for, until its subscription begins and its RECEIPT goes out: the state machine of where it begins.

    1. Nothing begins before the shard has the topic: then everything at or above the shard's position comes live.
    2. `resume-after` names a position of this log and destination. Below the shard's position it is recovered when nothing of the
       destination stands behind it, or the recent messages reach back that far, or a read of the log says that it does. At or above the
       shard's position (the client comes from a faster node) it is recovered when it is below the end that the broker tells.
    3. Otherwise, and without `resume-after`, history reads the last messages of the window from the log, as far as it reaches.
    4. A durable subscription first becomes the holder of its name. If that has a position, it resumes behind it, whatever else was asked
       for.
    5. A token of another log than the topic's is recovered when the broker says that this is its log now, and the reader has come there.
    6. When the log is made anew meanwhile, it all begins again in the new one: an answer about the old one proves nothing.

    Thread safety: one object is for one thread at a time. Memory: while history is read, the messages it asked for. */
class start_request {
public:
    /// History has a wall clock's times.
    using time_point = std::chrono::system_clock::time_point;

    /// Empty when the client asked for no RECEIPT.
    std::string receipt;
    /// Whether there was a `resume-after`.
    bool resumes = false;
    /// The position that it names; absent when it names none of this destination.
    std::optional<position> resume_after;
    /// `history`, if it was asked for: how many messages at most; in the end, how many there were.
    std::optional<std::uint32_t> history;
    /// Nothing older is shown to this user.
    std::optional<time_point> earliest;

    /// The name of a durable subscription, else empty.
    std::string durable_name;
    /// Where the policy is `latest`: history is the newest message of each key. Lifetime: outlives this.
    const destination_settings* latest = nullptr;

    /// What the RECEIPT tells: whether that had a position.
    bool durable_resumed = false;
    /// Whether it is a durable subscription.
    bool durable() const noexcept { return !durable_name.empty(); }

    /// What the RECEIPT tells: whether the subscription goes on behind the token.
    bool recovered = false;
    /// Whether nothing older than the history exists in its window.
    bool complete = true;

    /// Rule 1: the topic is there; `now` is where it begins without a token. `window_begins`: history goes back no further.
    start_step on_topic(offset now, const topic_knowledge& topic, time_point window_begins) {
        now_ = now;
        epoch_ = topic.epoch;
        if (!resume_after) return without_token(topic, window_begins);
        if (resume_after->partition != topic.partition) return without_token(topic, window_begins);
        // Of a log that is no more; or the client comes from a node that has heard of a new one already.
        if (resume_after->epoch != topic.epoch) return {start_step::action::ask_end, 0, {}, {}, {}};
        const offset from = resume_after->offset + 1;
        if (from > topic.told) return {start_step::action::ask_end, 0, {}, {}, {}};
        const bool nothing_missed = from >= topic.known_from && topic.last <= resume_after->offset;
        // What this user may see can begin at a time, which only a read can compare.
        if (nothing_missed || (from >= topic.recent_from && !earliest)) return recover(nothing_missed ? topic.told : from);
        return {start_step::action::read, 0, {topic.epoch, topic.partition, from}, {}, {}};
    }

    /// Rule 4: the topic is there, the holder's name not yet. Where the subscription begins at the latest that has no position.
    position wait(offset now, const topic_knowledge& topic) noexcept {
        now_ = now;
        epoch_ = topic.epoch;
        position start{topic.epoch, topic.partition, now};
        if (resume_after && resume_after->epoch == start.epoch && resume_after->partition == start.partition)
            start.offset = std::min(start.offset, resume_after->offset + 1);
        return start;
    }

    /// Rule 4: there is a position, the first offset to deliver.
    void resume_durable(const position& first) {
        resumes = durable_resumed = true;
        resume_after = position{first.epoch, first.partition, first.offset - 1};
        history.reset();
    }

    /// What it was doing came to nothing; it goes on where it was.
    start_step again(const topic_knowledge& topic, time_point window_begins) {
        // What came into another log since it was asked for is for it.
        return on_topic(epoch_ == topic.epoch ? now_ : topic.known_from, topic, window_begins);
    }

    /// The broker told the partition's end.
    start_step on_end(const position& end, const topic_knowledge& topic, time_point window_begins) {
        if (epoch_ != topic.epoch) return again(topic, window_begins);
        // Beyond the log's end nothing was ever acknowledged or read: such a token was invented, or belongs to a log that is no more.
        if (resume_after->epoch != end.epoch || resume_after->offset >= end.offset) return without_token(topic, window_begins);
        // It must not begin before its reader is in that log: what came there would be taken for the old one's.
        if (resume_after->epoch != topic.epoch) return {start_step::action::wait, 0, {}, {}, {}};
        const offset from = resume_after->offset + 1;
        if (earliest) return {start_step::action::read, 0, {topic.epoch, topic.partition, from}, {}, {}};
        return recover(from);
    }

    /// A read has ended. What it brought is taken when it belongs to the history.
    start_step on_read(read_result& result, const topic_knowledge& topic, time_point window_begins) {
        if (epoch_ != topic.epoch) return again(topic, window_begins);
        if (resume_after) {
            const bool hidden = earliest && !result.messages.empty() && sent_at(result.messages.front()) < *earliest;
            if (result.status == read_status::lost || hidden) return without_token(topic, window_begins);
            return recover(resume_after->offset + 1);
        }
        // A log that the reader does not know yet: the topic has no past in it, and will be told of it.
        if (result.next.epoch != topic.epoch) {
            found_.clear();
            complete = false;
            history = 0;
            return {start_step::action::begin, now_, {}, {}, {}};
        }
        // History begins at the log's beginning, wherever that is now; what is older is outside the log. When it was cut off between two
        // reads there may be a hole between them, and it begins behind that.
        if (result.status == read_status::lost) {
            found_.clear();
            complete = false;
        }
        std::move(result.messages.begin(), result.messages.end(), std::back_inserter(found_));
        if (latest) keep_newest();
        while (found_.size() > *history) {
            found_.pop_front();
            complete = false;
        }
        if (result.status != read_status::complete) return read_history(result.next);
        history = static_cast<std::uint32_t>(found_.size());
        if (found_.empty()) return {start_step::action::begin, now_, {}, {}, {}};
        // Between the last message of the past and the first live one there is no hole: what is not read yet comes as to anyone behind.
        start_step step{start_step::action::begin_with_history, std::max(topic.told, result.next.offset), {}, {}, {}};
        step.found.next = result.next;
        step.found.messages.assign(std::make_move_iterator(found_.begin()), std::make_move_iterator(found_.end()));
        found_.clear();
        return step;
    }

private:
    static time_point sent_at(const message& one) noexcept { return time_point(std::chrono::milliseconds(one.view().timestamp)); }

    void keep_newest() {
        std::vector<std::string_view> keys;
        for (const message& one : found_) keys.push_back(latest_key(one.view(), *latest));
        const std::vector<bool> newest = newest_of_each(keys);
        std::deque<message> kept;
        for (std::size_t i = 0; i != newest.size(); ++i) {
            if (newest[i]) kept.push_back(std::move(found_[i]));
        }
        found_ = std::move(kept);
    }

    start_step recover(offset from) {
        recovered = true;
        return {start_step::action::begin, from, {}, {}, {}};
    }

    start_step without_token(const topic_knowledge& topic, time_point window_begins) {
        resume_after.reset();
        if (history.value_or(0) == 0) return {start_step::action::begin, now_, {}, {}, {}};
        found_.clear();
        complete = true;
        // Fixed here: a window that moved on between two reads would leave a hole between what they bring.
        oldest_ = earliest ? std::max(window_begins, *earliest) : window_begins;
        return read_history({topic.epoch, topic.partition, 0});
    }

    start_step read_history(const position& from) const {
        start_step step{start_step::action::read, 0, from, {}, {}};
        step.bounds.messages = 256;
        step.bounds.not_before = oldest_;
        return step;
    }

    /// Where it begins without a token, in the log with that epoch.
    offset now_ = 0;
    std::uint64_t epoch_ = 0;
    time_point oldest_{};
    // The last messages of the history so far.
    std::deque<message> found_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
