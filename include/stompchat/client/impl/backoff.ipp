// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_BACKOFF_IPP
#define STOMPCHAT_CLIENT_IMPL_BACKOFF_IPP

#include <stompchat/client/backoff.hpp>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI::client {

STOMPCHAT_DECL backoff::backoff(const backoff_options& options, std::size_t urls, std::uint64_t seed)
    : options_(&options), not_before_(urls, time_point::min()), state_(seed) {}

STOMPCHAT_DECL backoff::attempt backoff::next(std::size_t url, std::chrono::seconds retry_after, time_point now) {
    using milliseconds = std::chrono::milliseconds;
    auto delay = static_cast<double>(options_->first.count());
    const auto longest = static_cast<double>(options_->longest.count());
    for (std::uint32_t i = 0; i != failures_ && delay < longest; ++i) delay *= 2;
    ++failures_;
    delay = std::min(delay, longest) * (1 - std::clamp(options_->jitter, 0.0, 1.0) * random());
    const time_point ready = now + milliseconds(static_cast<std::int64_t>(delay));
    // Everyone who was told the same time comes back within the first step behind it, not at once.
    if (retry_after.count() > 0) {
        const auto spread = milliseconds(static_cast<std::int64_t>(static_cast<double>(options_->first.count()) * random()));
        not_before_[url] = now + std::min(retry_after, options_->longest_retry_after) + spread;
    }

    std::size_t best = (url + 1) % not_before_.size();
    for (std::size_t i = 0, candidate = best; i != not_before_.size(); ++i, candidate = (candidate + 1) % not_before_.size()) {
        if (std::max(not_before_[candidate], ready) < std::max(not_before_[best], ready)) best = candidate;
    }
    return {best, std::max(not_before_[best], ready)};
}

// SplitMix64 (Steele, Lea, Flood): small, and good enough to spread clients.
STOMPCHAT_DECL double backoff::random() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
}

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
