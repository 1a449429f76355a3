// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SHARD_DELIVERY_IPP
#define STOMPCHAT_NODE_IMPL_SHARD_DELIVERY_IPP

#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL void shard::deliver() {
    inbox_.take(events_);
    // A single message on a quiet shard: nothing else is there that could go out with it, so it is written without another turn.
    const bool alone = events_.size() == 1 && events_.front().what == shard_event::kind::record && to_flush_.empty() && flushing_.empty();
    flushes_at_once_ = alone;
    for (shard_event& event : events_) {
        switch (event.what) {
        case shard_event::kind::record: on_record(event); break;
        case shard_event::kind::missed: on_missed(event); break;
        case shard_event::kind::answer: on_answer(event); break;
        case shard_event::kind::result: on_result(event); break;
        }
    }
    events_.clear();
    flushes_at_once_ = false;
    if (alone && !to_flush_.empty()) flush();
}

STOMPCHAT_DECL bool shard::same_log(topic_table::topic& of, const position& at) {
    if (of.epoch == at.epoch) return true;
    // The log was made anew: nobody knows what stood between the old one and this record.
    of.epoch = at.epoch;
    of.known_from = at.offset;
    of.last = -1;
    topics_.forget_recent(of, at.offset);
    of.subscriptions.drop();
    // Named, because a session takes all its subscriptions with it, and perhaps the topic.
    const std::uint64_t number = of.number;
    std::vector<connection_id> all;
    for (subscription* const one : of.subscriptions) {
        if (one->cursor.pending()) continue;
        if (!one->told_of_gaps) {
            all.push_back(one->owner->id());
            continue;
        }
        one->owner->tell_gap(*one);
        one->cursor.restart(at.offset);
    }
    for (const connection_id id : all) {
        if (session* const one = find(id)) one->on_lost();
    }
    return of.number == number;
}

STOMPCHAT_DECL void shard::on_record(shard_event& event) {
    const frame_ref message = std::move(event.message);
    topic_table::topic* const of = topics_.find(event.slot, event.number);
    if (of == nullptr || !of->live || !same_log(*of, event.at)) return;
    if (of->subscriptions.empty()) {
        topics_.expire(now());
        if (of->number != event.number) return;
    }
    message->charge(budget_);
    topics_.tell({event.at.epoch, of->partition, event.at.offset + 1});
    topics_.remember(*of, message);
    if (of->subscriptions.empty()) return;
    if (of->subscriptions.size() > sweep_threshold || of->subscriptions.busy()) return queue_for_sweep(*of, message);
    const auto end = of->subscriptions.end();
    for (auto next = of->subscriptions.begin(); next != end; ++next) {
        if (end - next > 2) next[2]->prefetch();
        if (end - next > 1) next[1]->owner->prefetch();
        subscription* const one = *next;
        session& owner = *one->owner;
        switch (one->cursor.on_live(event.at.offset, [&] { return owner.has_room(*one); })) {
        case delivery::cursor::verdict::take: owner.deliver(message, *one); break;
        case delivery::cursor::verdict::no_room: owner.fell_behind(*one); break;
        case delivery::cursor::verdict::skip: break;
        }
    }
}

STOMPCHAT_DECL void shard::on_missed(const shard_event& event) {
    topic_table::topic* const of = topics_.find(event.slot, event.number);
    if (of == nullptr || !of->live || !same_log(*of, event.at)) return;
    topics_.tell({event.at.epoch, of->partition, event.at.offset + 1});
    of->last = event.at.offset;
    topics_.forget_recent(*of, event.at.offset + 1);
    fall_behind(*of, event.first, event.at.offset);
}

STOMPCHAT_DECL void shard::fall_behind(topic_table::topic& of, offset first, offset last) {
    // What is queued is read from the log as well, by those who have not had it.
    if (of.subscriptions.busy()) first = std::min(first, of.subscriptions.oldest().what->at().offset);
    of.subscriptions.drop();
    for (subscription* const one : of.subscriptions) {
        if (one->cursor.on_missed(first, last)) one->owner->fell_behind(*one);
    }
}

STOMPCHAT_DECL void shard::on_answer(const shard_event& event) {
    topic_table::topic* const of = topics_.find(event.slot, event.number);
    if (of == nullptr || of->live) return;
    topics_.tell(event.at);
    of->live = true;
    of->epoch = event.at.epoch;
    of->known_from = event.first;
    of->last = event.last;
    of->recent.reset(event.at.offset);
    // A SEND may have overtaken the registration: a client that subscribes and sends without waiting hears itself all the same.
    const offset told = topics_.told(of->partition);
    const bool overtaken = of->opened_at >= 0 && of->opened_at < told && (of->opened_at < of->known_from || of->last >= of->opened_at);
    for (subscription* const one : of->subscriptions) one->owner->on_topic(*one, overtaken ? of->opened_at : told);
}

STOMPCHAT_DECL void shard::on_result(const shard_event& event) {
    publish_record what;
    if (!publishes_.take(ticket::number_of(event.number), what)) return;
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
