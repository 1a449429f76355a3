// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_HEART_BEAT_HPP
#define STOMPCHAT_STOMP_HEART_BEAT_HPP

#include <stompchat/config.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// The value of a heart-beat header: what its writer can send and what it wants to get, in milliseconds; zero is "cannot" and "does not
/// want".
struct heart_beat {
    std::uint32_t send = 0;    ///< what its writer can send
    std::uint32_t receive = 0; ///< what its writer wants to get
};

/// Reads `<x>,<y>`: two decimal numbers. Those too large for the type become its maximum. Anything else is malformed.
STOMPCHAT_DECL std::optional<heart_beat> parse_heart_beat(std::string_view value) noexcept;

/// STOMP 1.1 and 1.2, "Heart-beating": nothing if either side says zero, else the larger of the two.
constexpr std::uint32_t heart_beat_interval(std::uint32_t can_send, std::uint32_t wants) noexcept {
    if (can_send == 0 || wants == 0) return 0;
    return can_send > wants ? can_send : wants;
}

/** When to send a heart-beat and when to give the peer up. Time is an argument; there is no timer in here.
    A heart-beat is due 0.85 of the interval after the last octet sent, so that it is on the wire in time. The peer is dead when nothing has
   come for `tolerance` intervals. Any octet counts in both directions, not only heart-beats. Thread safety: distinct objects are
   independent; one object is for one thread at a time. */
class heart_beat_clock {
public:
    /// Of a clock that does not jump.
    using time_point = std::chrono::steady_clock::time_point;

    /// No intervals yet.
    explicit heart_beat_clock(time_point now) noexcept : received_(now), sent_(now) {}

    /// Sets the negotiated intervals, zero for none; both start at `now`.
    void start(std::uint32_t send_interval, std::uint32_t receive_interval, time_point now) noexcept {
        send_interval_ = send_interval;
        receive_interval_ = receive_interval;
        received_ = now;
        sent_ = now;
    }

    /// Octets have come.
    void note_received(time_point now) noexcept { received_ = now; }
    /// Octets have gone out.
    void note_sent(time_point now) noexcept { sent_ = now; }
    /// When octets last came.
    time_point received() const noexcept { return received_; }

    /// While this side does not read, silence says nothing about the peer. The time starts anew when reading goes on.
    void suspend_receive(bool suspended, time_point now) noexcept {
        if (suspended_ && !suspended) received_ = now;
        suspended_ = suspended;
    }

    /// For good, for example after DISCONNECT.
    void stop_receive() noexcept { receive_interval_ = 0; }
    /// The same for both directions.
    void stop() noexcept { send_interval_ = receive_interval_ = 0; }

    /// The negotiated interval; zero = none.
    std::chrono::milliseconds send_interval() const noexcept { return std::chrono::milliseconds(send_interval_); }
    /// The negotiated interval; zero = none.
    std::chrono::milliseconds receive_interval() const noexcept { return std::chrono::milliseconds(receive_interval_); }

    /// When a heart-beat is due; time_point::max() = never.
    STOMPCHAT_DECL time_point send_deadline() const noexcept;
    /// When the peer counts as dead; time_point::max() = never.
    STOMPCHAT_DECL time_point receive_deadline(double tolerance) const noexcept;

private:
    time_point received_;
    time_point sent_;
    std::uint32_t send_interval_ = 0;
    std::uint32_t receive_interval_ = 0;
    bool suspended_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/heart_beat.ipp>
#endif

#endif
