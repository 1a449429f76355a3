// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_DELIVERY_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_DELIVERY_IPP

#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/stomp/encoder.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL subscription& session::add_subscription(const stomp::event& ev, subscription::kind what, std::uint32_t prefetch,
                                                       std::string_view in_log) {
    auto made = std::make_unique<subscription>();
    made->owner = this;
    made->frame_side = ev.sub;
    made->what = what;
    made->version = stomp_.version();
    // STOMP 1.0, "SUBSCRIBE": without an id the subscription is known by its destination, and MESSAGE names none.
    if (!ev.sub->id.empty()) stomp::append_header(made->head, "subscription", ev.sub->id, made->version);
    if (what != subscription::kind::topic) made->local_destination = std::make_unique<std::string>(ev.destination);
    ++made_subscriptions_;
    if (prefetch != 0) {
        made->acks = std::make_unique<acking>();
        made->acks->prefetch = prefetch;
        if (what == subscription::kind::topic) made->acks->check = destination_check(in_log);
        // The ack of a delivery must be unique in the session. Only an earlier subscription of the destination can have had the same
        // message.
        bool repeated = ever_unsubscribed_;
        stomp_.for_each_subscription([&](const stomp::subscription& one) {
            const auto* const other = static_cast<const subscription*>(one.context);
            if (other != nullptr && other->acks && other->what == what && other->acks->check == made->acks->check) repeated = true;
        });
        if (repeated) made->acks->suffix = made_subscriptions_;
    }
    ev.sub->context = made.get();
    return *made.release();
}

STOMPCHAT_DECL void session::drop_subscription(stomp::subscription& which) {
    auto* const gone = static_cast<subscription*>(std::exchange(which.context, nullptr));
    if (gone == nullptr) return;
    for (subscription** link = &behind_; *link != nullptr; link = &(*link)->next_behind) {
        if (*link == gone) {
            *link = gone->next_behind;
            break;
        }
    }
    if (gone->what == subscription::kind::topic && announced_) {
        bool last = true;
        stomp_.for_each_subscription([&](const stomp::subscription& one) {
            const auto* const other = static_cast<const subscription*>(one.context);
            if (other != nullptr && other->what == subscription::kind::topic && other->slot == gone->slot) last = false;
        });
        if (last && is_room(shard_.destination_of(*gone))) shard_.leave(name_, who_.user, shard_.destination_of(*gone));
    }
    shard_.unsubscribe(gone);
}

STOMPCHAT_DECL void session::send_pending_receipt(subscription& whom) {
    if (const auto wanted = std::exchange(whom.starting, nullptr)) send_receipt(wanted->receipt);
}

// Topics.

STOMPCHAT_DECL void session::fell_behind(subscription& whom) {
    if (!std::exchange(whom.listed, true)) whom.next_behind = std::exchange(behind_, &whom);
    // It is fed when the queue has been written or an ACK has made room; if neither can come, because there is room, it is fed at once.
    if (queue_.empty() && !whom.window_full()) {
        feed_again_ = shard::now();
        plan(feed_again_);
    }
}

STOMPCHAT_DECL void session::feed_those_behind() {
    if (behind_ == nullptr || phase_ != phase::open) return;
    const chat_node_options& options = shard_.node().options;
    // Below half of the queue's limit, so that one read brings a good piece.
    if (queue_.octets() > options.output_queue / 2) return;
    // Without room in the shard only an empty queue takes something; asking before it is empty would read the log for nothing.
    if (!queue_.empty() && shard_.budget().octets >= options.shard_output) return;
    const std::size_t room = std::min<std::size_t>(options.output_queue - queue_.octets(), 256 * 1024);
    for (subscription** link = &behind_; *link != nullptr;) {
        subscription& one = **link;
        if (!one.cursor.behind()) {
            one.listed = false;
            *link = std::exchange(one.next_behind, nullptr);
            continue;
        }
        link = &one.next_behind;
        if (one.reading || one.window_full()) continue;
        if (shard_.topic_of(one).recent.covers(one.cursor.next())) {
            feed_recent(one);
            if (!one.cursor.behind() || !has_room(one)) continue; // the next pass takes it off the list
        }
        const std::size_t window = one.acks ? one.acks->prefetch - one.acks->window.size() : 256;
        shard_.feed(one, std::min<std::size_t>(window, 256), room);
    }
}

STOMPCHAT_DECL void session::again_in(std::chrono::milliseconds pause) {
    feed_again_ = std::min(feed_again_, shard::now() + pause);
    plan(shard::now());
}

STOMPCHAT_DECL void session::start_again() {
    stomp_.for_each_subscription([this](stomp::subscription& one) {
        auto* const whom = static_cast<subscription*>(one.context);
        if (whom != nullptr && whom->what == subscription::kind::topic && whom->cursor.pending() && !whom->reading
            && shard_.topic_of(*whom).live)
            on_topic(*whom, whom->starting ? whom->starting->now : shard_.told_to(*whom));
    });
}

STOMPCHAT_DECL void session::feed_recent(subscription& whom) {
    bool all = true;
    shard_.topic_of(whom).recent.for_each_from(whom.cursor.next(), [&](offset at, const frame_ref& message) {
        switch (whom.cursor.on_read(at, [&] { return has_room(whom); })) {
        case delivery::cursor::verdict::take: deliver(message, whom); break;
        case delivery::cursor::verdict::no_room: all = false; break;
        case delivery::cursor::verdict::skip: break;
        }
        return all;
    });
    const offset told = shard_.told_to(whom);
    if (all) whom.cursor.end_read(told, told);
}

