// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_READER_IPP
#define STOMPCHAT_NODE_IMPL_READER_IPP

#include <stompchat/node/detail/frame.hpp>
#include <stompchat/node/detail/reader.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL reader::reader(broker& log, std::vector<shard_inbox*> shards, observer& watcher, std::size_t remembered)
    : broker_(log), shards_(std::move(shards)), watcher_(watcher), table_(log.partitions()), last_(log.partitions(), remembered),
      handed_out_(log.partitions()) {
    for (auto& one : handed_out_) one.store(-1, std::memory_order_relaxed);
}

STOMPCHAT_DECL void reader::add(std::string destination, delivery::registration claim) {
    // Always a post: a shard that registers must not be called back from within.
    asio::post(broker_.get_executor(), [this, one = claimant{std::move(destination), claim}]() mutable {
        if (table_.complete())
            answer(one);
        else
            early_.push_back(std::move(one));
    });
}

STOMPCHAT_DECL void reader::remove(std::string destination, delivery::registration claim) {
    asio::post(broker_.get_executor(), [this, one = claimant{std::move(destination), claim}] {
        std::erase_if(early_, [&](const claimant& c) {
            return c.destination == one.destination && c.claim.shard == one.claim.shard && c.claim.number <= one.claim.number;
        });
        table_.remove(one.destination, one.claim);
    });
}

STOMPCHAT_DECL void reader::answer(const claimant& one) {
    const position at = table_.add(one.destination, one.claim);
    shard_inbox& inbox = *shards_[one.claim.shard];
    inbox.put_answer(one.claim, at, last_.of(one.destination, at.partition));
    inbox.wake();
}

STOMPCHAT_DECL void reader::on_records(std::span<const record_view> records, const position& next) {
    // The first call for a partition, and the first one under a new epoch, has no records and tells where delivery begins.
    if (records.empty() && table_.begins_at(next)) last_.begin(next);
    for (const record_view& record : records) {
        if (!table_.is_new(record.at)) continue;
        last_.note(record.destination, record.at);
        for (const delivery::registration& claim : table_.claims_on(record.destination)) {
            shard_inbox& inbox = *shards_[claim.shard];
            // A frame is made for each shard: it then belongs to that thread alone and is counted without atomics.
            if (inbox.has_room())
                inbox.put_record(claim, frame::make_message(record));
            else
                inbox.put_missed(claim, record.at);
        }
    }
    table_.advance(next);
    handed_out_[next.partition].store(next.offset, std::memory_order_release);
    for (shard_inbox* inbox : shards_) inbox->wake();
    if (!early_.empty() && table_.complete()) {
        for (const claimant& one : std::exchange(early_, {})) answer(one);
    }
}

STOMPCHAT_DECL void reader::on_published(std::span<const publish_result> results) {
    for (const publish_result& result : results) shards_[ticket::shard_of(result.ticket)]->put_result(result);
    for (shard_inbox* inbox : shards_) inbox->wake();
}

STOMPCHAT_DECL void reader::on_state(broker_state state) {
    state_.store(state, std::memory_order_relaxed);
    watcher_.on_broker_state(state);
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
