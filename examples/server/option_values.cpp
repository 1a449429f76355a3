// Boost Software License 1.0, see LICENSE

#include "option_values.hpp"

#include "option_error.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace stompchat_server {
namespace {

using namespace std::string_view_literals;

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first, so that the first one that divides a value shows it shortest.
constexpr unit duration_units[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr unit size_units[] = {{"GiB", std::uint64_t{1} << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};

[[noreturn]] void fail(std::string_view text, std::string_view what_is_wrong, std::string_view what_is_right) {
    throw option_error(fmt::format("{} {}: {}", in_quotes(text), what_is_wrong, what_is_right));
}

struct quantity {
    std::uint64_t number = 0;
    std::string_view unit_name;
};

/// Digits and what stands behind them; nothing when there are no digits. A number that does not fit becomes the largest one.
std::optional<quantity> split(std::string_view text) {
    quantity found;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), found.number);
    if (error == std::errc::result_out_of_range)
        found.number = std::numeric_limits<std::uint64_t>::max();
    else if (error != std::errc{})
        return {};
    found.unit_name = text.substr(static_cast<std::size_t>(end - text.data()));
    return found;
}

std::optional<std::uint64_t> in_base_unit(const quantity& value, std::span<const unit> units) {
    const auto found = std::find_if(units.begin(), units.end(), [&](const unit& u) { return u.name == value.unit_name; });
    if (found == units.end()) return {};
    if (value.number > std::numeric_limits<std::int64_t>::max() / found->factor) return std::numeric_limits<std::int64_t>::max();
    return value.number * found->factor;
}

std::string show(std::uint64_t value, std::span<const unit> units) {
    for (const unit& u : units)
        if (value >= u.factor && value % u.factor == 0) return fmt::format("{}{}", value / u.factor, u.name);
    return fmt::format("{}{}", value, units.back().name);
}

template <class T, class Show>
T within(std::string_view text, T value, range<T> allowed, Show shown) {
    const auto bounds = [&] { return fmt::format("write a value from {} to {}", shown(allowed.least), shown(allowed.most)); };
    if (value < allowed.least) fail(text, "is too small", bounds());
    if (value > allowed.most) fail(text, "is too large", bounds());
    return value;
}

constexpr auto right_listener = "write HOST:PORT, for example 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080"sv;

} // namespace

milliseconds parse_duration(std::string_view text, range<milliseconds> allowed) {
    constexpr auto right = "write a number and a unit, for example 500ms, 5s or 2m"sv;
    const auto value = split(text);
    if (!value) fail(text, "is not a duration", right);
    if (value->unit_name.empty()) fail(text, "has no unit", right);
    const auto number = in_base_unit(*value, duration_units);
    if (!number) fail(text, "is not a duration", right);
    return within(text, milliseconds(*number), allowed, show_duration);
}

std::size_t parse_size(std::string_view text, range<std::size_t> allowed) {
    constexpr auto right = "write octets or a number and a unit, for example 4096, 64KiB or 1MiB"sv;
    const auto value = split(text);
    if (!value) fail(text, "is not a size", right);
    const auto number = in_base_unit(*value, size_units);
    if (!number) fail(text, "is not a size", right);
    return within(text, static_cast<std::size_t>(*number), allowed, show_size);
}

std::size_t parse_count(std::string_view text, range<std::size_t> allowed) {
    const auto plain = [](std::size_t n) { return fmt::to_string(n); };
    const auto value = split(text);
    if (!value || !value->unit_name.empty())
        fail(text, "is not a number", fmt::format("write a number from {} to {}", allowed.least, allowed.most));
    return within(text, static_cast<std::size_t>(value->number), allowed, plain);
}

bool parse_switch(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    fail(text, "is neither true nor false", "write true or false");
}

std::string parse_choice(std::string_view text, std::span<const std::string_view> words) {
    if (std::find(words.begin(), words.end(), text) == words.end())
        fail(text, "is not known here", fmt::format("write {}", fmt::join(words, " or ")));
    return std::string(text);
}

