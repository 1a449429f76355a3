// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_EVENT_BATCH_HPP
#define STOMPCHAT_DELIVERY_EVENT_BATCH_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/interest_table.hpp>
#include <stompchat/delivery/last_offsets.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/position.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** What the reader tells a shard. `Record` is what the shard delivers. */
template <class Record>
struct shard_event {
    /// What it is about.
    enum class kind : std::uint8_t {
        record,    ///< a message of a registered destination
        ephemeral, ///< one that is not in the log; `at` says nothing
        missed,    ///< the same, but there was no room for it: it has to be read from the log
        answer,    ///< a registration is complete from `at` on
        new_log,   ///< the log was made anew, and goes on at `at`
        result,    ///< of a publish
    };

    kind what = kind::record; ///< what it is about
    std::uint32_t slot = 0;   ///< of the registration
    std::uint64_t number = 0; ///< the registration, or the ticket of a result
    position at;              ///< of the message, or what the kind says
    offset first = 0;         ///< of missed ones: the first; `at` is the last. Of an answer: nothing at or above it stands behind `last`
    offset last = -1;         ///< of an answer: the destination's last record, as far as that is known
    offset begin = 0;         ///< of an answer: where the reader came into this log
    error_code error;         ///< of a result
    Record message;           ///< of a record
};

/** What the reader gathers for a shard, to be handed over at once.

    1. Everything keeps its order, but what was missed stands behind the batch's records: once there is no room there is none for the rest
       of the batch.
    2. One event tells of all that a registration missed: whoever falls behind at the first one is fed from there on; later ones only move
       the end that must be reached.

    Thread safety: one object is for one thread at a time. Memory: the records given to it, which the caller bounds; beyond that one event
    for each destination that was missed. */
template <class Record>
class event_batch {
public:
    /// What a batch consists of.
    using event = shard_event<Record>;

    /// A message of a registered destination, which counts `octets`.
    void put_record(const registration& claim, const position& at, std::size_t octets, Record what) {
        octets_ += octets;
        event& added = put(event::kind::record, claim, at);
        added.message = std::move(what);
    }

    /// A message of a registered destination that is not in the log.
    void put_ephemeral(const registration& claim, std::size_t octets, Record what) {
        octets_ += octets;
        put(event::kind::ephemeral, claim, {}).message = std::move(what);
    }

    /// Rule 2.
    void put_missed(const registration& claim, const position& at) {
        for (event& earlier : missed_) {
            if (earlier.slot == claim.slot && earlier.number == claim.number) {
                earlier.at = at;
                return;
            }
        }
        event& added = missed_.emplace_back();
        added.what = event::kind::missed;
        added.slot = claim.slot;
        added.number = claim.number;
        added.at = at;
        added.first = at.offset;
    }

    /// A registration is complete.
    void put_answer(const registration& claim, const position& at, const last_offsets::knowledge& known) {
        event& added = put(event::kind::answer, claim, at);
        added.first = known.floor;
        added.last = known.last;
        added.begin = known.begin;
    }

    /// The log was made anew.
    void put_new_log(const registration& claim, const position& at) { put(event::kind::new_log, claim, at); }

    /// What became of a publish.
    void put_result(std::uint64_t ticket, error_code error, const position& at) {
        event& added = events_.emplace_back();
        added.what = event::kind::result;
        added.number = ticket;
        added.at = at;
        added.error = error;
    }

    /// Whether there is nothing to hand over.
    bool empty() const noexcept { return events_.empty() && missed_.empty(); }
    /// Octets of the records.
    std::size_t octets() const noexcept { return octets_; }

    /// Moves everything behind what is in `to`, and is empty.
    void move_to(std::vector<event>& to) {
        if (to.empty())
            to.swap(events_);
        else
            std::move(events_.begin(), events_.end(), std::back_inserter(to));
        std::move(missed_.begin(), missed_.end(), std::back_inserter(to));
        events_.clear();
        missed_.clear();
        octets_ = 0;
    }

private:
    event& put(typename event::kind what, const registration& claim, const position& at) {
        event& added = events_.emplace_back();
        added.what = what;
        added.slot = claim.slot;
        added.number = claim.number;
        added.at = at;
        return added;
    }

    std::vector<event> events_;
    std::vector<event> missed_;
    std::size_t octets_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
