// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_OPTIONS_IPP
#define STOMPCHAT_REDIS_IMPL_OPTIONS_IPP

#include <stompchat/redis/options.hpp>

#include <charconv>
#include <optional>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {
namespace redis {

// Nothing here quotes what stands in front of the host: it may hold a password.
inline net::failure bad_url(std::string reason) { return {error::bad_option, "not the place of a Redis: " + std::move(reason)}; }

inline int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

inline std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (text.size() - i < 3) return {};
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return {};
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return decoded;
}

/// Cuts off what stands in front of the first `mark`, which goes too; all of it where there is none.
inline std::string_view cut(std::string_view& text, char mark) noexcept {
    const std::size_t at = text.find(mark);
    const std::string_view front = text.substr(0, at);
    text.remove_prefix(at == text.npos ? text.size() : at + 1);
    return front;
}

template <class Number>
bool read_number(std::string_view text, Number& into) noexcept {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), into);
    return !text.empty() && ec == std::errc() && end == text.data() + text.size();
}

inline net::result<net::host_and_port> read_server(std::string_view text, std::uint16_t usual_port) {
    net::host_and_port server;
    server.port = usual_port;
    std::string_view port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos) return bad_url("']' is missing behind an IPv6 address");
        server.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        has_port = !port.empty();
        if (has_port && !port.starts_with(':')) return bad_url("only ':PORT' may stand behind ']'");
        if (has_port) port.remove_prefix(1);
    } else {
        server.host = cut(port = text, ':');
        has_port = server.host.size() != text.size();
        if (port.find(':') != port.npos) return bad_url("an IPv6 address goes into brackets, as in [::1]:6379");
    }
    if (server.host.empty()) return bad_url("the host is missing");
    if (server.host.find_first_of(" \t\r\n%@") != server.host.npos) return bad_url("the host has a character that hosts do not have");
    if (has_port && (!read_number(port, server.port) || server.port == 0)) return bad_url("the port is a number from 1 to 65535");
    return server;
}

inline bool read_time(std::string_view text, std::chrono::milliseconds& into) {
    int factor = 0;
    if (text.ends_with("ms")) {
        factor = 1;
        text.remove_suffix(2);
    } else if (text.ends_with('s')) {
        factor = 1000;
        text.remove_suffix(1);
    }
    std::uint32_t number = 0;
    if (factor == 0 || !read_number(text, number) || number == 0 || number > 600'000u / static_cast<unsigned>(factor)) return false;
    into = std::chrono::milliseconds(std::int64_t{number} * factor);
    return true;
}

inline std::optional<net::failure> read_parameter(std::string_view name, std::string value, redis_options& into) {
    const auto tls = [&](std::string& text) -> std::optional<net::failure> {
        if (!into.tls.enabled) return bad_url("'" + std::string(name) + "' is for rediss:// only");
        if (value.empty()) return bad_url("'" + std::string(name) + "' is empty");
        text = std::move(value);
        return {};
    };
    const auto sentinel = [&](std::string& text) -> std::optional<net::failure> {
        if (into.sentinel_name.empty()) return bad_url("'" + std::string(name) + "' is for sentinels only");
        text = std::move(value);
        return {};
    };
    if (name == "ca") return tls(into.tls.ca_file);
    if (name == "cert") return tls(into.tls.certificate_file);
    if (name == "key") return tls(into.tls.key_file);
    if (name == "server-name") return tls(into.tls.server_name);
    if (name == "verify") {
        if (value != "no" && value != "yes") return bad_url("'verify' is yes or no");
        if (!into.tls.enabled) return bad_url("'verify' is for rediss:// only");
        into.tls.verify = value == "yes";
        return {};
    }
    if (name == "sentinel-user") return sentinel(into.sentinel_user);
    if (name == "sentinel-password") return sentinel(into.sentinel_password);
    if (name == "timeout") {
        if (!read_time(value, into.command_timeout)) return bad_url("'timeout' is a number with ms or s, up to 10 minutes");
        return {};
    }
    return bad_url("there is no parameter '" + std::string(name.substr(0, 40))
                   + "'; known are ca, cert, key, server-name, verify, sentinel-user, sentinel-password and timeout");
}

inline std::optional<net::failure> read_user(std::string_view text, redis_options& into) {
    const std::string_view user = cut(text, ':');
    auto decoded_user = percent_decoded(user);
    auto decoded_password = percent_decoded(text);
    if (!decoded_user || !decoded_password) return bad_url("a '%' in user or password begins no percent-encoded octet");
    into.user = std::move(*decoded_user);
    into.password = std::move(*decoded_password);
    if (into.password.empty()) return bad_url("user and password are written USER:PASSWORD@ or :PASSWORD@");
    return {};
}

inline std::optional<net::failure> read_path(std::string_view path, bool sentinels, redis_options& into) {
    if (sentinels) {
        auto name = percent_decoded(cut(path, '/'));
        if (!name || name->empty()) return bad_url("the name of the master is missing: write redis+sentinel://HOST:PORT/NAME");
        into.sentinel_name = std::move(*name);
    }
    if (!path.empty() && !read_number(path, into.database)) return bad_url("the database is a number");
    return {};
}

} // namespace redis

