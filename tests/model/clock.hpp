// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_MODEL_CLOCK_HPP
#define STOMPCHAT_TESTS_MODEL_CLOCK_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace model {

/// What the model finds. The text says which promise was broken.
struct broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void require(bool holds, const char* promise) {
    if (!holds) throw broken(promise);
}

/** Randomness with a seed: SplitMix64 (Steele, Lea, Flood 2014), the same on every machine. */
class dice {
public:
    explicit dice(std::uint64_t seed) noexcept : state_(seed * 0x9e3779b97f4a7c15u + 1) {}

    std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    /// Less than `n`, which is not 0.
    std::uint32_t below(std::uint32_t n) noexcept { return static_cast<std::uint32_t>((next() >> 32) * n >> 32); }
    std::uint32_t between(std::uint32_t least, std::uint32_t most) noexcept { return least + below(most - least + 1); }
    bool percent(std::uint32_t chance) noexcept { return below(100) < chance; }
    /// One of them.
    template <class T>
    T one_of(std::initializer_list<T> all) noexcept {
        return all.begin()[below(static_cast<std::uint32_t>(all.size()))];
    }

private:
    std::uint64_t state_;
};

/** Virtual time, in microseconds, and what happens in it. Two things at one time happen in the order in which they were planned. */
class scheduler {
public:
    using time = std::int64_t;

    time now() const noexcept { return now_; }
    std::uint64_t steps() const noexcept { return steps_; }

    void after(time delay, std::function<void()> what) { planned_.push({now_ + delay, ++made_, std::move(what)}); }

    /// Runs what is planned up to a time, which comes then.
    void run_until(time end) {
        while (!planned_.empty() && planned_.top().at <= end) step();
        now_ = end;
    }

    /// Runs until nothing is planned any more. False when that takes more than so many steps: somebody goes round in circles.
    bool run_out(std::uint64_t most) {
        for (; most != 0 && !planned_.empty(); --most) step();
        return planned_.empty();
    }

private:
    struct event {
        time at;
        std::uint64_t number;
        std::function<void()> what;
    };
    struct later {
        bool operator()(const event& a, const event& b) const noexcept { return a.at != b.at ? a.at > b.at : a.number > b.number; }
    };

    void step() {
        // The queue shows its top as const; it goes away in the next line.
        event next = std::move(const_cast<event&>(planned_.top()));
        planned_.pop();
        now_ = next.at;
        ++steps_;
        next.what();
    }

    std::priority_queue<event, std::vector<event>, later> planned_;
    time now_ = 0;
    std::uint64_t made_ = 0;
    std::uint64_t steps_ = 0;
};

} // namespace model

#endif
