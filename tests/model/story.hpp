// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_MODEL_STORY_HPP
#define STOMPCHAT_TESTS_MODEL_STORY_HPP

#include "log.hpp"

#include <cstdint>
#include <optional>

namespace model {

/** What has happened, so that a run that never came to the hard places is not taken for a good one; and a hash of all of it. */
struct tally {
    std::uint64_t deliveries = 0;
    std::uint64_t receipts = 0;
    std::uint64_t recovered = 0;
    std::uint64_t not_recovered = 0;
    std::uint64_t histories = 0;
    std::uint64_t gaps = 0;
    std::uint64_t false_alarms = 0;
    std::uint64_t closed = 0;
    std::uint64_t disconnects = 0;
    std::uint64_t fell_behind = 0;
    std::uint64_t fed_from_recent = 0;
    std::uint64_t fed_from_log = 0;
    std::uint64_t missed = 0;
    std::uint64_t repeated = 0;
    std::uint64_t outdated_answers = 0;
    std::uint64_t ends_asked = 0;
    std::uint64_t swept = 0;
    std::uint64_t new_logs = 0;
    std::uint64_t truncated = 0;
    std::uint64_t trace = 0xcbf29ce484222325u;

    void note(std::uint64_t what) noexcept {
        trace ^= what;
        trace *= 0x100000001b3u;
        trace ^= trace >> 29;
    }
};

/** What a client asked for with SUBSCRIBE. */
struct wish {
    bool receipt = true;
    std::optional<position> resume_after;
    std::optional<std::uint32_t> history;
    /// How many unacknowledged messages it takes; 0 = it does not acknowledge.
    std::uint32_t window = 0;
    /// Nothing older is for it, in milliseconds.
    std::optional<std::int64_t> earliest;
};

/** What a RECEIPT of SUBSCRIBE says. */
struct receipt {
    position at;
    bool recovered = false;
    std::uint32_t history = 0;
    bool complete = false;
};

/** What one subscription has to see, and what it has seen: the judge. It knows the whole log, and nothing of how the node works.

    1. The RECEIPT comes first. It says truly whether everything behind the token will come, and where the subscription begins; nothing that
       was published after the SUBSCRIBE stands before that place.
    2. From there on the room's records come one after the other, each once: the next one is always the one with the next number.
    3. A gap is told before a record is left out, and only records are left out that the log has no more.
    4. A session ends only when something was lost to a subscription that knows nothing of gaps.  */
class story {
public:
    story(const shared_log& log, tally& counts, std::uint32_t room, const wish& asked, std::int64_t window)
        : log_(log), counts_(counts), room_(room), asked_(asked), history_window_(window) {}

    std::uint32_t room() const noexcept { return room_; }
    const wish& asked() const noexcept { return asked_; }
    bool answered() const noexcept { return answered_; }
    /// Behind which record the client would come back.
    const std::optional<position>& token() const noexcept { return token_; }

    /// The node has taken the SUBSCRIBE, and knows the partition up to `known`.
    void on_subscribed(offset known) noexcept {
        subscribed_at_ = log_.count(room_);
        past_ = known;
    }

    void on_receipt(const receipt& what) {
        require(!answered_ && asked_.receipt, "one RECEIPT for a SUBSCRIBE that asked for one");
        require(!next_ && !first_, "the RECEIPT comes before the first message");
        answered_ = true;
        ++counts_.receipts;
        token_ = what.at;
        if (asked_.resume_after && what.recovered) return recovered(what);
        require(!what.recovered, "nothing is recovered without a token");
        if (asked_.resume_after) honest();
        const std::uint32_t begin = log_.behind(room_, what.at);
        if (what.history == 0) {
            require(gone_between(subscribed_at_, begin), "everything that is published after the SUBSCRIBE comes");
            next_ = begin;
            return;
        }
        require(asked_.history && what.history <= *asked_.history, "no more history than was asked for");
        ++counts_.histories;
        first_ = true;
        history_left_ = what.history;
        complete_ = what.complete;
        history_until_ = begin;
    }

    void on_message(const entry& what) {
        require(what.room == room_, "a message of the room");
        // Who is there gets it, or does not; nobody counts on it.
        if (what.ephemeral) return require(answered_ || !asked_.receipt, "the RECEIPT comes before the first message");
        require(answered_ || !asked_.receipt, "the RECEIPT comes before the first message");
        // What comes live may be older: a slow node has not shown it yet.
        if (asked_.earliest && ((recovered_ && what.where.offset < past_) || what.index < history_until_))
            require(what.sent >= *asked_.earliest, "nothing of the past is older than the user may see");
        if (!next_) begin(what);
        if (gap_) {
            require(what.index >= *next_, "no message comes twice");
            require(gone_between(*next_, what.index), "only what the log has no more is left out");
            next_ = what.index;
            gap_ = false;
        }
        require(what.index >= *next_, "no message comes twice");
        require(what.index == *next_, "no message is left out");
        ++*next_;
        token_ = what.where;
        ++counts_.deliveries;
        if (history_left_ != 0 && --history_left_ == 0)
            require(*next_ <= history_until_, "the history stands before the position of the RECEIPT");
    }

