// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_READER_IPP
#define STOMPCHAT_NODE_IMPL_READER_IPP

#include <stompchat/node/detail/frame.hpp>
#include <stompchat/node/detail/own_publishes.hpp>
#include <stompchat/node/detail/reader.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL reader::reader(broker& log, std::vector<shard_inbox*> shards, observer& watcher, std::size_t remembered)
    : broker_(log), shards_(std::move(shards)), watcher_(watcher), router_(log.partitions(), remembered), handed_out_(log.partitions()) {}

/// What the router hands to the shards.
class reader::inboxes {
public:
    explicit inboxes(const std::vector<shard_inbox*>& shards) noexcept : shards_(shards) {}

    void record(const delivery::registration& claim, const record_view& what) {
        shard_inbox& inbox = *shards_[claim.shard];
        // A frame is made for each shard: it then belongs to that thread alone and is counted without atomics.
        if (inbox.has_room())
            inbox.put_record(claim, frame::make_message(what));
        else
            inbox.put_missed(claim, what.at);
    }
    void ephemeral(const delivery::registration& claim, const record_view& what) {
        shard_inbox& inbox = *shards_[claim.shard];
        if (inbox.has_room()) inbox.put_ephemeral(claim, frame::make_ephemeral(ephemeral_number, what));
    }
    void answer(const delivery::registration& claim, const position& at, const delivery::last_offsets::knowledge& known) {
        shards_[claim.shard]->put_answer(claim, at, known);
    }
    void new_log(const delivery::registration& claim, const position& at) { shards_[claim.shard]->put_new_log(claim, at); }

    void wake() {
        for (shard_inbox* inbox : shards_) inbox->wake();
    }

    std::uint64_t ephemeral_number = 0;

private:
    const std::vector<shard_inbox*>& shards_;
};

STOMPCHAT_DECL void reader::add(std::string destination, delivery::registration claim) {
    // Always a post: a shard that registers must not be called back from within.
    asio::post(broker_.get_executor(), [this, destination = std::move(destination), claim]() mutable {
        router_.add(std::move(destination), claim, inboxes(shards_));
        shards_[claim.shard]->wake();
    });
}

STOMPCHAT_DECL void reader::remove(std::string destination, delivery::registration claim) {
    asio::post(broker_.get_executor(), [this, destination = std::move(destination), claim] { router_.remove(destination, claim); });
}

STOMPCHAT_DECL void reader::on_records(std::span<const record_view> records, const position& next) {
    inboxes to(shards_);
    router_.show(records, next, to);
    handed_out_[next.partition].next.store(next.offset, std::memory_order_release);
    handed_out_[next.partition].epoch.store(next.epoch, std::memory_order_release);
    to.wake();
    router_.answer_early(to);
    to.wake();
}

STOMPCHAT_DECL void reader::on_ephemeral(std::span<const record_view> records) {
    inboxes to(shards_);
    for (const record_view& one : records) {
        to.ephemeral_number = ++ephemeral_;
        router_.pass_on({&one, 1}, to);
    }
    to.wake();
}

STOMPCHAT_DECL void reader::on_published(std::span<const publish_result> results) {
    for (const publish_result& result : results) {
        if (const std::uint32_t from = ticket::shard_of(result.ticket); from != ticket::own)
            shards_[from]->put_result(result);
        else if (own_ != nullptr)
            own_->on_result(result);
    }
    for (shard_inbox* inbox : shards_) inbox->wake();
}

STOMPCHAT_DECL void reader::on_state(broker_state state) {
    health_.on_state(state, std::chrono::steady_clock::now());
    watcher_.on_broker_state(state);
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
