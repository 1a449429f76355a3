// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_INTEREST_TABLE_HPP
#define STOMPCHAT_DELIVERY_INTEREST_TABLE_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** A shard's claim on a destination. Registrations are numbered by the shard; only the latest of a slot counts. */
struct registration {
    /// Which shard.
    std::uint32_t shard = 0;
    /// Where the shard keeps the destination, so that it needs no look-up per message.
    std::uint32_t slot = 0;
    /// The shard's number for the claim; later claims have greater ones.
    std::uint64_t number = 0;
};

/** Which shards want which destination, and how far each partition has been read: the state machine behind a node's reader.

    1. A registration is answered with the reader's position of the destination's partition, as soon as that is known. From that position
       on every record of the destination is handed to the shard; answer and records must reach the shard in the order in which they left
   here.
    2. A removal names the registration it removes, so that a late removal does not end a younger registration.
    3. A record below the reader's position was handed out before: the adapter repeats after a reconnect, and is cut off here.

    Thread safety: one object is for one thread at a time. Memory: one entry for each destination that a shard has registered. */
class interest_table {
public:
    /// For a log of that many partitions; it is not known yet where the reader stands in any.
    explicit interest_table(std::uint32_t partitions) : read_to_(partitions, position{0, 0, unknown}), unknown_(partitions) {}

    /// Rule 1. Returns the position of the first record that will be handed to the shard. Precondition: complete().
    position add(std::string_view destination, const registration& claim) {
        auto found = interested_.find(destination);
        if (found == interested_.end()) found = interested_.emplace(std::string(destination), std::vector<registration>{}).first;
        std::vector<registration>& claims = found->second;
        const auto same = std::find_if(claims.begin(), claims.end(), [&](const registration& r) { return r.shard == claim.shard; });
        if (same == claims.end())
            claims.push_back(claim);
        else if (same->number < claim.number)
            *same = claim;
        return position_of(destination);
    }

    /// Rule 2.
    void remove(std::string_view destination, const registration& claim) {
        const auto found = interested_.find(destination);
        if (found == interested_.end()) return;
        std::erase_if(found->second, [&](const registration& r) { return r.shard == claim.shard && r.number <= claim.number; });
        if (found->second.empty()) interested_.erase(found);
    }

    /// Who wants a record; an empty span for nobody. Valid until the table changes.
    std::span<const registration> claims_on(std::string_view destination) const {
        const auto found = interested_.find(destination);
        if (found == interested_.end()) return {};
        return found->second;
    }

    /// Calls `use(destination, registration)` for every claim. `use` must not change the table.
    template <class Use>
    void for_each_claim(Use&& use) const {
        for (const auto& [destination, claims] : interested_) {
            for (const registration& claim : claims) use(destination, claim);
        }
    }

    /// Whether reading of a partition begins there, for the first time or in another log.
    bool begins_at(const position& next) const noexcept {
        const position& reached = read_to_[next.partition];
        return reached.offset == unknown || reached.epoch != next.epoch;
    }

    /// Rule 3: whether a record of a partition is new to this reader.
    bool is_new(const position& at) const noexcept {
        const position& reached = read_to_[at.partition];
        return at.epoch != reached.epoch || at.offset >= reached.offset;
    }

    /// All records of a partition below `next` have been handed out.
    void advance(const position& next) noexcept {
        position& reached = read_to_[next.partition];
        if (reached.offset == unknown) --unknown_;
        if (reached.epoch != next.epoch || reached.offset < next.offset) reached = next;
    }

    /// Whether the reader knows where it stands in every partition.
    bool complete() const noexcept { return unknown_ == 0; }

    /// How far the partition of a destination has been read.
    const position& position_of(std::string_view destination) const noexcept {
        return read_to_[partition_of(destination, static_cast<std::uint32_t>(read_to_.size()))];
    }

    /// How many destinations somebody wants.
    std::size_t size() const noexcept { return interested_.size(); }

private:
    static constexpr offset unknown = -1;

    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return static_cast<std::size_t>(fnv1a_64(text)); }
    };
    struct equal {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
    };

    std::unordered_map<std::string, std::vector<registration>, hash, equal> interested_;
    std::vector<position> read_to_;
    std::size_t unknown_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
