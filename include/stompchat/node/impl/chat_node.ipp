// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_CHAT_NODE_IPP
#define STOMPCHAT_NODE_IMPL_CHAT_NODE_IPP

#include <stompchat/net/listen_socket.hpp>
#include <stompchat/net/resolve.hpp>
#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/net/tls_stream.hpp>
#include <stompchat/node/chat_node.hpp>
#include <stompchat/node/detail/disconnects.hpp>
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

inline node_incarnation new_incarnation(std::string id) {
    std::random_device random;
    const auto milliseconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
    if (id.empty()) id = fmt::format("node-{:08x}", random());
    // Grows from run to run, and differs between nodes that start in the same millisecond.
    return {std::move(id), milliseconds << 16 | (random() & 0xFFFFu)};
}

} // namespace node

struct chat_node::parts : std::enable_shared_from_this<chat_node::parts> {
    parts(std::vector<asio::io_context*> on, const node_ports& ports, chat_node_options options)
        : contexts(std::move(on)), context{std::move(options), ports, ports.watcher != nullptr ? ports.watcher : &silent, {}, {}},
          own(ports.log, context.options, context.rules), lease_timer(*contexts.front()), patience_timer(*contexts.front()) {
        context.self = node::new_incarnation(context.options.node_id);
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
        for (const auto& one : shards) one->attach(*reader);
        reader->attach(own);
        std::vector<std::shared_ptr<node::shard_link>> links;
        for (const auto& one : shards) links.push_back(one->link());
        disconnects = std::make_unique<node::disconnects>(ports.registry, context.self, std::move(links));
        listeners.resize(contexts.size());
        accepts.resize(contexts.size());
    }

    node_status status() const { return node_status(reader->state() == broker_state::ready, context.options.public_url); }

    void hold_lease() {
        const auto lease = context.options.lease;
        auto held = [self = shared_from_this()](error_code ec) {
            if (ec) self->context.watcher->on_log(severity::warning, "the registry did not renew the node's lease: " + ec.message());
            // Whoever connects is registered under the lease. A registry that is down keeps nobody out.
            if (!std::exchange(self->accepting, true)) self->accept();
        };
        context.ports.registry.async_hold_lease(context.self, status(), lease, asio::bind_executor(*contexts.front(), std::move(held)));
        lease_timer.expires_after(lease / 5);
        lease_timer.async_wait([self = shared_from_this()](error_code ec) {
            if (!ec && !self->stopping) self->hold_lease();
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
        lease_timer.cancel();
        auto left = asio::bind_executor(*contexts.front(), [self = shared_from_this()](error_code ec) {
            if (ec) self->context.watcher->on_log(severity::warning, "the registry did not release the node: " + ec.message());
            self->context.ports.log.async_stop(self->patience, asio::bind_executor(*self->contexts.front(), [self](error_code) {
                                                   self->own.give_up();
                                                   self->seal_shards();
                                               }));
        });
        // The last lease is the time that its users have to come back, on another node.
        if (keeps_places)
            context.ports.registry.async_hold_lease(context.self, node_status(false, context.options.public_url),
                                                    context.options.presence_grace, std::move(left));
        else
            context.ports.registry.async_release(context.self, std::move(left));
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
    asio::steady_timer lease_timer;
    asio::steady_timer patience_timer;
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
    asio::post(*p.contexts.front(), [parts = parts_] { parts->hold_lease(); });
}

STOMPCHAT_DECL bool chat_node::ready() const noexcept {
    return parts_->started && !parts_->stopping && parts_->reader->state() == broker_state::ready;
}

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
