// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_CHAT_NODE_IPP
#define STOMPCHAT_NODE_IMPL_CHAT_NODE_IPP

#include <stompchat/net/listen_socket.hpp>
#include <stompchat/net/resolve.hpp>
#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/net/tls_stream.hpp>
#include <stompchat/node/chat_node.hpp>
#include <stompchat/node/detail/disconnects.hpp>
#include <stompchat/node/detail/evacuation.hpp>
#include <stompchat/node/detail/membership.hpp>
#include <stompchat/node/detail/own_publishes.hpp>
#include <stompchat/node/detail/reader.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {
namespace node {

/// A listening socket of one shard.
class listener final : public net::accept_listener {
public:
    listener(shard& home, net::tcp_acceptor acceptor, const listener_options& where)
        : shard_(home), where_(where), loop_(std::move(acceptor), *this) {}

    void start() { loop_.start(); }
    void stop() noexcept { loop_.stop(); }

    void on_accepted(net::connected_socket socket) override {
        net::socket_options options;
        // Over TCP nothing else may ever be sent by a client without heart-beats: the system finds out that a peer has vanished.
        options.keep_alive = where_.kind == transport::stomp;
        shard_.accept(where_.tls ? net::make_tls_server_stream(std::move(socket), *where_.tls, options)
                                 : net::make_tcp_stream(std::move(socket), options),
                      where_);
    }

    void on_accept_error(error_code ec) override {
        shard_.node().watcher->on_log(severity::error,
                                      fmt::format("{}: cannot accept connections at the moment: {}", where_.address, ec.message()));
    }

private:
    shard& shard_;
    listener_options where_;
    net::accept_loop loop_;
};

inline std::string url_of(const asio::ip::tcp::endpoint& at, bool tls, std::string_view path) {
    const bool v6 = at.address().is_v6();
    return fmt::format("{}://{}{}{}:{}{}", tls ? "wss" : "ws", v6 ? "[" : "", at.address().to_string(), v6 ? "]" : "", at.port(), path);
}

inline node_incarnation first_incarnation(std::string id) {
    if (id.empty()) id = fmt::format("node-{:08x}", std::random_device()());
    return {std::move(id), new_incarnation()};
}

} // namespace node

struct chat_node::parts : std::enable_shared_from_this<chat_node::parts> {
    parts(std::vector<asio::io_context*> on, const node_ports& ports, chat_node_options options)
        : contexts(std::move(on)), context{std::move(options), ports, ports.watcher != nullptr ? ports.watcher : &silent, {}, {}},
          own(ports.log, context.options, context.rules), patience_timer(*contexts.front()),
          evacuation(*contexts.front(), contexts.size(), context.options.send_away_rate,
                     {context.options.broker_patience, context.options.lease}, context.sends_clients_away,
                     [this](std::size_t shard, std::size_t most) { send_away(shard, most); }) {
        context.self = node::first_incarnation(context.options.node_id);
        context.websocket.max_message = context.options.max_websocket_message;
        context.shards = contexts.size();
        delivery::destination_settings otherwise;
        otherwise.presence = context.options.presence;
        otherwise.history_window = context.options.history_window;
        context.rules = delivery::destination_rules(context.options.destinations, std::move(otherwise));
        // The user of a user destination counts decoded, and too long a destination can be refused softly: the node checks itself.
        context.options.session.max_destination = 0;
        std::vector<node::shard_inbox*> inboxes;
        for (std::size_t i = 0; i != contexts.size(); ++i) {
            shards.push_back(std::make_unique<node::shard>(static_cast<std::uint32_t>(i), *contexts[i], context));
            inboxes.push_back(&shards.back()->inbox());
        }
        for (const auto& one : shards) context.links.push_back(one->link());
        reader = std::make_unique<node::reader>(ports.log, std::move(inboxes), *context.watcher);
        context.health = &reader->health();
        context.membership = std::make_shared<node::membership>(*contexts.front(), ports.registry, *context.watcher, context.options,
                                                                context.self, *context.health);
        for (const auto& one : shards) one->attach(*reader);
        reader->attach(own);
        std::vector<std::shared_ptr<node::shard_link>> links;
        for (const auto& one : shards) links.push_back(one->link());
        disconnects = std::make_unique<node::disconnects>(ports.registry, context.self, std::move(links));
        listeners.resize(contexts.size());
        accepts.resize(contexts.size());
    }

