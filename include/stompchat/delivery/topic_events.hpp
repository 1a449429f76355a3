// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_TOPIC_EVENTS_HPP
#define STOMPCHAT_DELIVERY_TOPIC_EVENTS_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/cursor.hpp>
#include <stompchat/delivery/event_batch.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

/*  What a shard does with what its reader tells it.

    1. An event of a registration that is not the latest of its slot is for nobody. Before the answer nothing comes that a subscription may
       take.
    2. A record raises the shard's position first, then it is remembered, then each live subscription takes it or falls behind at it.
    3. Records that were missed make everybody fall behind who lacks one of them.
    4. When the log was made anew nobody knows what stood at the end of the old one: whoever had begun is told of a gap and goes on live,
       or loses its session; whoever had not begins in the new log.
    5. What is not in the log is for those who are live and have room at the moment.

    `Topics` is a topic_table. `Host` is what has the subscriptions:
        now()                                 the time
        keep(record)                          the shard keeps the record
        has_room(subscription)
        can_take(subscription)                whether there is room in its queue, whatever waits for its acknowledgement
        deliver(record, subscription)
        fell_behind(subscription)             it has to be fed when there is room
        on_topic(subscription, offset)        it can begin; at `offset`, unless it wants something else
        forget_read(subscription)             what it reads, and what waits for its ACK, is of a log that is no more
        tell_gap(subscription)
        name_of_session(subscription), end_session(name)
        wants_sweep(topic), sweep(topic, record), sweep_ephemeral(topic, record)   the record is handed out piece by piece; one that is not
   in the log stands from then on where the next one that is would expect(subscription, turns)           it will have its turn: ask for its
   memory ahead of time  */

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/// Hands a record that comes live to one subscription. True when it was taken.
template <class Subscription, class Room, class Take, class Behind>
bool hand_over(offset at, Subscription& to, Room&& room, Take&& take, Behind&& behind) {
    switch (to.cursor.on_live(at, room)) {
    case cursor::verdict::take: take(); return true;
    case cursor::verdict::no_room: behind(); break;
    case cursor::verdict::skip: break;
    }
    return false;
}

/// Rule 3. What is queued for a sweep is read from the log as well, by those who have not had it.
template <class Topic, class Host>
void fall_behind(Topic& of, offset first, offset last, Host& host) {
    if (of.subscriptions.busy()) first = std::min(first, of.subscriptions.oldest().what->at().offset);
    of.subscriptions.drop();
    for (auto* const one : of.subscriptions) {
        if (one->cursor.on_missed(first, last)) host.fell_behind(*one);
    }
}

/// Rule 4. False when the topic has gone with its last session.
template <class Topics, class Host>
bool same_log(Topics& topics, typename Topics::topic& of, const position& at, Host& host) {
    if (of.epoch == at.epoch) return true;
    of.epoch = at.epoch;
    of.known_from = at.offset;
    of.last = -1;
    topics.tell(at);
    topics.forget_recent(of, at.offset);
    of.subscriptions.drop();
    // Named, because a session takes all its subscriptions with it, and perhaps the topic.
    const std::uint64_t number = of.number;
    std::vector<decltype(host.name_of_session(**of.subscriptions.begin()))> ended;
    for (auto* const one : of.subscriptions) {
        // Its start_request notices.
        if (one->cursor.pending()) continue;
        if (!one->told_of_gaps) {
            ended.push_back(host.name_of_session(*one));
            continue;
        }
        host.forget_read(*one);
        host.tell_gap(*one);
        one->cursor.restart(at.offset);
    }
    for (const auto& name : ended) host.end_session(name);
    return of.number == number;
}

/// Rule 2, for an event of the kind `record`, whose message is taken.
template <class Topics, class Host>
void take_record(Topics& topics, shard_event<typename Topics::record>& event, Host& host) {
    const typename Topics::record message = std::move(event.message);
    auto* const of = topics.find(event.slot, event.number);
    if (of == nullptr || !of->live || !same_log(topics, *of, event.at, host)) return;
    if (of->subscriptions.empty()) {
        topics.expire(host.now());
        if (of->number != event.number) return;
    }
    host.keep(message);
    topics.tell({event.at.epoch, of->partition, event.at.offset + 1});
    topics.remember(*of, message);
    if (of->subscriptions.empty()) return;
    if (of->subscriptions.busy() || host.wants_sweep(*of)) return host.sweep(*of, message);
    const auto end = of->subscriptions.end();
    for (auto next = of->subscriptions.begin(); next != end; ++next) {
        if (end - next > 2) host.expect(*next[2], 2);
        if (end - next > 1) host.expect(*next[1], 1);
        auto& one = **next;
        hand_over(
            event.at.offset, one, [&] { return host.has_room(one); }, [&] { host.deliver(message, one); }, [&] { host.fell_behind(one); });
    }
}

/// Rule 5, for an event of the kind `ephemeral`, whose message is taken.
template <class Topics, class Host>
void take_ephemeral(Topics& topics, shard_event<typename Topics::record>& event, Host& host) {
    const typename Topics::record message = std::move(event.message);
    auto* const of = topics.find(event.slot, event.number);
    if (of == nullptr || !of->live || of->subscriptions.empty()) return;
    host.keep(message);
    if (of->subscriptions.busy() || host.wants_sweep(*of)) return host.sweep_ephemeral(*of, message);
    for (auto* const one : of->subscriptions) {
        if (one->cursor.live() && host.can_take(*one)) host.deliver(message, *one);
    }
}

/// Rule 3, for an event of the kind `missed`.
template <class Topics, class Host>
void take_missed(Topics& topics, const shard_event<typename Topics::record>& event, Host& host) {
    auto* const of = topics.find(event.slot, event.number);
    if (of == nullptr || !of->live || !same_log(topics, *of, event.at, host)) return;
    topics.tell({event.at.epoch, of->partition, event.at.offset + 1});
    of->last = event.at.offset;
    topics.forget_recent(*of, event.at.offset + 1);
    fall_behind(*of, event.first, event.at.offset, host);
}

/// Rule 4, for an event of the kind `new_log`.
template <class Topics, class Host>
void take_new_log(Topics& topics, const shard_event<typename Topics::record>& event, Host& host) {
    auto* const of = topics.find(event.slot, event.number);
    if (of != nullptr && of->live) same_log(topics, *of, event.at, host);
}

/// The registration is complete, and the subscriptions begin.
template <class Topics, class Host>
void take_answer(Topics& topics, const shard_event<typename Topics::record>& event, Host& host) {
    auto* const of = topics.find(event.slot, event.number);
    if (of == nullptr || of->live) return;
    topics.tell(event.at);
    of->live = true;
    of->epoch = event.at.epoch;
    of->known_from = event.first;
    of->last = event.last;
    of->recent.reset(event.at.offset);
    // A SEND may have overtaken the registration: a client that subscribes and sends without waiting hears itself all the same.
    const offset told = topics.told(of->partition);
    // If the reader was in no log then, or in another one, what came since begins where it came into this one.
    const offset opened = of->opened_at.offset >= 0 && of->opened_at.epoch == of->epoch ? of->opened_at.offset : event.begin;
    const bool overtaken = opened < told && (opened < of->known_from || of->last >= opened);
    for (auto* const one : of->subscriptions) host.on_topic(*one, overtaken ? opened : told);
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
