// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_FEEDING_HPP
#define STOMPCHAT_DELIVERY_FEEDING_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/cursor.hpp>
#include <stompchat/delivery/latest.hpp>
#include <stompchat/ports/broker.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

/*  How a session's subscriptions that are behind are fed.

    1. They are fed when the session's queue has been written, when an ACK has made room, when a read has ended, and when a pause is over.
       One that falls behind although there is room waits for none of these: it is fed soon.
    2. What stands among the recent messages comes from there, encoded already. Else the log is read, one read for each subscription at a
       time, for about as much as there is room.
    3. A read that was answered from another log than the topic's brings nothing: the reader will tell of that log.
    4. A read that brings nothing new, although something is there, is repeated after a pause.
    5. When the log no longer reaches back to what is lacking, that is told once, and the cursor goes on behind the hole; who does not know
       of gaps loses the session.

    6. Where the policy is `latest`, of what it is fed at once only the newest message of each key is delivered: of the recent messages, at
       most a thousand at a time, or of one read, which is as large as can be whatever room the window has. The cursor passes over the
   others, as if they were not in the log: what stands in front of a newer one of its key is not lacked by anybody.

    `Host` is a session that has them:
        room()                                       output_room
        topic_of(subscription)                       with `epoch` and `recent`
        told_to(subscription)                        the shard's position of its partition
        deliver(record, subscription)                a recent message
        deliver_read(message, subscription)          one from a read of the log
        read(subscription, messages, octets)         reads the log for it, at most so much; `subscription.reading` while it is under way
        tell_gap(subscription)
        latest_of(subscription)                       the settings where the policy is `latest`, else null
        key_of(record, settings)                      of a recent message, as latest_key(); valid as long as that
    `Subscription` has `cursor`, `reading`, `told_of_gaps`, window_full() and window_room(n): how many messages its window takes, at most n.
 */

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** How much waits for a session's socket, in octets. */
struct output_room {
    /// What waits.
    std::size_t queued = 0;
    /// What may wait.
    std::size_t limit = 0;
    /// The sessions of the shard together hold as much as they may.
    bool shard_full = false;

    /// Whether another message may be queued. An empty queue takes one, however large it is.
    bool has_room() const noexcept { return queued == 0 || (queued < limit && !shard_full); }

    /** Whether it pays to feed: below half of the limit, so that one read brings a good piece; without room in the shard only an empty
       queue takes something, and asking before it is empty would read the log for nothing. */
    bool worth_feeding() const noexcept { return queued <= limit / 2 && (queued == 0 || !shard_full); }
};

/** The subscriptions of a session that are behind, or were a moment ago. `Subscription` has `listed` and `next_behind` for this alone. */
template <class Subscription>
class behind_list {
public:
    /// Whether there is nobody to feed.
    bool empty() const noexcept { return first_ == nullptr; }

    /// Adds it, if it is not there.
    void add(Subscription& one) noexcept {
        if (!std::exchange(one.listed, true)) one.next_behind = std::exchange(first_, &one);
    }

    /// Takes it off, if it is there.
    void remove(Subscription& gone) noexcept {
        for (Subscription** link = &first_; *link != nullptr; link = &(*link)->next_behind) {
            if (*link != &gone) continue;
            *link = std::exchange(gone.next_behind, nullptr);
            gone.listed = false;
            return;
        }
    }

    /// Forgets them all, who need no feeding any more.
    void clear() noexcept { first_ = nullptr; }

    /// Calls `feed` for each one that is behind; the others are taken off. `feed` must not change the list.
    template <class Feed>
    void for_each(Feed&& feed) {
        for (Subscription** link = &first_; *link != nullptr;) {
            Subscription& one = **link;
            if (one.cursor.behind()) {
                feed(one);
                link = &one.next_behind;
            } else {
                one.listed = false;
                *link = std::exchange(one.next_behind, nullptr);
            }
        }
    }

private:
    Subscription* first_ = nullptr;
};

/// Whether a subscription can take another message: its window, and the queue of its session.
template <class Subscription, class Host>
bool has_room(const Subscription& whom, Host& host) {
    return !whom.window_full() && host.room().has_room();
}

/// Rule 1, for one that has just fallen behind: nothing that is awaited will have it fed.
template <class Subscription>
bool waits_for_nothing(const Subscription& whom, const output_room& room) {
    return room.queued == 0 && !whom.window_full();
}

