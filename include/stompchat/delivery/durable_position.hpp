// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_DURABLE_POSITION_HPP
#define STOMPCHAT_DELIVERY_DURABLE_POSITION_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** When a durable position is written. */
struct durable_timing {
    /// Between two writes, and the longest that an acknowledgement waits for one.
    std::chrono::milliseconds interval{1000};
    /// Between two writes of a subscription on which nothing happens: they renew the entry, and show whether another one took over.
    std::chrono::milliseconds idle{5000};
};

/** The durable position of one subscription, and who may move it. The rules:

    1. The entry in the state store is `<holder> <token>`. Every SUBSCRIBE is a holder of its own, with a name that never comes again. It
       becomes *the* holder by replacing what it found by its own name and the position it found (or, where there was none, the one where it
       begins).
    2. Everything is written by compare-and-set against what was written or found last. Whoever lost the entry, however long it was frozen,
       finds another name there: it has *lost*, and changes nothing.
    3. The position is the first offset that is to be delivered to whoever comes next: the oldest delivery that was not acknowledged, the
       oldest one that was answered by NACK, or what comes next, whichever is least.
    4. One write is under way at most. They begin at least `interval` after each other; after an acknowledgement or a delivery the next one
       begins as soon as that allows, else after `idle`.
    5. A write that failed may have happened, or happen later. It is tried again after `interval`; what it left is recognised by its holder.
       An entry that is gone (the store lost its data) is written anew. One that was ended for good is another holder's.

    Thread safety: distinct objects are independent; one object is for one thread at a time. Memory: three short texts. */
class durable_position {
public:
    /// The time is an argument.
    using time_point = std::chrono::steady_clock::time_point;
    /// An entry of the store, or that there is none.
    using value = std::optional<std::string>;

    /// A compare-and-set: the entry that must stand there, and the one to put in its place.
    struct write {
        /// What must stand there.
        value expected;
        /// What replaces it.
        std::string desired;
    };

    /// What an answer of the store means.
    enum class outcome : std::uint8_t {
        done,  ///< it was written
        again, ///< something else stood there: what to write follows from it, at once
        lost,  ///< another subscription has taken over
    };

    /// The entry of a subscription that was ended for good: it is no position, and no holder's.
    static constexpr std::string_view ended = "ended";

    /// `check` identifies the destination in positions.
    durable_position(std::string holder, std::uint32_t check, const durable_timing& timing)
        : timing_(timing), holder_(std::move(holder)), check_(check) {}

    // Becoming the holder.

    /// What replaces the entry that was found. `start` is where the subscription begins if that holds no position.
    write claim(value found, const position& start) {
        const std::string_view text = found ? std::string_view(*found) : std::string_view();
        const auto former = position_in(text);
        resumed_ = former.has_value();
        written_ = former.value_or(start);
        former_ = holder_in(text);
        expected_ = std::move(found);
        attempt_ = entry(written_);
        return {expected_, attempt_};
    }
    /// The answer. After `again` follows claim() with what was found.
    outcome on_claimed(bool swapped, const value& found, time_point now) {
        if (!swapped && found != attempt_) return outcome::again;
        expected_ = attempt_;
        begun_ = now;
        return outcome::done;
    }
    /// Whether it goes on where another one was, and where it begins.
    bool resumed() const noexcept { return resumed_; }
    /// The first offset to deliver, as the store is known to have it.
    const position& written() const noexcept { return written_; }
    /// Whom the entry was taken from; empty when nobody had it.
    const std::string& former() const noexcept { return former_; }

    // Moving the position.

    /// A delivery was answered by NACK: whoever comes next gets it again.
    void hold(offset refused) noexcept { held_ = std::min(held_.value_or(refused), refused); }

    /// Something was delivered or acknowledged.
    void touch() noexcept { touched_ = true; }

    /** Rule 3. `next` is the first offset that is not known to be delivered, `unacknowledged` the oldest delivery that waits for its ACK.
        What was answered by NACK in another log than that of `next` is forgotten. */
    position first(const position& next, std::optional<offset> unacknowledged) noexcept {
        if (next.epoch != next_.epoch || next.partition != next_.partition) {
            if (next_.offset >= 0) held_.reset();
            next_ = next;
        }
        next_.offset = std::max(next_.offset, next.offset);
        position result = next_;
        result.offset = std::min({result.offset, held_.value_or(result.offset), unacknowledged.value_or(result.offset)});
        return result;
    }

    /// When the next write is to begin; time_point::max() while one is under way.
    time_point due() const noexcept {
        if (under_way_) return time_point::max();
        return begun_ + (touched_ || failed_ ? timing_.interval : timing_.idle);
    }
    /// Whether a write was begun and not answered.
    bool under_way() const noexcept { return under_way_; }
    /// Whether the store is known to hold this.
    bool stands(const position& at) const noexcept { return !under_way_ && !failed_ && written_ == at; }

    /// Begins to write a position. on_failed() or on_written() follows.
    write begin(const position& at, time_point now) {
        attempt_ = entry(at);
        attempted_ = at;
        return begin_attempt(now);
    }
    /// Ends it for good: whoever comes next begins anew.
    write begin_end(time_point now) {
        attempt_ = ended;
        return begin_attempt(now);
    }
    /// The store gave no answer.
    void on_failed() noexcept {
        under_way_ = false;
        failed_ = true;
    }
    /// After `again` follows the same write once more.
    outcome on_written(bool swapped, value found) {
        under_way_ = false;
        if (swapped || found == attempt_) {
            expected_ = attempt_;
            written_ = attempted_;
            failed_ = false;
            return outcome::done;
        }
        failed_ = true;
        if (found && holder_in(*found) != holder_) return outcome::lost;
        expected_ = std::move(found);
        return outcome::again;
    }

private:
    write begin_attempt(time_point now) {
        under_way_ = true;
        touched_ = false;
        begun_ = now;
        return {expected_, attempt_};
    }

    std::string entry(const position& at) const {
        position behind = at;
        --behind.offset;
        return holder_ + ' ' + std::string(position_token(behind, check_).text());
    }
    static std::string_view holder_in(std::string_view text) noexcept {
        const auto space = text.find(' ');
        return space == std::string_view::npos ? std::string_view() : text.substr(0, space);
    }
    std::optional<position> position_in(std::string_view text) const noexcept {
        const auto space = text.find(' ');
        if (space == std::string_view::npos) return std::nullopt;
        const auto token = parse_token(text.substr(space + 1));
        if (!token || token->check != check_) return std::nullopt;
        position at = token->at;
        ++at.offset;
        return at;
    }

    durable_timing timing_;
    std::string holder_;
    std::string former_;
    value expected_;      // what stands in the store, as far as is known
    std::string attempt_; // what was written last
    position written_;
    position attempted_;
    position next_; // the highest that was told
    std::optional<offset> held_;
    time_point begun_{};
    std::uint32_t check_;
    bool resumed_ = false;
    bool under_way_ = false;
    bool touched_ = false;
    bool failed_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
