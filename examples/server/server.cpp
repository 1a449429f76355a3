// Boost Software License 1.0, see LICENSE

#include "server.hpp"

#include "adapters.hpp"
#include "demo_authenticator.hpp"
#include "demo_page.hpp"
#include "echo_app.hpp"
#include "log.hpp"
#include "nodes_answer.hpp"
#include "option_error.hpp"
#include "registry_place.hpp"
#include "shared_state.hpp"

#include <stompchat/net/tls_context.hpp>
#include <stompchat/node/chat_node.hpp>
#include <stompchat/node/shard_pool.hpp>
#include <stompchat/version.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

namespace stompchat_server {
namespace {

namespace asio = boost::asio;
using tls_pointer = std::shared_ptr<const stompchat::net::tls_context>;

/// Null when the options name no certificate.
tls_pointer load_certificate(const server_options& options) {
    if (options.tls_cert.empty()) return nullptr;
    auto loaded = stompchat::net::tls_context::server(options.tls_cert, options.tls_key);
    if (loaded) return std::make_shared<const stompchat::net::tls_context>(std::move(*loaded));
    const auto& failure = loaded.error();
    const bool key = failure.code == stompchat::error::tls_bad_key;
    const std::string text = fmt::format("{}: {}", options.where(key ? "tls-key" : "tls-cert"), one_line(failure.text));
    // A file that can be read but holds the wrong thing is a wrong option; one that cannot be read may be right tomorrow.
    if (failure.code == stompchat::error::tls_bad_certificate || key) throw option_error(text);
    throw start_error(text);
}

std::chrono::seconds whole_seconds(milliseconds time) { return std::chrono::ceil<std::chrono::seconds>(time); }

stompchat::chat_node_options node_options(const server_options& from) {
    stompchat::chat_node_options to;
    to.node_id = from.node_id;
    to.allowed_origins = from.allow_origin;
    to.session.limits.header_line = from.max_header_line;
    to.session.limits.headers = from.max_headers;
    to.session.limits.body = from.max_body;
    to.session.limits.body_before_connect = std::min(to.session.limits.body_before_connect, from.max_body);
    to.session.heart_beat_send = to.session.heart_beat_receive = from.heart_beat;
    to.session.max_subscriptions = from.max_subscriptions;
    to.session.max_transactions = from.max_transactions;
    to.session.connect_timeout = whole_seconds(from.connect_timeout);
    to.max_websocket_message = 4 * from.max_body;
    to.output_queue = from.output_queue;
    to.recent_octets = from.recent_messages;
    to.history_window = whole_seconds(from.history_window);
    to.destinations = from.destinations;
    // The demo page tells there who is typing, which nobody has to keep. Rules of a file come first, and count first.
    if (from.auth == "demo") {
        stompchat::destination_rule typing;
        typing.pattern = "/topic/typing/**";
        typing.policy = stompchat::destination_policy::ephemeral;
        to.destinations.push_back(std::move(typing));
    }
    to.presence = from.auth == "demo";
    to.presence_grace = from.presence_grace;
    to.public_url = from.public_url;
    to.registry_down = from.registry_down == "refuse" ? stompchat::registry_policy::refuse : stompchat::registry_policy::accept;
    to.broker_patience = from.broker_patience;
    to.no_progress = whole_seconds(from.no_progress);
    to.handshake_timeout = whole_seconds(from.handshake_timeout);
    to.ping_interval = whole_seconds(from.ping_interval);
    to.idle_timeout = whole_seconds(from.idle_timeout);
    to.lease = from.lease;
    return to;
}

/** A node with everything that it stands on, in the order in which it has to be made. */
class server {
public:
    server(const server_options& options, tls_pointer tls)
        : options_(options), tls_(std::move(tls)), log_(make_log(options.log_level)), observer_(log_), pool_(threads()),
          broker_(make_broker(options, pool_.executor(), observer_)), state_(options, pool_.context(0), observer_),
          node_(pool_, {*broker_, state_.registry(), state_.store(), authenticator_, authorizer_, &app_, &observer_},
                with_pages(node_options(options))),
          signals_(pool_.executor(), SIGTERM, SIGINT) {}

