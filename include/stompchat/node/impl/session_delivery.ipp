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
    // Those that end with their session are not told one by one.
    if (phase_ != phase::closing) tell_unsubscribed(*gone);
    behind_.remove(*gone);
    // When the session ends, the registry is told that at once for all its rooms.
    if (gone->what == subscription::kind::topic && phase_ != phase::closing) {
        bool last = true;
        stomp_.for_each_subscription([&](const stomp::subscription& one) {
            const auto* const other = static_cast<const subscription*>(one.context);
            if (other != nullptr && other->what == subscription::kind::topic && other->slot == gone->slot) last = false;
        });
        if (last && is_room(shard_.destination_of(*gone))) shard_.registered().leave(name(), who_.user, shard_.destination_of(*gone));
    }
    shard_.unsubscribe(gone);
}

STOMPCHAT_DECL void session::send_pending_receipt(subscription& whom) {
    if (const auto wanted = std::exchange(whom.starting, nullptr)) send_receipt(wanted->receipt);
}

// Topics.

/// What the state machines of delivery/ need of a session.
struct session::feeding_host {
    session& self;

    delivery::output_room room() const noexcept { return self.room(); }
    const topic_table::topic& topic_of(const subscription& whom) const noexcept { return self.shard_.topic_of(whom); }
    offset told_to(const subscription& whom) const noexcept { return self.shard_.told_to(whom); }
    void deliver(const frame_ref& message, subscription& to) const { self.deliver(message, to); }
    void deliver_read(const message& one, subscription& to) const {
        frame_ref made = frame::make_message(one.view());
        made->charge(self.shard_.budget());
        self.deliver(std::move(made), to);
    }
    void read(subscription& whom, std::size_t messages, std::size_t octets) const { self.shard_.feed(whom, messages, octets); }
    void tell_gap(subscription& whom) const { self.tell_gap(whom); }
    const delivery::destination_settings* latest_of(const subscription& whom) const noexcept {
        const delivery::destination_settings* const settings = self.shard_.topic_of(whom).settings;
        return settings->policy == destination_policy::latest ? settings : nullptr;
    }
    std::string_view key_of(const frame_ref& message, const delivery::destination_settings& settings) const noexcept {
        return message->header(settings.key.empty() ? std::string_view("user") : std::string_view(settings.key));
    }
};

STOMPCHAT_DECL void session::fell_behind(subscription& whom) {
    behind_.add(whom);
    if (delivery::waits_for_nothing(whom, room())) {
        feed_again_ = shard::now();
        plan(feed_again_);
    }
}

STOMPCHAT_DECL void session::feed_those_behind() {
    if (phase_ != phase::open) return;
    feeding_host host{*this};
    delivery::feed_those_behind(behind_, host);
}

STOMPCHAT_DECL void session::again_in(std::chrono::milliseconds pause) {
    feed_again_ = std::min(feed_again_, shard::now() + pause);
    plan(shard::now());
}

STOMPCHAT_DECL void session::start_again() {
    stomp_.for_each_subscription([this](stomp::subscription& one) {
        auto* const whom = static_cast<subscription*>(one.context);
        if (whom != nullptr && whom->what == subscription::kind::topic && whom->cursor.pending() && !whom->reading && whom->starting
            && shard_.topic_of(*whom).live && (!whom->starting->durable() || shard_.durable_subscriptions().claimed(*whom)))
            carry_out(*whom, whom->starting->again(shard_.knowledge_of(*whom), window_begins(*whom)));
    });
}

STOMPCHAT_DECL void session::on_fed(subscription& whom, error_code ec, const read_result& result) {
    if (phase_ != phase::open) return;
    if (ec) return again_in(std::chrono::milliseconds(200));
    take_read(whom, result);
}

STOMPCHAT_DECL void session::take_read(subscription& whom, const read_result& result) {
    feeding_host host{*this};
    switch (delivery::take_fed(whom, result, host)) {
    case delivery::fed::something: return feed_those_behind();
    case delivery::fed::nothing: return again_in(std::chrono::milliseconds(20));
    case delivery::fed::lost: return on_lost();
    }
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
        if (of != nullptr) {
            tell_subscribed(*of);
            send_pending_receipt(*of);
        }
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
