// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_SUPPORT_SPLIT_HPP
#define STOMPCHAT_TESTS_SUPPORT_SPLIT_HPP

#include <cstddef>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat_test {

using pieces = std::vector<std::string_view>;

/// Calls `f(pieces)` for the octets in one piece, cut at every point, and one octet at a time: what a network may do to them.
template <class F>
void for_each_split(std::string_view octets, F&& f) {
    f(pieces{octets});
    for (std::size_t cut = 1; cut < octets.size(); ++cut) f(pieces{octets.substr(0, cut), octets.substr(cut)});
    pieces single;
    for (std::size_t i = 0; i != octets.size(); ++i) single.push_back(octets.substr(i, 1));
    f(single);
}

/// Calls `f(pieces)` `times` times for the octets cut at two points that follow from `seed`.
template <class F>
void for_random_two_cuts(std::string_view octets, unsigned seed, int times, F&& f) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<std::size_t> point(0, octets.size());
    for (int i = 0; i != times; ++i) {
        std::size_t first = point(random);
        std::size_t second = point(random);
        if (second < first) std::swap(first, second);
        f(pieces{octets.substr(0, first), octets.substr(first, second - first), octets.substr(second)});
    }
}

} // namespace stompchat_test

#endif
