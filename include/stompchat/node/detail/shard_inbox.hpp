// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_SHARD_INBOX_HPP
#define STOMPCHAT_NODE_DETAIL_SHARD_INBOX_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/interest_table.hpp>
#include <stompchat/delivery/last_offsets.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/ports/broker.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

namespace asio = boost::asio;

/** What the reader tells a shard. */
struct shard_event {
    enum class kind : std::uint8_t {
        record, ///< a message of a registered destination
        missed, ///< the same, but there was no room for it: it has to be read from the log
        answer, ///< a registration is complete from `at` on
        result, ///< of a publish
    };

    kind what = kind::record;
    std::uint32_t slot = 0;
    std::uint64_t number = 0; ///< the registration, or the ticket of a result
    position at;
    offset first = 0; ///< of missed ones: the first; `at` is the last. Of an answer: nothing at or above it stands behind `last`
    offset last = -1; ///< of an answer: the destination's last record, as far as that is known
    error_code error;
    frame_ref message;
};

/** The way from the reader to one shard, in order, in batches, with one wake-up per batch.
    Thread safety: the reader's functions are for the broker's executor; take() is for the shard's thread.
    Memory: records of at most `room` octets; beyond that only where each destination was first missed. Results and registrations are
    bounded by what the shard has in flight. */
class shard_inbox {
public:
    /// `deliver` runs on the shard's thread after a wake-up. Lifetime: outlives the broker's last call of its sink; a wake-up may come
    /// later.
    shard_inbox(asio::io_context& context, std::size_t room, std::function<void()> deliver)
        : context_(context), room_(room), deliver_(std::move(deliver)) {}

    // The reader collects on its own side, without a lock...
    bool has_room() const noexcept { return known_waiting_ + gathered_octets_ < room_; }

    void put_record(const delivery::registration& claim, frame_ref message) {
        gathered_octets_ += message->size();
        shard_event& event = gathered_.emplace_back();
        event.slot = claim.slot;
        event.number = claim.number;
        event.at = message->at();
        event.message = std::move(message);
    }

    void put_missed(const delivery::registration& claim, const position& at) {
        // One event says it all: whoever falls behind at the first one is fed from there on. Later ones only move the end that must be
        // reached. The events stand behind the batch's records, because once there is no room there is none for the rest of it.
        for (shard_event& earlier : missed_) {
            if (earlier.slot == claim.slot && earlier.number == claim.number) {
                earlier.at = at;
                return;
            }
        }
        shard_event& event = missed_.emplace_back();
        event.what = shard_event::kind::missed;
        event.slot = claim.slot;
        event.number = claim.number;
        event.at = at;
        event.first = at.offset;
    }

    void put_answer(const delivery::registration& claim, const position& at, const delivery::last_offsets::knowledge& known) {
        shard_event& event = gathered_.emplace_back();
        event.what = shard_event::kind::answer;
        event.slot = claim.slot;
        event.number = claim.number;
        event.at = at;
        event.first = known.floor;
        event.last = known.last;
    }

    void put_result(const publish_result& result) {
        shard_event& event = gathered_.emplace_back();
        event.what = shard_event::kind::result;
        event.number = result.ticket;
        event.at = result.at;
        event.error = result.error;
    }

    /// ... and hands the batch over here.
    void wake() {
        if (gathered_.empty() && missed_.empty()) return;
        bool first;
        {
            const std::lock_guard lock(mutex_);
            first = pending_.empty();
            if (first)
                pending_.swap(gathered_);
            else
                std::move(gathered_.begin(), gathered_.end(), std::back_inserter(pending_));
            std::move(missed_.begin(), missed_.end(), std::back_inserter(pending_));
            waiting_octets_ += gathered_octets_;
            known_waiting_ = waiting_octets_;
        }
        gathered_.clear();
        missed_.clear();
        gathered_octets_ = 0;
        // On the same thread this runs the shard at once: one hop less, and nothing is overtaken, because a batch is taken whole.
        if (first) asio::dispatch(context_, deliver_);
    }

    /// Takes what has come; `into` is empty and lends its capacity.
    void take(std::vector<shard_event>& into) {
        const std::lock_guard lock(mutex_);
        pending_.swap(into);
        waiting_octets_ = 0;
    }

private:
    asio::io_context& context_;
    const std::size_t room_;
    const std::function<void()> deliver_;
    std::vector<shard_event> gathered_;
    std::vector<shard_event> missed_;
    std::size_t gathered_octets_ = 0;
    // What waited at the last wake-up: may be out of date, but then the next wake-up corrects it.
    std::size_t known_waiting_ = 0;
    std::mutex mutex_;
    std::vector<shard_event> pending_;
    std::size_t waiting_octets_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
