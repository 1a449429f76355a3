// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_BACKOFF_HPP
#define STOMPCHAT_CLIENT_BACKOFF_HPP

#include <stompchat/client/options.hpp>
#include <stompchat/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::client {

/** Which server to try next, and when. Time and randomness are arguments: the same seed and calls give the same answers.
    The servers are tried in turn. One that asked for time (`retry-after`) is passed over until then, if there is another.
    Thread safety: distinct objects are independent; one object is for one thread at a time. */
class backoff {
public:
    /// Steady, as everywhere.
    using time_point = std::chrono::steady_clock::time_point;

    /// Which server to try, and when.
    struct attempt {
        /// Counted from 0 in the order of the URLs.
        std::size_t url;
        /// Not before.
        time_point at;
    };

    /// Precondition: `urls` is not zero. `options` must outlive the object.
    STOMPCHAT_DECL backoff(const backoff_options& options, std::size_t urls, std::uint64_t seed);
    backoff(const backoff_options&&, std::size_t, std::uint64_t) = delete;

    /// The very first attempt.
    attempt first(time_point now) const noexcept { return {0, now}; }

    /// After the server `url` was lost or could not be reached. `retry_after` is what it asked for, zero = nothing.
    STOMPCHAT_DECL attempt next(std::size_t url, std::chrono::seconds retry_after, time_point now);

    /// A connection has held long enough.
    void succeeded() noexcept { failures_ = 0; }

    /// Failures in a row.
    std::uint32_t failures() const noexcept { return failures_; }

private:
    // In [0, 1).
    double random() noexcept;

    const backoff_options* options_;
    std::vector<time_point> not_before_;
    std::uint64_t state_;
    std::uint32_t failures_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::client

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/backoff.ipp>
#endif

#endif
