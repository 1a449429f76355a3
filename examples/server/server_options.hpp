// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_SERVER_OPTIONS_HPP
#define STOMPCHAT_SERVER_SERVER_OPTIONS_HPP

#include "option_values.hpp"

#include <stompchat/delivery/destination_rules.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat_server {

using namespace std::chrono_literals;

/** Everything that can be set from outside, with its defaults. option_table.cpp says how each is named and checked. */
struct server_options {
    std::vector<listener_address> listen{{"127.0.0.1:8080", true}, {"[::1]:8080", true}};
    std::vector<listener_address> stomp_listen;
    std::vector<listener_address> tls_listen;
    std::vector<listener_address> stomp_tls_listen;
    std::string tls_cert;
    std::string tls_key;

    std::string node_id;
    std::size_t threads = 0;
    std::string broker = "memory";
    std::string cluster = "stompchat";
    std::string registry = "local";
    std::string registry_down = "accept";
    std::string public_url;
    std::string auth = "demo";
    bool allow_insecure = false;
    std::vector<std::string> allow_origin;
    std::string log_level = "info";

    milliseconds heart_beat = 1s;
    milliseconds ping_interval = 30s;
    milliseconds idle_timeout = 90s;
    milliseconds connect_timeout = 10s;
    milliseconds handshake_timeout = 10s;
    milliseconds no_progress = 30s;
    milliseconds stop_timeout = 10s;
    milliseconds broker_patience = 10s;
    milliseconds lease = 5s;

    std::size_t max_header_line = 8 * 1024;
    std::size_t max_headers = 100;
    std::size_t max_body = 256 * 1024;
    std::size_t max_subscriptions = 1000;
    std::size_t max_transactions = 100;
    std::size_t output_queue = 1024 * 1024;
    std::size_t recent_messages = 64 * 1024 * 1024;
    milliseconds history_window = 10min;
    milliseconds presence_grace = 5s;

    /// Only a file can hold them: see option_destinations.hpp.
    std::vector<stompchat::destination_rule> destinations;

    /// Where options were set that do not have their defaults: the name and, as messages say it, the source.
    std::map<std::string, std::string, std::less<>> sources;

    /// How a message refers to an option: its source, or the flag that would set it.
    std::string where(std::string_view name) const;
};

/// Checks what no single value shows. Throws option_error.
void check_together(const server_options& options);

} // namespace stompchat_server

#endif