    void join_others() {
        node::membership::callbacks to;
        to.answered = [this] {
            accepting = true;
            accept();
        };
        to.register_again = [this](std::function<void(std::size_t)> done) { register_again(std::move(done)); };
        to.looked = [this] {
            if (evacuation.look(reader->health(), *context.membership->view(), node::shard::now()) && !reader->health().refused())
                context.watcher->on_log(severity::warning, context.sends_clients_away
                                                               ? "this node does not reach the log, but others do: clients are sent there"
                                                               : "clients are not sent to other nodes any more");
        };
        context.membership->start(std::move(to));
    }

    void register_again(std::function<void(std::size_t)> done) {
        struct sum {
            std::function<void(std::size_t)> done;
            std::size_t open;
            std::size_t sessions = 0;
        };
        const auto total = std::make_shared<sum>(sum{std::move(done), shards.size()});
        const auto add = [self = shared_from_this(), total](std::size_t sessions) {
            asio::post(*self->contexts.front(), [total, sessions] {
                total->sessions += sessions;
                if (--total->open == 0) total->done(total->sessions);
            });
        };
        for (const auto& link : context.links) {
            link->post([link, add] {
                if (node::shard* const one = link->get()) one->registered().register_again(add);
            });
        }
    }

    void send_away(std::size_t shard, std::size_t most) {
        const auto link = context.links[shard];
        link->post([link, most] {
            node::shard* const one = link->get();
            if (one == nullptr) return;
            std::string_view text;
            if (one->node().refuses_clients(text) == error::broker_unavailable)
                one->send_away(most, farewell(std::string(text), std::chrono::seconds(1)));
        });
    }

    void accept() {
        for (std::size_t i = 0; i != contexts.size(); ++i) {
            asio::post(*contexts[i], [self = shared_from_this(), i] {
                if (self->stopping) return;
                self->accepts[i] = true;
                for (const auto& one : self->listeners[i]) one->start();
            });
        }
    }

    void stop_shards() {
        undrained = shards.size();
        evacuation.stop();
        for (std::size_t i = 0; i != shards.size(); ++i) {
            asio::post(*contexts[i], [self = shared_from_this(), i] {
                self->listeners[i].clear();
                self->shards[i]->stop([self, i] {
                    if (self->shards[i]->keeps_places()) self->keeps_places = true;
                    asio::post(*self->contexts.front(), [self] { self->on_drained(); });
                });
            });
        }
        patience_timer.expires_after(patience);
        patience_timer.async_wait([self = shared_from_this()](error_code ec) {
            if (ec) return;
            for (std::size_t i = 0; i != self->shards.size(); ++i) {
                asio::post(*self->contexts[i], [self, i] { self->shards[i]->abort(); });
            }
        });
    }

    void on_drained() {
        if (--undrained != 0) return;
        patience_timer.cancel();
        auto left = [self = shared_from_this()](error_code ec) {
            if (ec) self->context.watcher->on_log(severity::warning, "the registry did not release the node: " + ec.message());
            self->context.ports.log.async_stop(self->patience, asio::bind_executor(*self->contexts.front(), [self](error_code) {
                                                   self->own.give_up();
                                                   self->seal_shards();
                                               }));
        };
        // The last lease is the time that its users have to come back, on another node.
        context.membership->leave(keeps_places, std::move(left));
    }

    /// The last step: what still waits on a shard's thread for its shard finds none, so that the node may be destroyed on any thread.
    void seal_shards() {
        undrained = shards.size();
        for (std::size_t i = 0; i != shards.size(); ++i) {
            asio::post(*contexts[i], [self = shared_from_this(), i] {
                self->shards[i]->link()->cut();
                asio::post(*self->contexts.front(), [self] {
                    if (--self->undrained != 0) return;
                    auto done = std::move(self->stopped);
                    done({});
                });
            });
        }
    }

    observer silent;
    std::vector<asio::io_context*> contexts;
    node::node_context context;
    std::vector<std::unique_ptr<node::shard>> shards;
    std::unique_ptr<node::reader> reader;
    node::own_publishes own;
    std::unique_ptr<node::disconnects> disconnects;
    std::vector<std::vector<std::unique_ptr<node::listener>>> listeners; // per shard
    asio::steady_timer patience_timer;
    node::evacuation evacuation;
    std::chrono::milliseconds patience{};
    detail::completion<void(error_code)> stopped;
    std::size_t undrained = 0;
    bool accepting = false;
    std::vector<char> accepts; // per shard: its listeners have begun
    std::atomic<bool> started{false};
    std::atomic<bool> stopping{false};
    std::atomic<bool> keeps_places{false};
};

