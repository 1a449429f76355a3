// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_BENCH_LOAD_HISTOGRAM_HPP
#define STOMPCHAT_BENCH_LOAD_HISTOGRAM_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bench {

/** Counts times in nanoseconds in buckets that are at most 1/32 of their value wide. Memory: 16 KiB, whatever is recorded. */
class histogram {
public:
    void record(std::uint64_t value) noexcept {
        ++buckets_[index_of(value)];
        ++count_;
        largest_ = std::max(largest_, value);
    }

    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t largest() const noexcept { return largest_; }

    /// The value that `share` (0 to 1) of the recorded ones do not exceed, rounded up to its bucket's end.
    std::uint64_t quantile(double share) const noexcept {
        const double wanted = share * static_cast<double>(count_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i != buckets_.size(); ++i) {
            seen += buckets_[i];
            if (buckets_[i] != 0 && static_cast<double>(seen) >= wanted) return std::min(end_of(i), largest_);
        }
        return largest_;
    }

private:
    static constexpr unsigned fine_bits = 5;
    static constexpr std::size_t fine = 1u << fine_bits;

    static std::size_t index_of(std::uint64_t value) noexcept {
        if (value < fine) return static_cast<std::size_t>(value);
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - fine_bits - 1;
        return (shift + 1) * fine + static_cast<std::size_t>((value >> shift) - fine);
    }
    static std::uint64_t end_of(std::size_t index) noexcept {
        if (index < fine) return index;
        const std::size_t shift = index / fine - 1;
        return ((index % fine + fine + 1) << shift) - 1;
    }

    std::array<std::uint64_t, (64 - fine_bits + 1) * fine> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t largest_ = 0;
};

} // namespace bench

#endif
