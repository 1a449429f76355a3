// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_READER_HPP
#define STOMPCHAT_NODE_DETAIL_READER_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/router.hpp>
#include <stompchat/node/detail/broker_health.hpp>
#include <stompchat/node/detail/shard_inbox.hpp>
#include <stompchat/ports/broker.hpp>
#include <stompchat/ports/observer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

class own_publishes;

/// A publish in flight: which shard it came from, and the shard's own number for it.
struct ticket {
    static constexpr unsigned shard_bits = 12;
    /// No shard: a publish of the service itself.
    static constexpr std::uint32_t own = (1u << shard_bits) - 1;

    static std::uint64_t make(std::uint32_t shard, std::uint64_t number) noexcept { return number << shard_bits | shard; }
    static std::uint32_t shard_of(std::uint64_t value) noexcept { return static_cast<std::uint32_t>(value & ((1u << shard_bits) - 1)); }
    static std::uint64_t number_of(std::uint64_t value) noexcept { return value >> shard_bits; }
};

/** The node's side of the broker: hands each record to the shards that want it, encoded once per shard, and each publish result to the
    shard it came from. Batches travel with one wake-up per shard.
    Thread safety: everything but health() happens on the broker's executor. Lifetime: outlives the completion of the broker's stop. */
class reader final : public broker::sink {
public:
    /// `remembered` is how many destinations it remembers the last record of.
    STOMPCHAT_DECL reader(broker& log, std::vector<shard_inbox*> shards, observer& watcher, std::size_t remembered = 100'000);

    /// Answers a shard's registration through its inbox, in order with the records. May be called from any thread.
    STOMPCHAT_DECL void add(std::string destination, delivery::registration claim);
    STOMPCHAT_DECL void remove(std::string destination, delivery::registration claim);

    /// Who gets the results of what the service itself publishes. Called before the broker starts.
    void attach(own_publishes& own) noexcept { own_ = &own; }

    /// How far a partition was handed out; what is published from now on stands there or behind. The offset is -1 before the broker has
    /// begun. May be called from any thread.
    position handed_out(partition of) const noexcept {
        // In this order: while a log is made anew it may be the old one with the new one's offset, which is noticed, never the reverse.
        const std::uint64_t epoch = handed_out_[of].epoch.load(std::memory_order_acquire);
        return {epoch, of, handed_out_[of].next.load(std::memory_order_acquire)};
    }

    const broker_health& health() const noexcept { return health_; }

    STOMPCHAT_DECL void on_records(std::span<const record_view> records, const position& next) override;
    STOMPCHAT_DECL void on_ephemeral(std::span<const record_view> records) override;
    STOMPCHAT_DECL void on_published(std::span<const publish_result> results) override;
    STOMPCHAT_DECL void on_state(broker_state state) override;

private:
    class inboxes;

    broker& broker_;
    std::vector<shard_inbox*> shards_;
    observer& watcher_;
    own_publishes* own_ = nullptr;
    delivery::router router_;
    std::uint64_t ephemeral_ = 0; // how many there were
    struct progress {
        std::atomic<offset> next{-1};
        std::atomic<std::uint64_t> epoch{0};
    };
    std::vector<progress> handed_out_;
    broker_health health_{std::chrono::steady_clock::now()};
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/reader.ipp>
#endif

#endif
