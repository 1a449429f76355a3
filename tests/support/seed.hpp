// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_SUPPORT_SEED_HPP
#define STOMPCHAT_TESTS_SUPPORT_SEED_HPP

#include <cstdint>
#include <cstdlib>

namespace stompchat_test {

/** Calls `f(seed)` for `count` seeds, the same ones in every run; with STOMPCHAT_TEST_SEED in the environment only for that one, to repeat
   a failure. Capture the seed, so that a failure tells it. */
template <class F>
void for_each_seed(std::uint32_t count, F&& f) {
    if (const char* const one = std::getenv("STOMPCHAT_TEST_SEED")) return f(static_cast<std::uint32_t>(std::strtoul(one, nullptr, 10)));
    for (std::uint32_t seed = 1; seed <= count; ++seed) f(seed);
}

} // namespace stompchat_test

#endif