STOMPCHAT_DECL void session::on_fed(subscription& whom, error_code ec, const read_result& result) {
    if (phase_ != phase::open) return;
    if (ec) return again_in(std::chrono::milliseconds(200));
    if (result.status == read_status::lost) {
        if (!whom.told_of_gaps) return on_lost();
        tell_gap(whom);
        whom.cursor.jump(result.messages.empty() ? result.next.offset : result.messages.front().at().offset);
    }
    take_read(whom, result);
}

STOMPCHAT_DECL void session::take_read(subscription& whom, const read_result& result) {
    const offset before = whom.cursor.next();
    // What stands among the recent messages is encoded already, for everybody.
    if (shard_.topic_of(whom).recent.covers(before)) {
        feed_recent(whom);
        return feed_those_behind();
    }
    bool all = true;
    for (const message& one : result.messages) {
        const auto verdict = whom.cursor.on_read(one.at().offset, [&] { return has_room(whom); });
        if (verdict == delivery::cursor::verdict::no_room) {
            all = false;
            break;
        }
        if (verdict == delivery::cursor::verdict::skip) continue;
        frame_ref made = frame::make_message(one.view());
        made->charge(shard_.budget());
        deliver(std::move(made), whom);
    }
    if (all) whom.cursor.end_read(result.next.offset, shard_.told_to(whom));
    // A log whose end lags behind what was already seen (a new leader) gives nothing for a moment.
    if (whom.cursor.behind() && all && whom.cursor.next() == before) return again_in(std::chrono::milliseconds(20));
    feed_those_behind();
}

STOMPCHAT_DECL void session::tell_gap(subscription& whom) {
    std::string headers;
    append_header(headers, "gap", "true");
    frame_ref made = frame::make_local_message(++local_messages_, shard_.destination_of(whom), header_block(headers), {});
    made->make_unacknowledged();
    made->charge(shard_.budget());
    // Outside the window: it is about the subscription, and there is one for each hole at most.
    queue_.push(shard_.entries(), std::move(made), &whom);
    flush_soon();
}

STOMPCHAT_DECL void session::on_lost() {
    fail(error::messages_lost, "the log no longer reaches back to what this slow connection has not received; connect again");
}

// What is not in the log.

STOMPCHAT_DECL void session::deliver_local(subscription& to, header_block headers, std::string_view body) {
    // Nobody can fetch these again, so a client that does not read them cannot be left behind: its session ends instead.
    if (queue_.octets() > 4 * shard_.node().options.output_queue || to.window_full())
        return fail(error::no_progress, "replies are not read or not acknowledged");
    frame_ref made = frame::make_local_message(++local_messages_, *to.local_destination, headers, body);
    made->charge(shard_.budget());
    deliver(std::move(made), to);
}

STOMPCHAT_DECL void session::on_app_publish(const std::shared_ptr<publish_group>& group, std::string_view destination, header_block headers,
                                            std::string_view body) {
    if (phase_ == phase::closing) return;
    ++group->open;
    publish(*delivery::log_destination(destination, {}), headers, body, publish_record(group));
}

STOMPCHAT_DECL void session::on_app_reply(std::string_view queue, std::string_view correlation_id, header_block headers,
                                          std::string_view body) {
    if (phase_ == phase::closing) return;
    std::string block(headers.octets());
    if (!correlation_id.empty()) append_header(block, "correlation-id", correlation_id);
    tell_session(queue, header_block(block), body);
}

STOMPCHAT_DECL bool session::tell_session(std::string_view queue, header_block headers, std::string_view body) {
    bool go_on = true;
    bool told = false;
    stomp_.for_each_subscription([&](stomp::subscription& one) {
        auto* const whom = static_cast<subscription*>(one.context);
        if (whom == nullptr || whom->what != subscription::kind::session_queue || *whom->local_destination != queue) return;
        go_on = go_on && queue_.octets() <= 4 * shard_.node().options.output_queue && !whom->window_full();
        if (go_on) deliver_local(*whom, headers, body);
        told = true;
    });
    if (!go_on) fail(error::no_progress, "replies are not read or not acknowledged");
    return told;
}

STOMPCHAT_DECL void session::on_app_answer(subscription& to, header_block headers, std::string_view body) {
    if (phase_ == phase::closing || to.answered) return;
    to.answered = true;
    send_pending_receipt(to);
    deliver_local(to, headers, body);
}

STOMPCHAT_DECL void session::on_app_finished(const std::shared_ptr<publish_group>& group, std::string_view destination, subscription* of,
                                             error_code outcome, std::string_view reason) {
    --in_flight_;
    if (group->refused) {
        // The client has been told.
    } else if (!outcome) {
        if (of != nullptr) send_pending_receipt(*of);
        close_one(*group);
    } else if (group->transaction) {
        fail(outcome, reason, group->receipt);
    } else {
        const auto wanted = of != nullptr ? std::exchange(of->starting, nullptr) : nullptr;
        const std::string receipt = wanted ? wanted->receipt : group->receipt;
        stomp::subscription* const refused = of != nullptr ? of->frame_side : nullptr;
        if (refused != nullptr) drop_subscription(*refused);
        refuse(refused != nullptr ? "SUBSCRIBE" : "SEND", destination, receipt, {static_cast<error>(outcome.value()), std::string(reason)});
        if (refused != nullptr && phase_ == phase::open) stomp_.remove(*refused);
    }
    leave_if_answered();
    read_on();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
