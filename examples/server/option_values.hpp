// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_OPTION_VALUES_HPP
#define STOMPCHAT_SERVER_OPTION_VALUES_HPP

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace stompchat_server {

using milliseconds = std::chrono::milliseconds;

/** A range of values that an option takes, both ends included. */
template <class T>
struct range {
    T least;
    T most;
};

/** Where to listen. */
struct listener_address {
    /// `127.0.0.1:8080`, `[::1]:0`; empty for the word `none`.
    std::string text;
    /// Reachable from this machine only.
    bool loopback = false;

    friend bool operator==(const listener_address&, const listener_address&) = default;
};

// Each parser takes one value as it was written, whatever its source, and throws option_error with a text that says what is wrong with it
// and what would be right. The caller puts the option and its source in front.

/// `500ms`, `5s`, `2m`, `1h`. The unit is required.
milliseconds parse_duration(std::string_view text, range<milliseconds> allowed);

/// `4096`, `64KiB`, `1MiB`, `1GiB`. Octets.
std::size_t parse_size(std::string_view text, range<std::size_t> allowed);

/// A decimal number.
std::size_t parse_count(std::string_view text, range<std::size_t> allowed);

/// `true` or `false`.
bool parse_switch(std::string_view text);

/// One of `words`.
std::string parse_choice(std::string_view text, std::span<const std::string_view> words);

/// `HOST:PORT`, where HOST is an IPv4 address, an IPv6 address in brackets or `localhost` (127.0.0.1); or `none`.
listener_address parse_listener(std::string_view text);

/// A name of 1 to 64 characters out of `[A-Za-z0-9._-]`.
std::string parse_name(std::string_view text);

/// `https://chat.example.org`, `http://localhost:3000`: what a browser sends as Origin.
std::string parse_origin(std::string_view text);

/// `ws://HOST[:PORT]/PATH` or `wss://...`: what a WebSocket client connects to.
std::string parse_websocket_url(std::string_view text);

/// Anything but nothing.
std::string parse_file_name(std::string_view text);

/// The shortest way to write a value so that the parser of the same name gives it back.
std::string show_duration(milliseconds value);
std::string show_size(std::size_t value);

/// A value as it stands in a message: quoted, shortened, with control characters made visible, so that a message stays one line.
std::string in_quotes(std::string_view text);

/// The one of `words` that `text` may have been meant to be, or nothing.
std::string_view nearest(std::string_view text, std::span<const std::string_view> words);

} // namespace stompchat_server

#endif
