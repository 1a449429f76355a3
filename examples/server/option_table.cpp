// Boost Software License 1.0, see LICENSE

#include "option_table.hpp"

#include "adapters.hpp"
#include "registry_place.hpp"

#include <boost/algorithm/string/join.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace stompchat_server {
namespace {

using names = std::vector<std::string_view>;
using duration_range = range<milliseconds>;
using size_range = range<std::size_t>;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

template <class Parse>
option single(auto server_options::*member, std::string_view name, std::string_view value_name, std::string_view help, Parse parse,
              std::function<std::string(const server_options&)> show) {
    return {name,
            value_name,
            help,
            arity::once,
            [member, parse](server_options& into, std::span<const std::string> values) { into.*member = parse(values.front()); },
            std::move(show)};
}

option text(std::string server_options::*member, std::string_view name, std::string_view value_name, std::string_view help,
            std::string (*parse)(std::string_view)) {
    return single(member, name, value_name, help, parse, [member](const server_options& o) { return o.*member; });
}

option choice(std::string server_options::*member, std::string_view name, names words, std::string_view help) {
    return single(
        member, name, "WORD", help, [words = std::move(words)](std::string_view value) { return parse_choice(value, words); },
        [member](const server_options& o) { return o.*member; });
}

option duration(milliseconds server_options::*member, std::string_view name, duration_range allowed, std::string_view help) {
    return single(
        member, name, "TIME", help, [allowed](std::string_view value) { return parse_duration(value, allowed); },
        [member](const server_options& o) { return show_duration(o.*member); });
}

option size(std::size_t server_options::*member, std::string_view name, size_range allowed, std::string_view help) {
    return single(
        member, name, "SIZE", help, [allowed](std::string_view value) { return parse_size(value, allowed); },
        [member](const server_options& o) { return show_size(o.*member); });
}

option count(std::size_t server_options::*member, std::string_view name, size_range allowed, std::string_view help) {
    return single(
        member, name, "N", help, [allowed](std::string_view value) { return parse_count(value, allowed); },
        [member](const server_options& o) { return o.*member == 0 ? std::string() : std::to_string(o.*member); });
}

option listeners(std::vector<listener_address> server_options::*member, std::string_view name, std::string_view help) {
    const auto apply = [member](server_options& into, std::span<const std::string> values) {
        std::vector<listener_address> parsed;
        for (const std::string& value : values)
            if (listener_address listener = parse_listener(value); !listener.text.empty()) parsed.push_back(std::move(listener));
        into.*member = std::move(parsed);
    };
    const auto show = [member](const server_options& o) {
        std::vector<std::string> shown;
        for (const listener_address& listener : o.*member) shown.push_back(listener.text);
        return boost::algorithm::join(shown, " and ");
    };
    return {name, "HOST:PORT", help, arity::many, apply, show};
}

option origins() {
    const auto apply = [](server_options& into, std::span<const std::string> values) {
        into.allow_origin.clear();
        for (const std::string& value : values) into.allow_origin.push_back(parse_origin(value));
    };
    return {
        "allow-origin", "ORIGIN", "a web site whose pages may connect, repeatable; without any, only pages that come from this server may",
        arity::many,    apply,    [](const server_options& o) { return boost::algorithm::join(o.allow_origin, " and "); }};
}

option toggle(bool server_options::*member, std::string_view name, std::string_view help) {
    return {name,
            "",
            help,
            arity::toggle,
            [member](server_options& into, std::span<const std::string> values) { into.*member = parse_switch(values.front()); },
            [](const server_options&) { return std::string(); }};
}

std::vector<option> make_table() {
    using o = server_options;
    return {
        listeners(&o::listen, "listen", "HTTP and WebSocket, repeatable; port 0 picks one, none = no such listener"),
        listeners(&o::stomp_listen, "stomp-listen", "STOMP over plain TCP, repeatable"),
        listeners(&o::tls_listen, "tls-listen", "HTTP and WebSocket over TLS, repeatable"),
        listeners(&o::stomp_tls_listen, "stomp-tls-listen", "STOMP over TLS, repeatable"),
        text(&o::tls_cert, "tls-cert", "FILE", "certificate chain of the TLS listeners, PEM", parse_file_name),
        text(&o::tls_key, "tls-key", "FILE", "private key of the certificate, PEM", parse_file_name),

        choice(&o::auth, "auth", {"demo"}, "how users log in: demo = login names the user without proof, no login = anonymous"),
        toggle(&o::allow_insecure, "allow-insecure", "let --auth demo listen where other machines reach it"),
        origins(),
        text(&o::broker, "broker", "URL",
             "where messages go through: memory = this process, gone with it; or kafka://HOST:PORT[,HOST:PORT...][/TOPIC][?NAME=VALUE...], "
             "see docs/kafka.md",
             parse_broker),
        text(&o::cluster, "cluster", "NAME", "the cluster that this node belongs to, as Kafka and Redis know it", parse_name),
        text(&o::registry, "registry", "URL",
             "who knows the sessions: local = this process; or redis://[USER:PASSWORD@]HOST:PORT/DATABASE, rediss://..., "
             "redis+sentinel://HOST:PORT[,HOST:PORT...]/NAME, see docs/redis.md",
             parse_registry_place),
        choice(&o::registry_down, "registry-down", {"accept", "refuse"},
               "what becomes of clients that connect while the registry does not answer"),
        text(&o::public_url, "public-url", "URL",
             "where clients find this node, for the others to tell; the first listener's address when not given", parse_websocket_url),
        duration(&o::lease, "lease", {1s, 10min}, "how long the other nodes believe in this one without hearing from it"),
        text(&o::node_id, "node-id", "NAME", "this node's name in the cluster; picked at random when not given", parse_name),
        count(&o::threads, "threads", {1, 256}, "how many threads serve clients; one for each processor when not given"),
        choice(&o::log_level, "log-level", {"debug", "info", "warning", "error"}, "the least important lines that are written to stderr"),

        duration(&o::heart_beat, "heart-beat", {100ms, 1h}, "heart-beat interval that is offered to STOMP clients, both ways"),
        duration(&o::ping_interval, "ping-interval", {1s, 1h}, "how long a WebSocket without heart-beats is quiet before it is pinged"),
        duration(&o::idle_timeout, "idle-timeout", {2s, 24h}, "how long such a WebSocket may send nothing at all before it is closed"),
        duration(&o::connect_timeout, "connect-timeout", {100ms, 10min}, "time limit for the CONNECT frame"),
        duration(&o::handshake_timeout, "handshake-timeout", {1s, 10min}, "time limit for the HTTP request"),
        duration(&o::no_progress, "no-progress", {1s, 1h}, "how long a client may take nothing of what is queued for it"),
        duration(&o::broker_patience, "broker-patience", {0ms, 1h},
                 "how long the broker may be away before the node is not ready and, if others are well, sends its clients there"),
        duration(&o::stop_timeout, "stop-timeout", {0ms, 10min}, "how long a stop waits for sessions and unpublished messages"),

        size(&o::max_header_line, "max-header-line", {256, mib}, "longest header line of a frame"),
        count(&o::max_headers, "max-headers", {10, 10'000}, "most headers of a frame"),
        size(&o::max_body, "max-body", {kib, 256 * mib}, "longest body of a frame"),
        count(&o::max_subscriptions, "max-subscriptions", {1, 1'000'000}, "most subscriptions of a session"),
        count(&o::max_transactions, "max-transactions", {1, 10'000}, "most open transactions of a session"),
        size(&o::output_queue, "output-queue", {16 * kib, kib * mib}, "what is queued for a client before it is served from the log"),
        size(&o::recent_messages, "recent-messages", {kib, kib * mib},
             "recent messages kept for clients that come back, all rooms together"),
        duration(&o::history_window, "history-window", {1s, 168h}, "how far back the history header reaches"),
        duration(&o::presence_grace, "presence-grace", {0ms, 10min}, "how long a user without connection stays in rooms with presence"),
    };
}

} // namespace

std::span<const option> option_table() {
    static const std::vector<option> table = make_table();
    return table;
}

const option* find_option(std::string_view name) {
    const auto table = option_table();
    const auto found = std::find_if(table.begin(), table.end(), [name](const option& o) { return o.name == name; });
    return found == table.end() ? nullptr : &*found;
}

std::string environment_name(std::string_view name) {
    std::string variable = "STOMPCHAT_";
    for (const char c : name) variable += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return variable;
}

} // namespace stompchat_server
