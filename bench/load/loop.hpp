// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_BENCH_LOAD_LOOP_HPP
#define STOMPCHAT_BENCH_LOAD_LOOP_HPP

#include <stompchat/stomp/decoder.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace bench {

using clock = std::chrono::steady_clock;

inline std::uint64_t now_nanoseconds() noexcept {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now().time_since_epoch()).count());
}

/** Whom a loop tells about a descriptor. */
struct ready_handler {
    virtual void on_ready(std::uint32_t events) = 0;

protected:
    ~ready_handler() = default;
};

/** An epoll loop and what its connections share. Thread safety: one object is for one thread. */
class loop {
public:
    loop();
    ~loop();
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    void add(int fd, ready_handler& who, std::uint32_t events);
    void change(int fd, ready_handler& who, std::uint32_t events);

    /// Handles events until `done()` or `until`. Returns whether it was done.
    template <class Done>
    bool run(Done&& done, clock::time_point until) {
        while (!done()) {
            const clock::time_point now = clock::now();
            if (now >= until) return false;
            turn(until - now);
        }
        return true;
    }
    void run_until(clock::time_point until) {
        run([] { return false; }, until);
    }

    /// Handles what is ready now, or becomes ready within `patience`.
    void turn(clock::duration patience);

    std::span<char> buffer() noexcept { return buffer_; }
    stompchat::stomp::parse_scratch& scratch() noexcept { return scratch_; }
    /// For masks. xorshift: unpredictable enough for a peer that is no proxy.
    std::uint32_t random() noexcept {
        random_ ^= random_ << 13;
        random_ ^= random_ >> 17;
        return random_ ^= random_ << 5;
    }

private:
    int epoll_;
    std::vector<char> buffer_;
    stompchat::stomp::parse_scratch scratch_;
    std::uint32_t random_ = 2463534242u;
};

} // namespace bench

#endif
