// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_LINK_IPP
#define STOMPCHAT_CLIENT_IMPL_LINK_IPP

#include <stompchat/client/detail/link.hpp>
#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/net/tls_stream.hpp>
#include <stompchat/net/websocket_accept.hpp>
#include <stompchat/utf8.hpp>
#include <stompchat/websocket/frame.hpp>

#include <boost/asio/connect.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client::detail {

STOMPCHAT_DECL link::link(const executor_type& executor, const url& to, const net::tls_context* tls, const connection_options& options,
                          link_listener& listener)
    : executor_(executor), to_(to), tls_(tls), options_(options), listener_(&listener), resolver_(executor),
      socket_(executor), websocket_options_{options.max_websocket_message}, websocket_(websocket::role::client, websocket_options_) {}

STOMPCHAT_DECL link::~link() = default;

STOMPCHAT_DECL void link::open() {
    resolver_.async_resolve(to_.host, std::to_string(to_.port), asio::ip::resolver_base::numeric_service,
                            [self = shared_from_this()](error_code ec, const auto& endpoints) {
                                if (self->state_ == state::closed) return;
                                if (ec) return self->end(ec, "cannot resolve '" + self->to_.host + "': " + ec.message());
                                self->connect(endpoints);
                            });
}

STOMPCHAT_DECL void link::connect(const asio::ip::basic_resolver<asio::ip::tcp, executor_type>::results_type& endpoints) {
    asio::async_connect(socket_, endpoints, [self = shared_from_this()](error_code ec, const asio::ip::tcp::endpoint&) {
        if (self->state_ == state::closed) return;
        if (ec) return self->end(ec, "cannot connect to '" + self->to_.authority() + "': " + ec.message());
        self->on_connected();
    });
}

STOMPCHAT_DECL void link::on_connected() {
    stream_ = tls_ != nullptr ? net::make_tls_client_stream(std::move(socket_), *tls_, to_.host) : net::make_tcp_stream(std::move(socket_));
    stream_->set_listener(this);
    if (!to_.websocket) {
        be_open();
    } else {
        std::array<unsigned char, 16> random;
        for (std::size_t i = 0; i != random.size(); i += 4) {
            const websocket::mask_key four = new_mask();
            std::copy(four.begin(), four.end(), random.begin() + static_cast<std::ptrdiff_t>(i));
        }
        state_ = state::upgrading;
        upgrade_.emplace(to_, net::websocket_key(random), options_.upgrade_headers, options_.session.lowest, options_.session.highest);
        out_ = upgrade_->request();
        flush();
    }
    if (state_ != state::closed) stream_->async_wait_readable();
}

STOMPCHAT_DECL void link::be_open() {
    state_ = state::open;
    listener_->on_open();
}

// Octets out.

STOMPCHAT_DECL websocket::mask_key link::new_mask() {
    const std::uint32_t word = random_();
    websocket::mask_key key;
    std::memcpy(key.data(), &word, key.size());
    return key;
}

STOMPCHAT_DECL void link::write(std::string_view frame) {
    if (state_ != state::open) return;
    if (!to_.websocket) {
        out_ += frame;
        return;
    }
    const websocket::mask_key key = new_mask();
    char head[websocket::max_header_size];
    const auto opcode = is_utf8(frame) ? websocket::opcode::text : websocket::opcode::binary;
    out_.append(head, websocket::write_masked_header(head, opcode, frame.size(), key));
    const std::size_t begin = out_.size();
    out_ += frame;
    websocket::mask(std::span(out_).subspan(begin), key);
}

STOMPCHAT_DECL void link::flush() {
    if (stream_ == nullptr || state_ == state::closed) return;
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
        if (out_.capacity() > 64 * 1024) out_.shrink_to_fit();
        written_ = 0;
    } else if (written_ > out_.size() / 2) {
        out_.erase(0, written_);
        written_ = 0;
    }
}

STOMPCHAT_DECL void link::on_writable(error_code ec) {
    const auto self = shared_from_this();
    if (ec) return end(ec, ec.message());
    flush();
    if (written_ == out_.size() && state_ == state::open) listener_->on_drained();
}

