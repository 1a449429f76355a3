// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SHARD_DELIVERY_IPP
#define STOMPCHAT_NODE_IMPL_SHARD_DELIVERY_IPP

#include <stompchat/delivery/topic_events.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>
#include <stompchat/node/detail/timestamp.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

/// What the state machines of delivery/ need of a shard.
struct shard::delivery_host {
    shard& self;

    time_point now() const noexcept { return shard::now(); }
    void keep(const frame_ref& message) const noexcept { message->charge(self.budget_); }
    bool has_room(const subscription& to) const noexcept { return to.owner->has_room(to); }
    bool can_take(const subscription& to) const noexcept { return to.owner->can_take(); }
    void deliver(const frame_ref& message, subscription& to) const { to.owner->deliver(message, to); }
    void fell_behind(subscription& whom) const { whom.owner->fell_behind(whom); }
    void on_topic(subscription& whom, offset at) const { whom.owner->on_topic(whom, at); }
    void forget_read(subscription& whom) const noexcept {
        if (whom.reading) std::exchange(whom.reading, nullptr)->to = nullptr;
        if (!whom.acks) return;
        whom.acks->window = {};
        whom.owner->ever_unsubscribed_ = true; // its ACKs are on their way
    }
    void tell_gap(subscription& whom) const { whom.owner->tell_gap(whom); }
    connection_id name_of_session(const subscription& whom) const noexcept { return whom.owner->id(); }
    void end_session(const connection_id& id) const {
        if (session* const one = self.find(id)) one->on_lost();
    }
    bool wants_sweep(const topic_table::topic& of) const noexcept { return of.subscriptions.size() > sweep_threshold; }
    void sweep(topic_table::topic& of, const frame_ref& message) const { self.queue_for_sweep(of, message); }
    void sweep_ephemeral(topic_table::topic& of, const frame_ref& message) const {
        if (self.swept_octets() >= self.node_.options.shard_inbox) return;
        message->place(self.topics_.told(of.partition));
        self.queue_for_sweep(of, message);
    }
    void expect(const subscription& whom, int turns) const noexcept {
        if (turns == 2)
            whom.prefetch();
        else
            whom.owner->prefetch();
    }
};

STOMPCHAT_DECL void shard::deliver() {
    inbox_.take(events_);
    // A single message on a quiet shard: nothing else is there that could go out with it, so it is written without another turn.
    const bool alone = events_.size() == 1 && events_.front().what == shard_event::kind::record && to_flush_.empty() && flushing_.empty();
    flushes_at_once_ = alone;
    delivery_host host{*this};
    for (shard_event& event : events_) {
        switch (event.what) {
        case shard_event::kind::record: delivery::take_record(topics_, event, host); break;
        case shard_event::kind::ephemeral: delivery::take_ephemeral(topics_, event, host); break;
        case shard_event::kind::missed: delivery::take_missed(topics_, event, host); break;
        case shard_event::kind::answer: delivery::take_answer(topics_, event, host); break;
        case shard_event::kind::new_log: delivery::take_new_log(topics_, event, host); break;
        case shard_event::kind::result: on_result(event); break;
        }
    }
    events_.clear();
    flushes_at_once_ = false;
    if (alone && !to_flush_.empty()) flush();
}

STOMPCHAT_DECL void shard::publish(std::string_view user, std::string_view destination, header_block headers, std::string_view body,
                                   publish_record what, const record_id& id, const position& base) {
    outgoing message;
    message.ephemeral = settings_of(destination).policy == destination_policy::ephemeral;
    message.ticket = issue_ticket(std::move(what));
    message.destination = destination;
    message.user = user;
    message.timestamp = detail::milliseconds_since_1970();
    message.headers = headers;
    message.body = body;
    message.id = id;
    message.base = base;
    node_.ports.log.publish({&message, 1});
}

STOMPCHAT_DECL void shard::on_result(const shard_event& event) {
    publish_record what;
    if (!publishes_.take(ticket::number_of(event.number), what)) return;
    if (what.keyed != 0) keyed_.on_published(what.keyed, event.error, event.at, what.check);
    if (session* const from = find(what.session)) from->on_published(what, event.error, event.at);
}

STOMPCHAT_DECL void shard::flush_later(session& whom) {
    whom.flush_listed_ = true;
    to_flush_.push_back(&whom);
    // Asio runs it behind the handlers that are ready now: all that they queue goes out in one write per session.
    if (to_flush_.size() != 1 || flushes_at_once_) return;
    asio::post(context_, [home = link_] {
        if (shard* const self = home->get()) self->flush();
    });
}

STOMPCHAT_DECL void shard::flush() {
    to_flush_.swap(flushing_);
    for (std::size_t i = 0; i != flushing_.size(); ++i) {
        // Sessions lie all over the memory: what the next ones need comes while this one is in the system.
        if (i + 2 < flushing_.size() && flushing_[i + 2] != nullptr) flushing_[i + 2]->prefetch();
        if (i + 1 < flushing_.size() && flushing_[i + 1] != nullptr) flushing_[i + 1]->prefetch_stream();
        session* const one = flushing_[i];
        if (one == nullptr) continue;
        one->flush_listed_ = false;
        one->flush();
    }
    flushing_.clear();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
