// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_FAULTS_RECORDER_BODY_HPP
#define STOMPCHAT_TESTS_FAULTS_RECORDER_BODY_HPP

#include "checker.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace faults {

/// What a message says: of which stream it is, which of it, and how much follows, `filler` octets at least. Some are long.
inline std::string make_body(stream_id stream, number which, std::size_t filler) {
    const std::size_t size = filler + (which % 50 == 7 ? 6000 : 20 + which * 37 % 160);
    std::string body = std::to_string(stream) + ' ' + std::to_string(which) + ' ' + std::to_string(size) + ' ';
    return body.append(size, static_cast<char>('a' + which % 26));
}

/// Empty when it is not such a body, or not all of it.
inline std::optional<std::pair<stream_id, number>> read_body(std::string_view body) {
    std::size_t fields[3];
    const char* at = body.data();
    const char* const end = at + body.size();
    for (std::size_t& field : fields) {
        const auto [after, failed] = std::from_chars(at, end, field);
        if (failed != std::errc() || after == end) return std::nullopt;
        at = after + 1;
    }
    const char letter = static_cast<char>('a' + fields[1] % 26);
    if (static_cast<std::size_t>(end - at) != fields[2] || !std::all_of(at, end, [letter](char c) { return c == letter; }))
        return std::nullopt;
    return std::pair(static_cast<stream_id>(fields[0]), static_cast<number>(fields[1]));
}

} // namespace faults

#endif
