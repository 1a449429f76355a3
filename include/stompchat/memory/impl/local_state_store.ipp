// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_IMPL_LOCAL_STATE_STORE_IPP
#define STOMPCHAT_MEMORY_IMPL_LOCAL_STATE_STORE_IPP

#include <stompchat/memory/local_state_store.hpp>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL local_state_store::local_state_store(asio::any_io_executor executor, local_state_store_options options)
    : executor_(std::move(executor)), options_(std::move(options)) {}

STOMPCHAT_DECL std::size_t local_state_store::size() const {
    const std::lock_guard held(mutex_);
    return entries_.size();
}

STOMPCHAT_DECL void local_state_store::do_get(std::string key, detail::completion<void(error_code, value)> finished) {
    if (!available_) return finished(error::registry_unavailable, {});
    const time_point now = options_.now();
    std::unique_lock held(mutex_);
    value found = find(key, now);
    held.unlock();
    finished({}, std::move(found));
}

STOMPCHAT_DECL void local_state_store::do_compare_and_set(std::string key, value expected, value desired, std::chrono::seconds time_to_live,
                                                          detail::completion<void(error_code, bool, value)> finished) {
    if (!available_) return finished(error::registry_unavailable, false, {});
    const time_point now = options_.now();
    std::unique_lock held(mutex_);
    collect(now);
    value found = find(key, now);
    const bool swapped = found == expected;
    if (swapped && desired)
        store(std::move(key), std::move(*desired), time_to_live, now);
    else if (swapped)
        erase(key);
    held.unlock();
    finished({}, swapped, std::move(found));
}

STOMPCHAT_DECL void local_state_store::do_set(std::string key, std::string new_value, std::chrono::seconds time_to_live,
                                              detail::completion<void(error_code)> finished) {
    if (!available_) return finished(error::registry_unavailable);
    const time_point now = options_.now();
    std::unique_lock held(mutex_);
    collect(now);
    store(std::move(key), std::move(new_value), time_to_live, now);
    held.unlock();
    finished({});
}

STOMPCHAT_DECL local_state_store::value local_state_store::find(const std::string& key, time_point now) const {
    const auto at = entries_.find(key);
    if (at == entries_.end() || at->second.end->first <= now) return {};
    return at->second.value;
}

STOMPCHAT_DECL void local_state_store::store(std::string key, std::string new_value, std::chrono::seconds time_to_live, time_point now) {
    erase(key);
    const auto longest = std::chrono::duration_cast<std::chrono::seconds>(time_point::max() - now);
    const time_point end = time_to_live < longest ? now + std::max(time_to_live, std::chrono::seconds(0)) : time_point::max();
    const auto at = ends_.emplace(end, key);
    entries_.emplace(std::move(key), entry{std::move(new_value), at});
}

STOMPCHAT_DECL void local_state_store::erase(const std::string& key) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    ends_.erase(at->second.end);
    entries_.erase(at);
}

STOMPCHAT_DECL void local_state_store::collect(time_point now) {
    // More than one write adds, few enough that no write takes long.
    for (int i = 0; i != 4 && !ends_.empty() && ends_.begin()->first <= now; ++i) {
        entries_.erase(ends_.begin()->second);
        ends_.erase(ends_.begin());
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
