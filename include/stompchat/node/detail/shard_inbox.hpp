// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_SHARD_INBOX_HPP
#define STOMPCHAT_NODE_DETAIL_SHARD_INBOX_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/event_batch.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/ports/broker.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

namespace asio = boost::asio;

using shard_event = delivery::shard_event<frame_ref>;

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
    bool has_room() const noexcept { return known_waiting_ + gathered_.octets() < room_; }

    void put_record(const delivery::registration& claim, frame_ref message) {
        const position at = message->at();
        const std::size_t octets = message->size();
        gathered_.put_record(claim, at, octets, std::move(message));
    }
    void put_ephemeral(const delivery::registration& claim, frame_ref message) {
        const std::size_t octets = message->size();
        gathered_.put_ephemeral(claim, octets, std::move(message));
    }
    void put_missed(const delivery::registration& claim, const position& at) { gathered_.put_missed(claim, at); }
    void put_answer(const delivery::registration& claim, const position& at, const delivery::last_offsets::knowledge& known) {
        gathered_.put_answer(claim, at, known);
    }
    void put_new_log(const delivery::registration& claim, const position& at) { gathered_.put_new_log(claim, at); }
    void put_result(const publish_result& result) { gathered_.put_result(result.ticket, result.error, result.at); }

    /// ... and hands the batch over here.
    void wake() {
        if (gathered_.empty()) return;
        bool first;
        {
            const std::lock_guard lock(mutex_);
            first = pending_.empty();
            waiting_octets_ += gathered_.octets();
            known_waiting_ = waiting_octets_;
            gathered_.move_to(pending_);
        }
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
    delivery::event_batch<frame_ref> gathered_;
    // What waited at the last wake-up: may be out of date, but then the next wake-up corrects it.
    std::size_t known_waiting_ = 0;
    std::mutex mutex_;
    std::vector<shard_event> pending_;
    std::size_t waiting_octets_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
