// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_HEART_BEAT_IPP
#define STOMPCHAT_STOMP_IMPL_HEART_BEAT_IPP

#include <stompchat/stomp/heart_beat.hpp>

#include <charconv>
#include <limits>

namespace stompchat::inline STOMPCHAT_ABI::stomp {
namespace detail {

inline std::optional<std::uint32_t> parse_milliseconds(std::string_view text) noexcept {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    std::uint32_t value = 0;
    const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
    if (r.ec == std::errc::result_out_of_range) return std::numeric_limits<std::uint32_t>::max();
    return value;
}

} // namespace detail

STOMPCHAT_DECL std::optional<heart_beat> parse_heart_beat(std::string_view value) noexcept {
    const auto comma = value.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    const auto send = detail::parse_milliseconds(value.substr(0, comma));
    const auto receive = detail::parse_milliseconds(value.substr(comma + 1));
    if (!send || !receive) return std::nullopt;
    return heart_beat{*send, *receive};
}

STOMPCHAT_DECL heart_beat_clock::time_point heart_beat_clock::send_deadline() const noexcept {
    if (send_interval_ == 0) return time_point::max();
    return sent_ + std::chrono::microseconds(std::uint64_t{send_interval_} * 850);
}

STOMPCHAT_DECL heart_beat_clock::time_point heart_beat_clock::receive_deadline(double tolerance) const noexcept {
    if (receive_interval_ == 0 || suspended_) return time_point::max();
    return received_ + std::chrono::microseconds(static_cast<std::int64_t>(receive_interval_ * 1000.0 * tolerance));
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