    void run() {
        std::string lines;
        listen("listen", options_.listen, stompchat::transport::websocket, nullptr, "ws", lines);
        listen("stomp-listen", options_.stomp_listen, stompchat::transport::stomp, nullptr, "tcp", lines);
        listen("tls-listen", options_.tls_listen, stompchat::transport::websocket, tls_, "wss", lines);
        listen("stomp-tls-listen", options_.stomp_tls_listen, stompchat::transport::stomp, tls_, "tls", lines);
        wait_for_signal();
        observer_.on_refused = [this](const std::string& why) { on_refused(why); };
        node_.start();
        if (!built_page.missing.empty()) log_->warn("no demo page: {}", built_page.missing);
        log_->info("stompchat-server {} started: node {}, {} thread{}, broker {}, registry {}, auth {}", stompchat::version_text,
                   options_.node_id.empty() ? "with a random name" : options_.node_id, pool_.size(), pool_.size() == 1 ? "" : "s",
                   show_broker(options_), show_registry_place(options_.registry), options_.auth);
        // Whoever reads these lines may connect at once.
        std::fputs(lines.c_str(), stdout);
        std::fflush(stdout);
        pool_.run();
        if (!refused_.empty()) throw start_error("the broker refuses to serve: " + refused_);
        log_->info("stopped");
    }

private:
    std::size_t threads() const {
        return options_.threads != 0 ? options_.threads : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 256);
    }

    stompchat::chat_node_options with_pages(stompchat::chat_node_options to) {
        to.http = [this, page = demo_page(built_page, options_.allow_origin)](const stompchat::http_request& request) {
            const std::string_view path = request.target.substr(0, request.target.find('?'));
            return path == "/nodes" ? nodes_answer(*node_.view(), request.origin, options_.allow_origin) : page(request);
        };
        return to;
    }

    /// On the broker's executor.
    void on_refused(const std::string& why) {
        asio::post(pool_.context(0), [this, why] {
            refused_ = why.empty() ? "no reason was given" : why;
            node_.async_stop(milliseconds(0), [this](stompchat::error_code) { pool_.stop(); });
        });
    }

    void listen(const char* option, const std::vector<listener_address>& addresses, stompchat::transport kind, const tls_pointer& tls,
                const char* scheme, std::string& lines) {
        for (const listener_address& address : addresses) {
            stompchat::listener_options where(address.text, kind, tls);
            const auto endpoints = node_.listen(where);
            if (!endpoints) {
                const auto& [why, text] = endpoints.error();
                // Not everybody has IPv6, and nobody asked for this listener.
                if (!options_.sources.contains(option)
                    && (why == asio::error::address_family_not_supported || why.value() == EADDRNOTAVAIL)) {
                    log_->warn("not listening on {}: {}", address.text, why.message());
                    continue;
                }
                throw start_error(fmt::format("{}: {}", options_.where(option), one_line(text)));
            }
            for (const asio::ip::tcp::endpoint& endpoint : *endpoints) {
                const bool v6 = endpoint.address().is_v6();
                lines += fmt::format("listening {}://{}{}{}:{}{}\n", scheme, v6 ? "[" : "", endpoint.address().to_string(), v6 ? "]" : "",
                                     endpoint.port(), kind == stompchat::transport::websocket ? "/ws" : "");
            }
        }
    }

    void wait_for_signal() {
        signals_.async_wait([this](stompchat::error_code error, int signal) {
            if (error) return;
            // From now on the system's own way of handling them counts: a second signal ends the process, however busy the shards are.
            signals_.clear();
            log_->info("stopping: got {}, waiting up to {} for sessions and messages", signal == SIGINT ? "SIGINT" : "SIGTERM",
                       show_duration(options_.stop_timeout));
            node_.async_stop(options_.stop_timeout, [this](stompchat::error_code why) {
                if (why) log_->warn("stop: {}", why.message());
                pool_.stop();
            });
        });
    }

    const server_options& options_;
    const tls_pointer tls_;
    const std::shared_ptr<spdlog::logger> log_;
    log_observer observer_;
    demo_authenticator authenticator_;
    stompchat::allow_all authorizer_;
    echo_app app_;
    stompchat::shard_pool pool_;
    const std::unique_ptr<stompchat::broker> broker_;
    shared_state state_;
    stompchat::chat_node node_;
    asio::signal_set signals_;
    std::string refused_; // why the broker does not serve
};

} // namespace

void check_files(const server_options& options) { load_certificate(options); }

void run_server(const server_options& options) { server(options, load_certificate(options)).run(); }

} // namespace stompchat_server
