// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_IMPL_PRESENCE_IPP
#define STOMPCHAT_DELIVERY_IMPL_PRESENCE_IPP

#include <stompchat/delivery/presence.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

// What the registry tells.

STOMPCHAT_DECL void presence_room::on_change(const presence_change& change, time_point now) {
    if (looking_ != 0) {
        overflowed_ = overflowed_ || buffered_.size() == max_buffered;
        if (!overflowed_) buffered_.push_back(change);
    }
    // Rule 2: it may also be told twice. What a look brought can be ahead of the changes, that proves nothing.
    if (std::exchange(last_change_, change.version) > change.version) look_soon(now);
    apply(change, now);
}

STOMPCHAT_DECL void presence_room::apply(const presence_change& change, time_point now) {
    if (!known_ || change.version <= version_) return;
    const bool says_all = change.count == (change.joined ? 1u : 0u);
    if (!listed_ && !says_all) {
        nothing_new_ = false;
        all_ = true;
        version_ = change.version;
        count_ = change.count;
        if (count_ <= limits_->most_users) look_soon(now);
        return;
    }
    if (!says_all) {
        const bool there = users_.contains(change.user);
        const std::size_t after = change.joined ? users_.size() + 1 : users_.size() - 1;
        if (change.version != version_ + 1 || there == change.joined || after != change.count) return look_soon(now);
    }
    nothing_new_ = false;
    version_ = change.version;
    count_ = change.count;
    if (says_all) {
        replace_users(change);
    } else {
        toggle(change.user, change.joined);
        if (change.joined)
            users_.insert(change.user);
        else
            users_.erase(change.user);
    }
    if (users_.size() <= limits_->most_users) return;
    listed_ = false;
    all_ = true;
    users_.clear();
    pending_.clear();
}

STOMPCHAT_DECL void presence_room::replace_users(const presence_change& only) {
    if (!std::exchange(listed_, true)) all_ = true;
    for (const std::string& user : users_) {
        if (!only.joined || user != only.user) toggle(user, false);
    }
    if (only.joined && !users_.contains(only.user)) toggle(only.user, true);
    users_.clear();
    if (only.joined) users_.insert(only.user);
}

STOMPCHAT_DECL void presence_room::toggle(const std::string& user, bool joined) {
    if (all_) return;
    const auto [at, is_new] = pending_.try_emplace(user, pending_change{++order_, joined});
    if (!is_new) pending_.erase(at); // rule 3: it is as it was told
}

// Looks.

STOMPCHAT_DECL void presence_room::look_soon(time_point now) noexcept {
    look_at_ = std::min(look_at_, last_look_ ? std::max(now, *last_look_ + limits_->retry) : now);
}

STOMPCHAT_DECL std::uint64_t presence_room::begin_look(time_point now) {
    if (looking_ != 0 || now < look_at_) return 0;
    look_at_ = time_point::max();
    last_look_ = now;
    buffered_.clear();
    overflowed_ = false;
    return looking_ = ++looks_;
}

STOMPCHAT_DECL void presence_room::on_view(std::uint64_t look, presence_view view, time_point now) {
    if (look == 0 || look != looking_) return;
    looking_ = 0;
    look_at_ = now + limits_->digest;
    const bool was_told = known_ && !all_ && pending_.empty();
    const names before = std::exchange(users_, {});
    const std::size_t count_before = count_;
    const bool was_listed = std::exchange(listed_, view.count <= limits_->most_users);
    known_ = true;
    unavailable_ = false;
    version_ = view.version;
    if (listed_) users_.insert(std::make_move_iterator(view.users.begin()), std::make_move_iterator(view.users.end()));
    count_ = listed_ ? users_.size() : view.count;
    all_ = true;
    pending_.clear();
    for (const presence_change& change : std::exchange(buffered_, {})) {
        if (change.version > version_) apply(change, now);
    }
    if (overflowed_) look_soon(now);
    nothing_new_ = was_told && listed_ == was_listed && count_ == count_before && users_ == before;
}

STOMPCHAT_DECL void presence_room::on_failed(std::uint64_t look, time_point now) {
    if (look == 0 || look != looking_) return;
    forget();
    look_at_ = now + limits_->retry;
}

STOMPCHAT_DECL void presence_room::on_interrupted(time_point now) {
    forget();
    look_at_ = std::min(look_at_, now + limits_->retry);
}

STOMPCHAT_DECL void presence_room::forget() noexcept {
    looking_ = 0;
    last_change_ = 0;
    buffered_.clear();
    known_ = false;
    unavailable_ = true;
    all_ = false;
    users_.clear();
    pending_.clear();
}

// What the subscribers are told.

STOMPCHAT_DECL presence_message presence_room::snapshot(const names* users) const noexcept {
    presence_message result;
    result.what = presence_message::kind::snapshot;
    result.version = told_version_;
    result.count = told_count_;
    result.users = users;
    return result;
}

STOMPCHAT_DECL bool presence_room::begin_flush(time_point now) {
    if (now < next_flush_ || !due()) return false;
    cost_ = 0;
    ++told_messages_;
    telling_all_ = all_ || unavailable_ || pending_.size() > snapshot_cost();
    if (!telling_all_) {
        for (const auto& [user, change] : pending_) telling_.emplace_back(user, change.joined);
        std::sort(telling_.begin(), telling_.end(), [this](const auto& a, const auto& b) {
            return pending_.find(a.first)->second.order > pending_.find(b.first)->second.order;
        });
    }
    pending_.clear();
    return true;
}

STOMPCHAT_DECL std::optional<presence_message> presence_room::next_message() {
    if (std::exchange(telling_all_, false)) {
        told_any_ = true;
        told_unavailable_ = unavailable_;
        cost_ = 1;
        if (unavailable_) return presence_message{};
        cost_ = snapshot_cost();
        told_version_ = std::max(version_, told_version_ + (std::exchange(nothing_new_, false) ? 0 : 1));
        told_count_ = count_;
        told_listed_ = listed_;
        all_ = false;
        return snapshot(listed_ ? &users_ : nullptr);
    }
    if (telling_.empty()) return std::nullopt;
    told_user_ = std::move(telling_.back().first);
    const bool joined = telling_.back().second;
    telling_.pop_back();
    ++cost_;
    presence_message result;
    result.what = joined ? presence_message::kind::join : presence_message::kind::leave;
    result.user = told_user_;
    result.version = ++told_version_;
    result.count = joined ? ++told_count_ : --told_count_;
    return result;
}

STOMPCHAT_DECL void presence_room::end_flush(time_point now, std::size_t subscribers) noexcept {
    const auto pause = std::chrono::microseconds(cost_ * subscribers * 1'000'000 / limits_->rate);
    next_flush_ = now + std::min<std::chrono::microseconds>(pause, limits_->longest_pause);
}

STOMPCHAT_DECL std::optional<presence_message> presence_room::current() {
    if (!told_any_) return std::nullopt;
    if (told_unavailable_) return presence_message{};
    if (!told_listed_) return snapshot(nullptr);
    // The names that were told are not known any more, and a message that tells them anew is due.
    if (!known_ || all_) return std::nullopt;
    if (pending_.empty()) return snapshot(&users_);
    told_users_ = users_;
    for (const auto& [user, change] : pending_) {
        if (change.joined)
            told_users_.erase(user);
        else
            told_users_.insert(user);
    }
    return snapshot(&told_users_);
}

STOMPCHAT_DECL presence_room::time_point presence_room::next_time() const noexcept {
    time_point next = looking_ != 0 ? time_point::max() : look_at_;
    if (due()) next = std::min(next, next_flush_);
    return next;
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