listener_address parse_listener(std::string_view text) {
    if (text == "none") return {};
    const auto colon = text.rfind(':');
    if (colon == text.npos) fail(text, "has no port", right_listener);
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);

    const auto number = split(port);
    if (!number || !number->unit_name.empty() || number->number > 65535)
        fail(text, "has no port from 0 to 65535 behind its last colon", right_listener);

    // The node takes addresses: a name may stand for several, and then port 0 would pick several ports.
    if (host == "localhost") host = "127.0.0.1";
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    const std::string bare(bracketed ? host.substr(1, host.size() - 2) : host);
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(bare, error);
    if (error) fail(text, "does not begin with an IP address", right_listener);
    if (address.is_v6() != bracketed)
        fail(text, bracketed ? "has brackets around an address that is not IPv6" : "has an IPv6 address without brackets", right_listener);
    return {fmt::format("{}:{}", host, number->number), address.is_loopback()};
}

std::string parse_name(std::string_view text) {
    constexpr auto allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"sv;
    if (text.empty() || text.size() > 64 || text.find_first_not_of(allowed) != text.npos)
        fail(text, "is not a name", "write 1 to 64 letters, digits, dots, hyphens or underscores");
    return std::string(text);
}

std::string parse_origin(std::string_view text) {
    const auto scheme = text.find("://");
    const std::string_view host = scheme == text.npos ? ""sv : text.substr(scheme + 3);
    if (scheme == 0 || host.empty() || host.find_first_of("/ ?#@") != host.npos)
        fail(text, "is not an origin", "write scheme and host without a path, for example https://chat.example.org");
    return std::string(text);
}

std::string parse_websocket_url(std::string_view text) {
    const auto scheme = text.find("://");
    const std::string_view rest = scheme == text.npos ? ""sv : text.substr(scheme + 3);
    const bool known = text.starts_with("ws://") || text.starts_with("wss://");
    const bool plain =
        std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '#' && c != '@'; });
    if (!known || !plain || rest.empty() || rest.front() == '/' || text.size() > 1024)
        fail(text, "is not the address of a WebSocket", "write for example wss://chat.example.org/ws");
    return std::string(text);
}

std::string parse_file_name(std::string_view text) {
    if (text.empty()) fail(text, "is not a file name", "write the path of a file");
    return std::string(text);
}

std::string show_duration(milliseconds value) { return show(static_cast<std::uint64_t>(value.count()), duration_units); }

std::string show_size(std::size_t value) { return show(value, size_units); }

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 80;
    std::string shown = "\"";
    for (const char c : text.substr(0, longest)) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet < 0x20 || octet == 0x7f)
            shown += fmt::format("\\x{:02x}", octet);
        else
            shown += c;
    }
    return shown + (text.size() > longest ? "...\"" : "\"");
}

std::string_view nearest(std::string_view text, std::span<const std::string_view> words) {
    const auto distance = [text](std::string_view word) {
        std::vector<std::size_t> row(word.size() + 1);
        for (std::size_t j = 0; j <= word.size(); ++j) row[j] = j;
        for (std::size_t i = 1; i <= text.size(); ++i) {
            std::size_t diagonal = std::exchange(row[0], i);
            for (std::size_t j = 1; j <= word.size(); ++j) {
                const std::size_t changed = diagonal + (text[i - 1] == word[j - 1] ? 0 : 1);
                diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
            }
        }
        return row.back();
    };
    std::string_view best;
    std::size_t least = 3; // more than two changes apart is no misspelling
    for (const std::string_view word : words) {
        if (word.size() > text.size() + 2 || text.size() > word.size() + 2) continue;
        if (const std::size_t d = distance(word); d < least) {
            least = d;
            best = word;
        }
    }
    return best;
}

} // namespace stompchat_server
