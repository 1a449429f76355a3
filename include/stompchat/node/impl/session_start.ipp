// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_START_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_START_IPP

// Where a topic subscription begins: delivery::start_request says it. The RECEIPT goes out before the first message.

#include <stompchat/node/detail/session.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {
STOMPCHAT_DECL std::optional<session::refusal> session::read_start(const stomp::event& ev, std::string_view in_log,
                                                                   delivery::start_request& into) {
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
    const delivery::destination_settings& settings = shard_.settings_of(in_log);
    if (settings.policy == destination_policy::latest) into.latest = &settings;
    if (settings.policy == destination_policy::ephemeral) {
        if (into.durable()) return refusal{error::bad_header_value, "nothing is kept of this destination, it has no durable subscriptions"};
        // Nothing was kept: nothing can be recovered, and there is no history.
        into.resume_after.reset();
        if (into.history) into.history = 0;
    }
    return std::nullopt;
}

STOMPCHAT_DECL delivery::start_request::time_point session::window_begins(const subscription& whom) const {
    return std::chrono::system_clock::now() - shard_.topic_of(whom).settings->history_window;
}

STOMPCHAT_DECL void session::on_topic(subscription& whom, offset now) {
    if (!whom.starting) return begin(whom, now);
    if (whom.starting->durable()) return claim(whom, now);
    carry_out(whom, whom.starting->on_topic(now, shard_.knowledge_of(whom), window_begins(whom)));
}

STOMPCHAT_DECL void session::on_end(subscription& whom, error_code ec, const position& end) {
    if (phase_ != phase::open || !whom.starting) return;
    if (ec) return again_in(std::chrono::milliseconds(200));
    carry_out(whom, whom.starting->on_end(end, shard_.knowledge_of(whom), window_begins(whom)));
}

STOMPCHAT_DECL void session::on_start_read(subscription& whom, error_code ec, read_result& result) {
    if (phase_ != phase::open || !whom.starting) return;
    if (ec) return again_in(std::chrono::milliseconds(200));
    // Others who come back will find it there.
    if (const auto& after = whom.starting->resume_after) shard_.remember_read(whom, after->offset + 1, result);
    carry_out(whom, whom.starting->on_read(result, shard_.knowledge_of(whom), window_begins(whom)));
}

STOMPCHAT_DECL void session::carry_out(subscription& whom, delivery::start_step step) {
    switch (step.what) {
    case delivery::start_step::action::begin: return begin(whom, step.from);
    case delivery::start_step::action::read: return shard_.read_to_start(whom, step.read_from, step.bounds);
    case delivery::start_step::action::wait: return again_in(std::chrono::milliseconds(20));
    case delivery::start_step::action::ask_end: return shard_.ask_end(whom);
    case delivery::start_step::action::begin_with_history: break;
    }
    answer_start(whom, step.from);
    whom.cursor.begin_behind(step.found.messages.front().at().offset);
    behind_.add(whom);
    take_read(whom, step.found);
}

STOMPCHAT_DECL void session::begin(subscription& whom, offset from) {
    answer_start(whom, from);
    whom.cursor.begin(from, shard_.told_to(whom));
    if (!whom.cursor.behind()) return;
    fell_behind(whom);
    feed_those_behind();
}

STOMPCHAT_DECL void session::answer_start(subscription& whom, offset from) {
    tell_subscribed(whom);
    const auto wanted = std::exchange(whom.starting, nullptr);
    if (!wanted) return;
    whom.told_of_gaps = wanted->resumes || wanted->history || wanted->durable();
    if (wanted->durable()) shard_.durable_subscriptions().touch(whom);
    if (wanted->receipt.empty()) return;
    const topic_table::topic& topic = shard_.topic_of(whom);
    // The token of a recovered subscription is the client's own; else `position` is the id behind which it is live.
    const position_token token(position{topic.epoch, topic.partition, from - 1}, topic.name);
    const std::string history = wanted->history ? std::to_string(*wanted->history) : std::string();
    std::array<stomp::header, 5> headers;
    std::size_t count = 0;
    const auto add = [&](std::string_view name, std::string_view value) { headers[count++] = {name, value}; };
    if (topic.settings->policy != destination_policy::ephemeral) add("position", token.text());
    if (wanted->resumes) add("recovered", wanted->recovered ? "true" : "false");
    if (wanted->history && !wanted->recovered) {
        add("history", history);
        add("complete", wanted->complete ? "true" : "false");
    }
    if (wanted->durable()) add("durable", wanted->durable_resumed ? "resumed" : "new");
    send_receipt(wanted->receipt, std::span(headers).first(count));
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
