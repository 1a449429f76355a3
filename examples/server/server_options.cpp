// Boost Software License 1.0, see LICENSE

#include "server_options.hpp"

#include "option_error.hpp"

#include <fmt/format.h>

namespace stompchat_server {

std::string server_options::where(std::string_view name) const {
    const auto found = sources.find(name);
    return found == sources.end() ? fmt::format("--{}", name) : found->second;
}

namespace {

void check_certificate(const server_options& options) {
    const char* listener = !options.tls_listen.empty() ? "tls-listen" : !options.stomp_tls_listen.empty() ? "stomp-tls-listen" : nullptr;
    const auto need = [&](const char* name, const std::string& value, const char* what) {
        if (value.empty() && listener)
            throw option_error(fmt::format("{}: a TLS listener needs a {}: give --{} FILE (PEM)", options.where(listener), what, name));
    };
    need("tls-cert", options.tls_cert, "certificate");
    need("tls-key", options.tls_key, "private key");
    if (options.tls_cert.empty() != options.tls_key.empty()) {
        const char* given = options.tls_cert.empty() ? "tls-key" : "tls-cert";
        const char* missing = options.tls_cert.empty() ? "tls-cert" : "tls-key";
        throw option_error(
            fmt::format("{}: certificate and private key belong together: give --{} FILE too", options.where(given), missing));
    }
}

/// The demo authenticator believes every name, so it is for this machine only.
void check_exposure(const server_options& options) {
    if (options.auth != "demo" || options.allow_insecure) return;
    const auto check = [&](const char* name, const std::vector<listener_address>& listeners) {
        for (const listener_address& listener : listeners)
            if (!listener.loopback)
                throw option_error(fmt::format("{}: {} can be reached from other machines, and --auth demo lets everyone in under any "
                                               "name: listen on 127.0.0.1 or [::1], or give --allow-insecure",
                                               options.where(name), in_quotes(listener.text)));
    };
    check("listen", options.listen);
    check("stomp-listen", options.stomp_listen);
    check("tls-listen", options.tls_listen);
    check("stomp-tls-listen", options.stomp_tls_listen);
}

void check_limits(const server_options& options) {
    // A message must fit into a session's queue beside another one, or a slow client could never catch up.
    if (options.max_body > options.output_queue / 2)
        throw option_error(fmt::format("{}: {} is more than half of output-queue ({}): write a smaller max-body or a larger output-queue",
                                       options.where(options.sources.contains("max-body") ? "max-body" : "output-queue"),
                                       show_size(options.max_body), show_size(options.output_queue)));
    if (options.idle_timeout <= options.ping_interval)
        throw option_error(fmt::format("{}: {} is not more than ping-interval ({}), so every quiet client would be cut off: write a longer "
                                       "idle-timeout or a shorter ping-interval",
                                       options.where(options.sources.contains("idle-timeout") ? "idle-timeout" : "ping-interval"),
                                       show_duration(options.idle_timeout), show_duration(options.ping_interval)));
}

} // namespace

void check_together(const server_options& options) {
    if (options.listen.empty() && options.stomp_listen.empty() && options.tls_listen.empty() && options.stomp_tls_listen.empty())
        throw option_error(
            fmt::format("{}: there is nothing to listen on: give --listen, --stomp-listen, --tls-listen or --stomp-tls-listen",
                        options.where("listen")));
    check_certificate(options);
    check_exposure(options);
    check_limits(options);
}

} // namespace stompchat_server
