// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_DETAIL_FIRST_COPIES_HPP
#define STOMPCHAT_MEMORY_DETAIL_FIRST_COPIES_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

namespace stompchat::inline STOMPCHAT_ABI::detail {

/** Where the first copy of each message with an id stands. It outlives the record itself, so that a late copy of a message that the log has
    already dropped is known, too.
    Thread safety: none; its owner locks. Memory: about 100 octets for each message with an id, for `kept`. */
class first_copies {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Longer than anybody publishes a copy: an entry under an idempotency key is kept for 15 minutes.
    static constexpr std::chrono::minutes kept{20};

    /// The first copy of a message, if there is one at or above `base` in the same log.
    std::optional<position> find(const record_id& id, const position& base) const {
        const auto found = places_.find(id);
        if (found == places_.end()) return {};
        const position& at = found->second;
        if (base.epoch == at.epoch && base.partition == at.partition && at.offset < base.offset) return {};
        return at;
    }

    /// Notes the first copy. What is older than `kept` is forgotten.
    void note(const record_id& id, const position& at, time_point now) {
        while (!order_.empty() && order_.front().until <= now) {
            const auto found = places_.find(order_.front().id);
            // A message that was published anew has another entry of the order.
            if (found != places_.end() && found->second == order_.front().at) places_.erase(found);
            order_.pop_front();
        }
        places_[id] = at;
        order_.push_back({id, at, now + kept});
    }

    /// The log was made anew.
    void clear() {
        places_.clear();
        order_.clear();
    }

    std::size_t size() const noexcept { return places_.size(); }

private:
    struct hash {
        std::size_t operator()(const record_id& id) const noexcept {
            return static_cast<std::size_t>((id.incarnation ^ (id.sequence * 0x9E3779B97F4A7C15u)) * 0xBF58476D1CE4E5B9u);
        }
    };
    struct noted {
        record_id id;
        position at;
        time_point until;
    };

    std::unordered_map<record_id, position, hash> places_;
    std::deque<noted> order_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::detail

#endif
