// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_FAULTS_RECORDER_BODY_HPP
#define STOMPCHAT_TESTS_FAULTS_RECORDER_BODY_HPP

#include "checker.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace faults {

/// What a message says: of which stream it is and which of it. Some are long.
inline std::string make_body(stream_id stream, number which) {
    std::string body = std::to_string(stream) + ' ' + std::to_string(which) + ' ';
    body.append(which % 50 == 7 ? 6000 : 20 + which * 37 % 160, static_cast<char>('a' + which % 26));
    return body;
}

/// Empty when it is not such a body, or not all of it.
inline std::optional<std::pair<stream_id, number>> read_body(std::string_view body) {
    std::pair<stream_id, number> found;
    const char* const end = body.data() + body.size();
    const auto [after, failed] = std::from_chars(body.data(), end, found.first);
    if (failed != std::errc() || after == end) return std::nullopt;
    if (std::from_chars(after + 1, end, found.second).ec != std::errc()) return std::nullopt;
    if (body != make_body(found.first, found.second)) return std::nullopt;
    return found;
}

} // namespace faults

#endif
