// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_START_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_START_IPP

/*  Where a topic subscription begins.

    1. Nothing begins before the shard has the topic: then everything at or above the shard's position comes live.
    2. resume-after names a position of this log and destination. Below the shard's position it is recovered when nothing of the destination
       stands behind it, or the ring covers it, or a read of the log says that it reaches back that far. At or above the shard's position
   (the client comes from a faster node) it is recovered when it is below the end that the broker tells.
    3. Otherwise, and without resume-after, history reads the last messages of the window from the log, as far as it reaches.
    4. The RECEIPT goes out before the first message, and tells which of these it was.  */

#include <stompchat/node/detail/session.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {
namespace detail {

inline std::chrono::system_clock::time_point sent_at(const record_view& record) noexcept {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(record.timestamp));
}

} // namespace detail

STOMPCHAT_DECL std::optional<session::refusal> session::read_start(const stomp::event& ev, std::string_view in_log, start_request& into) {
    if (const auto token = ev.frame.find("resume-after")) {
        into.resumes = true;
        // The suffix tells deliveries of one message apart; the position is the same.
        const auto parsed = parse_token(token->substr(0, token->rfind('_')));
        // A token of another destination, or no token at all, recovers nothing; it is no error, because the client may not know better.
        if (parsed && parsed->check == destination_check(in_log)) into.resume_after = parsed->at;
    }
    if (const auto history = ev.frame.find("history")) {
        const auto wanted = decimal(*history, shard_.node().options.max_history);
        if (!wanted) return refusal{error::bad_header_value, "history must be a decimal number"};
        into.history = *wanted;
    }
    return std::nullopt;
}

STOMPCHAT_DECL void session::on_topic(subscription& whom, offset now) {
    start_request* const wanted = whom.starting.get();
    if (wanted == nullptr) return begin(whom, now);
    wanted->now = now;
    if (wanted->resume_after) return resume(whom, *wanted->resume_after);
    begin_without_token(whom);
}

STOMPCHAT_DECL void session::resume(subscription& whom, const position& after) {
    const topic_table::topic& topic = shard_.topic_of(whom);
    if (after.epoch != topic.epoch || after.partition != topic.partition) return begin_without_token(whom);
    const offset from = after.offset + 1;
    const offset told = shard_.told_to(whom);
    if (from > told) return shard_.ask_end(whom);
    const bool nothing_missed = from >= topic.known_from && topic.last <= after.offset;
    // What this user may see can begin at a time, which only a read can compare.
    if (nothing_missed || (topic.recent.covers(from) && !whom.starting->earliest)) {
        whom.starting->recovered = true;
        return begin(whom, nothing_missed ? told : from);
    }
    shard_.read_to_start(whom, position{topic.epoch, topic.partition, from}, {});
}

STOMPCHAT_DECL void session::on_end(subscription& whom, error_code ec, const position& end) {
    if (phase_ != phase::open || !whom.starting) return;
    if (ec) return again_in(std::chrono::milliseconds(200));
    const position after = *whom.starting->resume_after;
    // Beyond the log's end nothing was ever acknowledged or read: such a token was invented, or belongs to a log that is no more.
    if (after.epoch != end.epoch || after.offset >= end.offset) return begin_without_token(whom);
    whom.starting->recovered = true;
    begin(whom, after.offset + 1);
}

STOMPCHAT_DECL void session::begin_without_token(subscription& whom) {
    start_request& wanted = *whom.starting;
    wanted.resume_after.reset();
    if (wanted.history.value_or(0) == 0) return begin(whom, wanted.now);
    const topic_table::topic& topic = shard_.topic_of(whom);
    wanted.reads_from = position{topic.epoch, topic.partition, 0};
    read_history(whom);
}

STOMPCHAT_DECL void session::read_history(subscription& whom) {
    const start_request& wanted = *whom.starting;
    read_bounds bounds;
    bounds.messages = 256;
    bounds.not_before = std::chrono::system_clock::now() - shard_.node().options.history_window;
    if (wanted.earliest) bounds.not_before = std::max(*bounds.not_before, *wanted.earliest);
    shard_.read_to_start(whom, wanted.reads_from, bounds);
}

STOMPCHAT_DECL void session::on_start_read(subscription& whom, error_code ec, read_result& result) {
    if (phase_ != phase::open || !whom.starting) return;
    if (ec) return again_in(std::chrono::milliseconds(200));
    start_request& wanted = *whom.starting;
    if (wanted.resume_after) {
        const bool hidden =
            wanted.earliest && !result.messages.empty() && detail::sent_at(result.messages.front().view()) < *wanted.earliest;
        if (result.status == read_status::lost || hidden) return begin_without_token(whom);
        const offset from = wanted.resume_after->offset + 1;
        wanted.recovered = true;
        shard_.remember_read(whom, from, result);
        return begin(whom, from);
    }
    // The first read of history begins at the log's beginning, wherever that is now; what is older is outside the log.
    if (result.status == read_status::lost) wanted.complete = false;
    for (message& one : result.messages) {
        wanted.found.push_back(std::move(one));
        if (wanted.found.size() <= *wanted.history) continue;
        wanted.found.pop_front();
        wanted.complete = false;
    }
    wanted.reads_from = result.next;
    if (result.status == read_status::complete)
        begin_with_history(whom);
    else
        read_history(whom);
}

STOMPCHAT_DECL void session::begin_with_history(subscription& whom) {
    start_request& wanted = *whom.starting;
    read_result found;
    found.next = wanted.reads_from;
    found.messages.assign(std::make_move_iterator(wanted.found.begin()), std::make_move_iterator(wanted.found.end()));
    wanted.history = static_cast<std::uint32_t>(found.messages.size());
    if (found.messages.empty()) return begin(whom, wanted.now);
    // Between the last message of the past and the first live one there is no hole: what is not read yet comes as to anyone who is behind.
    answer_start(whom, std::max(shard_.told_to(whom), found.next.offset));
    whom.cursor.begin_behind(found.messages.front().at().offset);
    whom.listed = true;
    whom.next_behind = std::exchange(behind_, &whom);
    take_read(whom, found);
}

STOMPCHAT_DECL void session::begin(subscription& whom, offset from) {
    answer_start(whom, from);
    whom.cursor.begin(from, shard_.told_to(whom));
    if (!whom.cursor.behind()) return;
    fell_behind(whom);
    feed_those_behind();
}

STOMPCHAT_DECL void session::answer_start(subscription& whom, offset from) {
    const auto wanted = std::exchange(whom.starting, nullptr);
    if (!wanted) return;
    whom.told_of_gaps = wanted->resumes || wanted->history;
    if (wanted->receipt.empty()) return;
    const topic_table::topic& topic = shard_.topic_of(whom);
    // The token of a recovered subscription is the client's own; else `position` is the id behind which it is live.
    const position_token token(position{topic.epoch, topic.partition, from - 1}, topic.name);
    const std::string history = wanted->history ? std::to_string(*wanted->history) : std::string();
    std::array<stomp::header, 4> headers;
    std::size_t count = 0;
    const auto add = [&](std::string_view name, std::string_view value) { headers[count++] = {name, value}; };
    add("position", token.text());
    if (wanted->resumes) add("recovered", wanted->recovered ? "true" : "false");
    if (wanted->history && !wanted->recovered) {
        add("history", history);
        add("complete", wanted->complete ? "true" : "false");
    }
    send_receipt(wanted->receipt, std::span(headers).first(count));
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
