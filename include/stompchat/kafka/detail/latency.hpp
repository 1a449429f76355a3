// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_LATENCY_HPP
#define STOMPCHAT_KAFKA_DETAIL_LATENCY_HPP

#include <stompchat/config.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** How long things took, to within a quarter. Thread safety: for one thread at a time. Memory: a kilobyte. */
class latency {
public:
    void add(std::chrono::nanoseconds time) noexcept {
        const auto us = static_cast<std::uint64_t>(time.count() > 0 ? time.count() / 1000 : 0);
        ++counts_[bucket_of(us)];
        ++total_;
    }

    /// What that share of all, from 0 to 1, took at most.
    std::chrono::microseconds quantile(double share) const noexcept {
        if (total_ == 0) return std::chrono::microseconds(0);
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_ - 1)) + 1;
        std::uint64_t seen = 0;
        std::size_t i = 0;
        while ((seen += counts_[i]) < wanted) ++i;
        return std::chrono::microseconds(end_of(i));
    }

    void clear() noexcept { *this = latency(); }

private:
    // Four buckets for each power of two.
    static constexpr std::size_t count = 4 * 40;

    static std::size_t bucket_of(std::uint64_t us) noexcept {
        if (us < 4) return us;
        const auto power = static_cast<std::size_t>(std::bit_width(us)) - 1;
        const std::size_t quarter = us >> (power - 2) & 3;
        const std::size_t bucket = 4 * (power - 1) + quarter;
        return bucket < count ? bucket : count - 1;
    }
    static std::uint64_t end_of(std::size_t bucket) noexcept {
        if (bucket < 4) return bucket;
        const std::size_t power = bucket / 4 + 1;
        return ((std::uint64_t{4} + bucket % 4 + 1) << (power - 2)) - 1;
    }

    std::array<std::uint32_t, count> counts_{};
    std::uint64_t total_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