STOMPCHAT_DECL void link::write_control(websocket::control_frame frame) {
    out_ += frame.view();
    flush();
}

// Octets in.

STOMPCHAT_DECL void link::pause(bool paused) {
    if (paused_ && !paused && stream_ != nullptr && state_ != state::closed) stream_->async_wait_readable();
    paused_ = paused;
}

STOMPCHAT_DECL void link::on_readable(error_code ec) {
    const auto self = shared_from_this();
    if (ec) return end(ec, ec.message());
    // Not for ever, so that a fast server leaves time for others.
    for (int turn = 0; turn != 16 && !paused_; ++turn) {
        const std::size_t got = stream_->read_some(in_, ec);
        if (ec == asio::error::would_block) break;
        if (ec == asio::error::eof) return end(error::connection_lost, "the server closed the connection");
        if (ec) return end(ec, "the connection failed: " + ec.message());
        take(std::span(in_).first(got));
        if (state_ == state::closed) return;
    }
    if (waiting() != 0) flush(); // TLS may write now what it could not before it had read
    if (!paused_) stream_->async_wait_readable();
}

STOMPCHAT_DECL void link::take(std::span<char> octets) {
    if (state_ == state::upgrading) return take_upgrade(octets);
    if (to_.websocket) return take_websocket(octets);
    listener_->on_octets({octets.data(), octets.size()});
}

STOMPCHAT_DECL void link::take_upgrade(std::span<char> octets) {
    std::size_t taken = 0;
    switch (upgrade_->feed({octets.data(), octets.size()}, taken)) {
    case upgrade::status::need_more: return;
    case upgrade::status::failed: return end(upgrade_->ec(), upgrade_->text(), upgrade_->retry_after());
    case upgrade::status::done: break;
    }
    upgrade_.reset();
    be_open();
    if (state_ != state::closed && taken != octets.size()) take_websocket(octets.subspan(taken));
}

STOMPCHAT_DECL void link::take_websocket(std::span<char> octets) {
    websocket_.feed(octets);
    while (state_ != state::closed) {
        const websocket::event ev = websocket_.next();
        switch (ev.type) {
        case websocket::event_type::need_more: return;
        case websocket::event_type::data: listener_->on_octets(ev.payload); break;
        case websocket::event_type::ping:
            // One that cannot be written for long need not be answered twice.
            if (waiting() <= options_.output_high_water)
                write_control(websocket::encode_control(websocket::opcode::pong, ev.payload, new_mask()));
            break;
        case websocket::event_type::pong: break;
        case websocket::event_type::close: {
            write_control(websocket::encode_close(ev.code, {}, new_mask()));
            said_goodbye_ = true;
            const bool normal = ev.code == websocket::close_normal || ev.code == websocket::close_no_status;
            std::string text =
                normal ? "the server closed the connection" : "the server closed the connection with " + std::to_string(ev.code);
            if (!ev.payload.empty()) text += ": " + std::string(ev.payload);
            return end(ev.code == websocket::close_policy ? error::rejected : error::connection_lost, std::move(text),
                       retry_after_of(ev.payload));
        }
        case websocket::event_type::error: return end(ev.ec, "the server broke WebSocket: " + ev.ec.message());
        }
    }
}

// The end.

STOMPCHAT_DECL void link::end(error_code ec, std::string text, std::chrono::seconds retry_after) {
    if (state_ == state::closed) return;
    link_listener* const listener = listener_;
    close();
    listener->on_closed({ec, std::move(text), retry_after});
}

STOMPCHAT_DECL void link::close() {
    if (state_ == state::closed) return;
    const bool polite = state_ == state::open;
    state_ = state::closed;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
    if (stream_ == nullptr) return;
    if (polite && to_.websocket && !said_goodbye_ && waiting() == 0) {
        const websocket::control_frame goodbye = websocket::encode_close(websocket::close_normal, {}, new_mask());
        const asio::const_buffer octets(goodbye.view().data(), goodbye.size());
        stream_->write_some({&octets, 1}, ignored);
    }
    if (polite) stream_->shutdown_send();
    // Not destroyed: this may be within a call of it.
    stream_->close();
}

} // namespace stompchat::inline STOMPCHAT_ABI::client::detail

#endif
