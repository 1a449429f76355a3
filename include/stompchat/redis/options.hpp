// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_OPTIONS_HPP
#define STOMPCHAT_REDIS_OPTIONS_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/failure.hpp>
#include <stompchat/net/resolve.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** TLS between a node and Redis. */
struct redis_tls_options {
    /// Whether the connection is encrypted, that to the sentinels too.
    bool enabled = false;
    /// A PEM file with the authorities to trust; empty for those of the system.
    std::string ca_file;
    /// A PEM file with this client's certificate, if Redis asks for one.
    std::string certificate_file;
    /// Its private key.
    std::string key_file;
    /// The name that the server's certificate must be valid for; empty for the host that is connected to.
    std::string server_name;
    /// Verify the server's certificate and name. Without, anybody can be the server: for tests only.
    bool verify = true;
};

/** Where Redis is and how long it may take. parse_redis_url() reads all but the limits from one line. */
struct redis_options {
    /// The server; with `sentinel_name`, the sentinels, asked one after the other.
    std::vector<net::host_and_port> servers;
    /// The name under which the sentinels know the master; empty without sentinels.
    std::string sentinel_name;
    /// Empty for Redis's user `default`.
    std::string user;
    /// Empty for a Redis that asks for none.
    std::string password;
    /// The same for the sentinels.
    std::string sentinel_user;
    /// The same for the sentinels.
    std::string sentinel_password;
    /// The number of the database.
    std::uint32_t database = 0;
    /// Encryption.
    redis_tls_options tls;

    /// How long an answer may take. Then the connection is closed, because answers have no other name than their order.
    std::chrono::milliseconds command_timeout{1000};
    /// For each step of connecting: an answer of a sentinel; the connection with its log-in.
    std::chrono::milliseconds connect_timeout{2000};
    /// Pause before connecting again: after the first failure.
    std::chrono::milliseconds reconnect_first{50};
    /// However many have failed.
    std::chrono::milliseconds reconnect_longest{1000};
    /// Commands without an answer, waiting ones included; one more fails at once.
    std::size_t max_pending_commands = 256 * 1024;
    /// Their octets.
    std::size_t max_pending_octets = 64 * 1024 * 1024;
    /// Octets of one answer; a longer one is taken for a fault, and the connection is closed.
    std::size_t max_reply_octets = 64 * 1024 * 1024;
    /// Elements of one answer, those of nested arrays included.
    std::size_t max_reply_elements = 4 * 1024 * 1024;
};

/** Reads the place of a Redis from one line:

    - `redis://[[user]:password@]host[:port][/database]`
    - `rediss://...`, the same over TLS
    - `redis+sentinel://[[user]:password@]host[:port][,host[:port]...]/name[/database]`, and `rediss+sentinel://...`

    The port is 6379 where it is missing, 26379 for sentinels. User, password and name are percent-decoded. Behind a `?` may stand, joined
    by `&`: `ca`, `cert`, `key` (files, PEM), `server-name` (the name in the certificate) and `verify=no` for TLS; `sentinel-user`,
    `sentinel-password`; `timeout` (command_timeout, as `500ms` or `2s`).
    Errors: error::bad_option, with a text that says what is wrong and never shows a password. */
STOMPCHAT_DECL net::result<redis_options> parse_redis_url(std::string_view url);

/// The way back, for logs: without passwords, files and limits.
STOMPCHAT_DECL std::string to_string(const redis_options& options);

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/options.ipp>
#endif

#endif
