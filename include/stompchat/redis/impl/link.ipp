// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_LINK_IPP
#define STOMPCHAT_REDIS_IMPL_LINK_IPP

#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/net/tls_stream.hpp>
#include <stompchat/redis/detail/link.hpp>

#include <boost/asio/connect.hpp>

#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

STOMPCHAT_DECL std::string to_string(const net::host_and_port& where) {
    const bool brackets = where.host.find(':') != std::string::npos;
    return (brackets ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
}

STOMPCHAT_DECL link_setup::link_setup(redis_options from, observer* log_to) : options(std::move(from)), told(log_to) {
    if (!options.tls.enabled) return;
    net::tls_client_options wanted;
    wanted.verify = options.tls.verify;
    wanted.ca_file = options.tls.ca_file;
    wanted.certificate_chain_file = options.tls.certificate_file;
    wanted.private_key_file = options.tls.key_file;
    tls = net::tls_context::client(wanted).value();
}

STOMPCHAT_DECL link::link(const executor_type& executor, std::shared_ptr<const link_setup> setup, net::host_and_port to,
                          link_listener& listener)
    : executor_(executor), setup_(std::move(setup)), to_(std::move(to)), listener_(&listener), resolver_(executor), socket_(executor),
      reader_(setup_->options.max_reply_octets, setup_->options.max_reply_elements) {}

STOMPCHAT_DECL link::~link() = default;

STOMPCHAT_DECL void link::open() {
    resolver_.async_resolve(to_.host, std::to_string(to_.port), asio::ip::resolver_base::numeric_service,
                            [self = shared_from_this()](error_code ec, const auto& endpoints) {
                                if (self->closed_) return;
                                if (ec) return self->end(ec, "cannot resolve '" + self->to_.host + "': " + ec.message());
                                self->connect(endpoints);
                            });
}

STOMPCHAT_DECL void link::connect(const resolver::results_type& endpoints) {
    asio::async_connect(socket_, endpoints, [self = shared_from_this()](error_code ec, const asio::ip::tcp::endpoint&) {
        if (self->closed_) return;
        if (ec) return self->end(ec, "cannot connect: " + ec.message());
        self->on_connected();
    });
}

STOMPCHAT_DECL void link::on_connected() {
    const std::string& name = setup_->options.tls.server_name;
    stream_ = setup_->tls ? net::make_tls_client_stream(std::move(socket_), *setup_->tls, name.empty() ? to_.host : name)
                          : net::make_tcp_stream(std::move(socket_));
    stream_->set_listener(this);
    listener_->on_open();
    if (closed_) return;
    flush();
    stream_->async_wait_readable();
}

STOMPCHAT_DECL void link::flush() {
    if (stream_ == nullptr || closed_) return;
    while (written_ != out_.size()) {
        error_code ec;
        const asio::const_buffer rest(out_.data() + written_, out_.size() - written_);
        const std::size_t taken = stream_->write_some({&rest, 1}, ec);
        if (taken == 0) {
            // A connection that is broken tells its reader too.
            if (ec == asio::error::would_block)
                stream_->async_wait_writable();
            else
                stream_->async_wait_readable();
            break;
        }
        written_ += taken;
    }
    if (written_ == out_.size()) {
        out_.clear();
        if (out_.capacity() > 1024 * 1024) out_.shrink_to_fit();
        written_ = 0;
    } else if (written_ > out_.size() / 2) {
        out_.erase(0, written_);
        written_ = 0;
    }
}

STOMPCHAT_DECL void link::on_writable(error_code ec) {
    const auto self = shared_from_this();
    if (ec) return end(ec, "the connection failed: " + ec.message());
    flush();
}

STOMPCHAT_DECL void link::on_readable(error_code ec) {
    const auto self = shared_from_this();
    if (ec) return end(ec, "the connection failed: " + ec.message());
    // Not for ever, so that a fast server leaves time for others.
    for (int turn = 0; turn != 16; ++turn) {
        const std::size_t got = stream_->read_some(in_, ec);
        if (ec == asio::error::would_block) break;
        if (ec == asio::error::eof) return end(error::connection_lost, "Redis closed the connection");
        if (ec) return end(ec, "the connection failed: " + ec.message());
        reader_.feed({in_.data(), got});
        take_replies();
        if (closed_) return;
    }
    listener_->on_replies_end();
    if (closed_) return;
    flush(); // TLS may write now what it could not before it had read
    stream_->async_wait_readable();
}

STOMPCHAT_DECL void link::take_replies() {
    reply one;
    while (!closed_) {
        switch (reader_.next(one)) {
        case reply_reader::status::need_more: return;
        case reply_reader::status::failed: return end(error::registry_unavailable, reader_.problem());
        case reply_reader::status::got_reply: listener_->on_reply(one);
        }
    }
}

STOMPCHAT_DECL void link::end(error_code ec, const std::string& text) {
    if (closed_) return;
    link_listener* const listener = listener_;
    close();
    listener->on_closed(ec, text);
}

STOMPCHAT_DECL void link::close() {
    if (closed_) return;
    closed_ = true;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
    // Not destroyed: this may be within a call of it.
    if (stream_ != nullptr) stream_->close();
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