STOMPCHAT_DECL net::result<redis_options> parse_redis_url(std::string_view url) {
    redis_options into;
    bool sentinels = false;
    const std::size_t scheme_end = url.find("://");
    const std::string_view scheme = url.substr(0, scheme_end == url.npos ? 0 : scheme_end);
    if (scheme == "rediss" || scheme == "rediss+sentinel") into.tls.enabled = true;
    if (scheme == "redis+sentinel" || scheme == "rediss+sentinel") sentinels = true;
    if (scheme != "redis" && !into.tls.enabled && !sentinels) {
        return redis::bad_url("it begins with redis://, rediss://, redis+sentinel:// or rediss+sentinel://");
    }
    url.remove_prefix(scheme_end + 3);
    if (url.find_first_of("\r\n") != url.npos || url.find('\0') != url.npos) return redis::bad_url("it has a line end or NUL in it");

    std::string_view query = url;
    url = redis::cut(query, '?');
    std::string_view path = url;
    std::string_view authority = redis::cut(path, '/');
    if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
        if (auto wrong = redis::read_user(authority.substr(0, at), into)) return *wrong;
        authority.remove_prefix(at + 1);
    } else if (path.find('@') != path.npos || query.find('@') != query.npos) {
        // The rest of a password would be taken for a path, and shown.
        return redis::bad_url("a '/' or '?' in user or password is written %2F or %3F");
    }
    for (bool more = true; more;) {
        more = authority.find(',') != authority.npos;
        auto server = redis::read_server(redis::cut(authority, ','), sentinels ? 26379 : 6379);
        if (!server) return server.error();
        into.servers.push_back(std::move(*server));
    }
    if (into.servers.size() > 1 && !sentinels) return redis::bad_url("several hosts are for redis+sentinel:// only");
    if (auto wrong = redis::read_path(path, sentinels, into)) return *wrong;

    while (!query.empty()) {
        std::string_view value = redis::cut(query, '&');
        const std::string_view name = redis::cut(value, '=');
        auto decoded = redis::percent_decoded(value);
        if (!decoded) return redis::bad_url("a '%' behind '?' begins no percent-encoded octet");
        if (auto wrong = redis::read_parameter(name, std::move(*decoded), into)) return *wrong;
    }
    if (into.tls.certificate_file.empty() != into.tls.key_file.empty()) return redis::bad_url("'cert' and 'key' belong together");
    return into;
}

STOMPCHAT_DECL std::string to_string(const redis_options& options) {
    std::string text = options.tls.enabled ? "rediss" : "redis";
    if (!options.sentinel_name.empty()) text += "+sentinel";
    text += "://";
    for (const net::host_and_port& server : options.servers) {
        if (!text.ends_with('/')) text += ',';
        const bool brackets = server.host.find(':') != std::string::npos;
        text += brackets ? "[" + server.host + "]" : server.host;
        text += ':' + std::to_string(server.port);
    }
    if (!options.sentinel_name.empty()) text += '/' + options.sentinel_name;
    return text + '/' + std::to_string(options.database);
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