    void on_gap() {
        require(answered_ || !asked_.receipt, "the RECEIPT comes before a gap");
        require(knows_gaps(), "a gap is told to who asked to know");
        const partition on = log_.home(room_);
        require(!token_ || first_ || token_->epoch != log_.end(on).epoch || token_->offset + 1 < log_.floor(on),
                "a gap is told only where the log was cut off, or made anew");
        if (!gap_ && next_ && token_ && token_->epoch == log_.end(on).epoch
            && (*next_ == log_.count(room_) || !log_.gone(log_.at(room_, *next_))))
            ++counts_.false_alarms;
        gap_ = true;
        history_left_ = 0;
        ++counts_.gaps;
    }

    /// Whether this subscription is a reason to end the session: something of it was lost, and it knows nothing of gaps.
    bool lost() const {
        if (knows_gaps()) return false;
        const position begin = log_.begin(log_.home(room_));
        const offset floor = log_.floor(begin.partition);
        if (!token_) return log_.was_renewed(begin.partition) || floor > begin.offset;
        return token_->epoch != begin.epoch || token_->offset + 1 < floor;
    }

    /// Everything is quiet, and there is room: nobody is behind.
    void at_rest() const {
        require(answered_ || !asked_.receipt, "every SUBSCRIBE is answered");
        if (gap_) {
            return require(gone_between(next_.value_or(subscribed_at_), log_.count(room_)), "what stands behind a gap comes");
        }
        require(!token_ || token_->epoch == log_.end(log_.home(room_)).epoch, "who has begun in a log that was made anew is told");
        require(history_left_ == 0, "the history comes");
        if (next_)
            require(*next_ == log_.count(room_), "nobody stays behind");
        else
            require(gone_between(subscribed_at_, log_.count(room_)), "nobody stays behind who asked for no RECEIPT");
    }

private:
    bool knows_gaps() const noexcept { return asked_.resume_after || asked_.history; }

    /// Whether the log has none of the room's records from one up to another any more.
    bool gone_between(std::uint32_t first, std::uint32_t end) const {
        for (; first < end; ++first) {
            if (!log_.gone(log_.at(room_, first))) return false;
        }
        return true;
    }

    void recovered(const receipt& what) {
        ++counts_.recovered;
        const std::uint32_t next = log_.behind(room_, *asked_.resume_after);
        require(what.at.epoch == asked_.resume_after->epoch, "a token of another log recovers nothing");
        require(log_.behind(room_, what.at) == next, "recovered:true only if nothing was missed");
        const position end = log_.end(log_.home(room_));
        require(asked_.resume_after->epoch != end.epoch || asked_.resume_after->offset < end.offset,
                "a token that was invented recovers nothing");
        next_ = next;
        recovered_ = true;
    }

    /// recovered:false needs a reason.
    void honest() const {
        ++counts_.not_recovered;
        const position& token = *asked_.resume_after;
        const position end = log_.end(token.partition);
        const std::uint32_t next = log_.behind(room_, token);
        const bool hidden = asked_.earliest && next != log_.count(room_) && log_.at(room_, next).sent < *asked_.earliest;
        require(token.epoch != end.epoch || token.offset + 1 < log_.floor(token.partition) || token.offset >= end.offset || hidden,
                "recovered:false only if the log does not reach back to the token");
    }

    void begin(const entry& what) {
        next_ = what.index;
        // Behind a gap it is not known where it would have begun; but nothing that came after the SUBSCRIBE is left out without a reason.
        if (gap_) next_ = std::min(subscribed_at_, what.index);
        if (gap_ && first_) return;
        // The last messages of the past may be such that came after the SUBSCRIBE.
        if (!first_ && asked_.history.value_or(0) != 0) return;
        if (!first_)
            return require(gap_ || gone_between(subscribed_at_, what.index), "everything that is published after the SUBSCRIBE comes");
        // Its first message begins the history.
        require(what.index <= history_until_, "between the history and the live messages there is no hole");
        if (!complete_ || what.index == 0) return;
        const entry& before = log_.at(room_, what.index - 1);
        require(before.where.epoch != what.where.epoch || before.sent < log_.wall_clock() - history_window_ || hidden(before),
                "complete:true only if nothing older is in the window");
    }

    bool hidden(const entry& one) const noexcept { return asked_.earliest && one.sent < *asked_.earliest; }

    const shared_log& log_;
    tally& counts_;
    const std::uint32_t room_;
    const wish asked_;
    const std::int64_t history_window_;
    std::uint32_t subscribed_at_ = 0;
    bool answered_ = false;
    bool gap_ = false;
    bool recovered_ = false;
    bool first_ = false; // its first message is one of the history
    bool complete_ = false;
    offset past_ = 0;
    std::uint32_t history_left_ = 0;
    std::uint32_t history_until_ = 0;
    std::optional<std::uint32_t> next_;
    std::optional<position> token_;
};

} // namespace model

#endif