/// Rule 6, for recent messages. False when there was not room for all, or when there are more of them.
template <class Subscription, class Host>
bool feed_latest_of_recent(Subscription& whom, const destination_settings& settings, Host& host) {
    constexpr std::size_t most = 1000;
    const auto& recent = host.topic_of(whom).recent;
    std::vector<std::string_view> keys;
    bool more = false;
    recent.for_each_from(whom.cursor.next(), [&](offset, const auto& record) {
        more = keys.size() == most;
        if (!more) keys.push_back(host.key_of(record, settings));
        return !more;
    });
    const std::vector<bool> newest = newest_of_each(keys);
    std::size_t number = 0;
    bool room = true;
    recent.for_each_from(whom.cursor.next(), [&](offset at, const auto& record) {
        if (number == newest.size()) return false;
        if (!newest[number++]) return true;
        const auto verdict = whom.cursor.on_read(at, [&] { return has_room(whom, host); });
        if (verdict == cursor::verdict::take) host.deliver(record, whom);
        room = verdict != cursor::verdict::no_room;
        return room;
    });
    return room && !more;
}

/// Precondition: the recent messages cover what the cursor lacks.
template <class Subscription, class Host>
void feed_from_recent(Subscription& whom, Host& host) {
    if (const destination_settings* const settings = host.latest_of(whom)) {
        const offset reached = host.told_to(whom);
        if (feed_latest_of_recent(whom, *settings, host)) whom.cursor.end_read(reached, reached);
        return;
    }
    bool all = true;
    host.topic_of(whom).recent.for_each_from(whom.cursor.next(), [&](offset at, const auto& record) {
        switch (whom.cursor.on_read(at, [&] { return has_room(whom, host); })) {
        case cursor::verdict::take: host.deliver(record, whom); break;
        case cursor::verdict::no_room: all = false; break;
        case cursor::verdict::skip: break;
        }
        return all;
    });
    const offset told = host.told_to(whom);
    if (all) whom.cursor.end_read(told, told);
}

/// Rules 1 and 2.
template <class Subscription, class Host>
void feed_those_behind(behind_list<Subscription>& those, Host& host) {
    constexpr std::size_t most_octets = 256 * 1024;
    constexpr std::size_t most_messages = 256;
    if (those.empty()) return;
    const output_room room = host.room();
    if (!room.worth_feeding()) return;
    those.for_each([&](Subscription& one) {
        if (one.reading || one.window_full()) return;
        if (host.topic_of(one).recent.covers(one.cursor.next())) {
            feed_from_recent(one, host);
            if (!one.cursor.behind() || !has_room(one, host)) return; // the next pass takes it off the list
        }
        // Rule 6: the more is seen at once, the more is passed over.
        const std::size_t messages = host.latest_of(one) ? most_messages : one.window_room(most_messages);
        host.read(one, messages, std::min(room.limit - room.queued, most_octets));
    });
}

/// What a read of the log came to.
enum class fed : std::uint8_t {
    something, ///< ask for more at once
    nothing,   ///< ask again after a pause
    lost,      ///< rule 5: the session ends
};

/// A read has ended. Precondition: the cursor is behind.
template <class Subscription, class Host>
fed take_fed(Subscription& whom, const read_result& result, Host& host) {
    cursor& at = whom.cursor;
    if (result.next.epoch != host.topic_of(whom).epoch) return fed::nothing;
    if (result.status == read_status::lost) {
        if (!whom.told_of_gaps) return fed::lost;
        host.tell_gap(whom);
        at.jump(result.messages.empty() ? result.next.offset : result.messages.front().at().offset);
    }
    const offset before = at.next();
    const destination_settings* const settings = host.latest_of(whom);
    // Rule 6: history is the newest of each key already, the recent messages are not.
    if (settings == nullptr && host.topic_of(whom).recent.covers(before)) {
        feed_from_recent(whom, host);
        return fed::something;
    }
    std::vector<bool> newest;
    if (settings != nullptr) {
        std::vector<std::string_view> keys;
        for (const message& one : result.messages) keys.push_back(latest_key(one.view(), *settings));
        newest = newest_of_each(keys);
    }
    std::size_t number = 0;
    for (const message& one : result.messages) {
        if (!newest.empty() && !newest[number++]) continue;
        const auto verdict = at.on_read(one.at().offset, [&] { return has_room(whom, host); });
        if (verdict == cursor::verdict::no_room) return fed::something;
        if (verdict == cursor::verdict::take) host.deliver_read(one, whom);
    }
    at.end_read(result.next.offset, host.told_to(whom));
    // A log whose end lags behind what was already seen (a new leader) gives nothing for a moment.
    return at.behind() && at.next() == before ? fed::nothing : fed::something;
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