STOMPCHAT_DECL chat_node::chat_node(asio::io_context& context, const node_ports& ports, chat_node_options options)
    : parts_(std::make_shared<parts>(std::vector<asio::io_context*>{&context}, ports, std::move(options))) {}

STOMPCHAT_DECL chat_node::chat_node(shard_pool& pool, const node_ports& ports, chat_node_options options) {
    std::vector<asio::io_context*> contexts;
    for (std::size_t i = 0; i != pool.size(); ++i) contexts.push_back(&pool.context(i));
    parts_ = std::make_shared<parts>(std::move(contexts), ports, std::move(options));
}

STOMPCHAT_DECL chat_node::~chat_node() {
    // Handlers that are still queued somewhere hold the parts; what they would act on goes now.
    parts_->stopping = true;
    parts_->context.membership->stop();
    parts_->evacuation.stop();
    parts_->listeners.clear();
    parts_->shards.clear();
}

STOMPCHAT_DECL net::result<std::vector<asio::ip::tcp::endpoint>> chat_node::listen(const listener_options& where) {
    auto addresses = net::resolve_listen_address(where.address);
    if (!addresses) return addresses.error();
    std::vector<asio::ip::tcp::endpoint> opened;
    std::vector<std::vector<net::tcp_acceptor>> acceptors;
    for (asio::ip::tcp::endpoint address : *addresses) {
        // Several addresses of one host share the port that the system chose for the first.
        if (address.port() == 0 && !opened.empty()) address.port(opened.front().port());
        auto made = net::open_acceptors(address, parts_->contexts);
        if (!made) return made.error();
        opened.push_back(made->front().local_endpoint());
        acceptors.push_back(std::move(*made));
    }
    std::string& url = parts_->context.options.public_url;
    if (url.empty() && !parts_->started && where.kind == transport::websocket && !opened.front().address().is_unspecified())
        url = node::url_of(opened.front(), where.tls != nullptr, parts_->context.options.websocket_path);
    for (auto& per_shard : acceptors) {
        for (std::size_t i = 0; i != per_shard.size(); ++i) {
            auto added = std::make_unique<node::listener>(*parts_->shards[i], std::move(per_shard[i]), where);
            if (!parts_->started) {
                parts_->listeners[i].push_back(std::move(added));
                continue;
            }
            asio::post(*parts_->contexts[i], [parts = parts_, i, added = std::move(added)]() mutable {
                if (parts->stopping) return;
                if (parts->accepts[i]) added->start();
                parts->listeners[i].push_back(std::move(added));
            });
        }
    }
    return opened;
}

STOMPCHAT_DECL void chat_node::start() {
    parts& p = *parts_;
    p.started = true;
    p.context.ports.log.start(*p.reader);
    p.own.open();
    asio::post(*p.contexts.front(), [parts = parts_] { parts->join_others(); });
}

STOMPCHAT_DECL bool chat_node::ready() const noexcept {
    const parts& p = *parts_;
    std::string_view text;
    return p.started && !p.stopping && p.reader->health().serves(p.context.options.broker_patience, node::shard::now())
           && !p.context.refuses_clients(text);
}

STOMPCHAT_DECL std::shared_ptr<const cluster_view> chat_node::view() const { return parts_->context.membership->view(); }

STOMPCHAT_DECL asio::any_io_executor chat_node::get_executor() const { return parts_->contexts.front()->get_executor(); }

STOMPCHAT_DECL void chat_node::do_publish(service_message what, detail::completion<void(error_code, std::string)> done) {
    parts_->own.publish(std::move(what), std::move(done));
}

STOMPCHAT_DECL session_registry& chat_node::registry() const noexcept { return parts_->context.ports.registry; }

STOMPCHAT_DECL void chat_node::do_disconnect(std::string whom, bool user, farewell why,
                                             detail::completion<void(error_code, disconnect_result)> done) {
    if (user)
        parts_->disconnects->of_user(std::move(whom), std::move(why), std::move(done));
    else
        parts_->disconnects->of_session(std::move(whom), std::move(why), std::move(done));
}

STOMPCHAT_DECL void chat_node::do_stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done) {
    parts& p = *parts_;
    p.stopping = true;
    p.own.close();
    p.patience = patience;
    p.stopped = std::move(done);
    asio::post(*p.contexts.front(), [parts = parts_] { parts->stop_shards(); });
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
