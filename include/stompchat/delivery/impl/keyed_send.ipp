// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_IMPL_KEYED_SEND_IPP
#define STOMPCHAT_DELIVERY_IMPL_KEYED_SEND_IPP

#include <stompchat/delivery/keyed_send.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::delivery {
namespace detail {

// Entries are one letter and decimal numbers or a message-id, for people with a look at the store.
inline constexpr std::string_view reserved_prefix = "r ";
inline constexpr std::string_view published_prefix = "p ";

} // namespace detail

STOMPCHAT_DECL std::string key_reservation::text() const {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(since.time_since_epoch()).count();
    std::string text(detail::reserved_prefix);
    for (const std::uint64_t number :
         {holder, nonce, static_cast<std::uint64_t>(milliseconds), id.incarnation, id.sequence, base.epoch, std::uint64_t{base.partition}})
        text.append(std::to_string(number)).append(" ");
    return text.append(std::to_string(base.offset));
}

STOMPCHAT_DECL std::optional<key_reservation> key_reservation::parse(std::string_view text) {
    if (!text.starts_with(detail::reserved_prefix)) return std::nullopt;
    text.remove_prefix(detail::reserved_prefix.size());
    const auto take = [&text](auto& into, bool last) {
        const char* const end = text.data() + text.size();
        const auto [next, failure] = std::from_chars(text.data(), end, into);
        if (failure != std::errc{} || (last ? next != end : next == end || *next != ' ')) return false;
        text.remove_prefix(static_cast<std::size_t>(next - text.data()) + (last ? 0 : 1));
        return true;
    };
    key_reservation read;
    std::int64_t milliseconds = 0;
    if (!take(read.holder, false) || !take(read.nonce, false) || !take(milliseconds, false) || !take(read.id.incarnation, false)
        || !take(read.id.sequence, false) || !take(read.base.epoch, false) || !take(read.base.partition, false)
        || !take(read.base.offset, true))
        return std::nullopt;
    read.since = std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds));
    return read;
}

STOMPCHAT_DECL keyed_send::value keyed_send::published(std::string_view message_id) {
    return std::string(detail::published_prefix).append(message_id);
}

STOMPCHAT_DECL keyed_send::step keyed_send::begin(time_point now) { return reserve(std::chrono::milliseconds(0), now); }

STOMPCHAT_DECL keyed_send::step keyed_send::reserve(std::chrono::milliseconds pause, time_point now) {
    reserved_ = mine_;
    reserved_.since = now;
    expected_.reset();
    return ask(pause, now);
}

STOMPCHAT_DECL keyed_send::step keyed_send::ask(std::chrono::milliseconds pause, time_point now) const {
    if (now >= until_) return {};
    step next;
    next.what = step::action::compare_and_set;
    next.pause = pause;
    next.expected = expected_;
    next.desired = reserved_.text();
    return next;
}

STOMPCHAT_DECL keyed_send::step keyed_send::publish() const {
    step next;
    next.what = step::action::publish;
    next.id = reserved_.id;
    next.base = reserved_.base;
    return next;
}

STOMPCHAT_DECL keyed_send::step keyed_send::on_store(bool failed, bool swapped, const value& found, time_point now) {
    if (failed) {
        pause_ = std::min(2 * pause_, longest_pause);
        return ask(pause_, now);
    }
    if (swapped) return publish();
    if (!found) return reserve(std::chrono::milliseconds(0), now);
    if (found->starts_with(detail::published_prefix)) {
        step next;
        next.what = step::action::answer;
        next.message_id = found->substr(detail::published_prefix.size());
        return next;
    }
    const auto other = key_reservation::parse(*found);
    if (!other) {
        // A later version may write what this one does not know: it may become something known, and until then nothing is published.
        pause_ = longest_pause;
        return reserve(pause_, now);
    }
    if (other->same_try(mine_)) {
        // Rule 1: the store did it, and the answer was lost.
        reserved_ = *other;
        return publish();
    }
    return wait(*other, *found, now);
}

STOMPCHAT_DECL keyed_send::step keyed_send::wait(const key_reservation& other, const std::string& found, time_point now) {
    if (!seen_ || !seen_->same_try(other)) {
        seen_ = other;
        seen_since_ = now;
        pause_ = first_pause;
    }
    if (dead_ == other.holder || now >= other.since + patience || now >= seen_since_ + patience) {
        reserved_ = mine_;
        reserved_.since = now;
        reserved_.id = other.id;
        reserved_.base = other.base;
        expected_ = found;
        copy_ = true;
        return ask(std::chrono::milliseconds(0), now);
    }
    step next = reserve(pause_, now);
    next.waits_for = other.holder;
    pause_ = std::min(2 * pause_, longest_pause);
    return next;
}

STOMPCHAT_DECL std::optional<keyed_send::step> keyed_send::on_published(error_code outcome, std::string_view message_id) const {
    // What may be in the log keeps its reservation, so that a repeat finds out.
    const bool certainly_not = !copy_ && (outcome == error::message_too_large || outcome == error::stopped);
    if (outcome && !certainly_not) return std::nullopt;
    step next;
    next.what = step::action::compare_and_set;
    next.expected = reserved_.text();
    if (!outcome) next.desired = published(message_id);
    return next;
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
