// Boost Software License 1.0, see LICENSE

#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/node/detail/http_head.hpp>
#include <stompchat/node/detail/upgrade.hpp>
#include <stompchat/websocket/frame.hpp>
#include <websocket/echo_server.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <span>
#include <utility>

namespace websocket_test {

namespace asio = boost::asio;
namespace net = stompchat::net;
namespace node = stompchat::node;
namespace ws = stompchat::websocket;
using stompchat::error_code;

/* Phases: *handshake* (the request head is read), *open* (messages are echoed), *closing* (our last octets are queued; what comes is read
   and thrown away, all but the peer's close frame). */
class echo_server::connection final : public net::stream_listener, public std::enable_shared_from_this<connection> {
public:
    connection(echo_server& home, net::connected_socket socket)
        : home_(home), stream_(net::make_tcp_stream(std::move(socket))), decoder_(ws::role::server, home.options_.limits),
          timer_(home.context_) {
        stream_->set_listener(this);
    }

    void start() {
        expire_after(home_.options_.handshake_timeout);
        stream_->async_wait_readable();
    }

    void close(std::uint16_t code, std::string_view reason) {
        if (phase_ == phase::open) begin_close(ws::encode_close(code, reason).view());
    }

    void on_readable(error_code ec) override {
        const auto self = shared_from_this();
        std::array<char, 64 * 1024> octets;
        const std::size_t got = ec ? 0 : stream_->read_some(octets, ec);
        if (ec && ec != asio::error::would_block) return gone();
        take({octets.data(), got});
        flush();
        // A peer that does not read its echoes is not read on either.
        if (phase_ == phase::closing || out_.empty()) stream_->async_wait_readable();
    }

    void on_writable(error_code ec) override {
        const auto self = shared_from_this();
        if (ec) return gone();
        flush();
        if (out_.empty()) stream_->async_wait_readable();
    }

private:
    enum class phase {
        handshake,
        open,
        closing,
    };

    void expire_after(std::chrono::milliseconds time) {
        timer_.expires_after(time);
        timer_.async_wait([weak = weak_from_this()](error_code ec) {
            if (const auto self = weak.lock(); self && !ec) self->gone();
        });
    }

    void take(std::span<char> octets) {
        if (phase_ == phase::handshake && !octets.empty()) {
            std::size_t consumed = 0;
            switch (head_.feed({octets.data(), octets.size()}, consumed)) {
            case node::http_head::status::need_more: return;
            case node::http_head::status::bad: return refuse(node::plain_response(head_.answer_status(), "no"));
            case node::http_head::status::complete: break;
            }
            const stompchat::http_response problem = node::check_upgrade(head_, home_.options_.allowed_origins);
            if (problem.status != 101) return refuse(problem);
            out_ = node::accept_upgrade(head_, {});
            phase_ = phase::open;
            timer_.cancel();
            octets = octets.subspan(consumed);
        }
        // Behind a refused request nothing is a frame.
        if (!refused_) take_frames(octets);
    }

    void take_frames(std::span<char> octets) {
        decoder_.feed(octets);
        for (;;) {
            const ws::event ev = decoder_.next();
            switch (ev.type) {
            case ws::event_type::need_more: return;
            case ws::event_type::data:
                if (phase_ != phase::open) break;
                message_ += ev.payload;
                if (ev.message_end) echo(ev.text);
                break;
            case ws::event_type::ping:
                if (phase_ == phase::open) out_ += ws::encode_control(ws::opcode::pong, ev.payload).view();
                break;
            case ws::event_type::pong: break;
            case ws::event_type::close:
                peer_closed_ = true;
                if (phase_ == phase::open) begin_close(ws::encode_close(ev.code, ev.payload).view());
                break;
            case ws::event_type::error:
                peer_closed_ = true;
                if (phase_ == phase::open) begin_close(ws::encode_close(ws::close_code_for(ev.ec), ev.ec.message()).view());
                return;
            }
        }
    }

    void echo(bool text) {
        char head[ws::max_header_size];
        out_.append(head, ws::write_header(head, text ? ws::opcode::text : ws::opcode::binary, message_.size()));
        out_ += message_;
        message_.clear();
    }

    void begin_close(std::string_view frame) {
        out_ += frame;
        phase_ = phase::closing;
        expire_after(home_.options_.close_timeout);
        // close() may have come from outside of a turn of this connection.
        asio::post(home_.context_, [self = shared_from_this()] { self->flush(); });
    }

    void refuse(const stompchat::http_response& answer) {
        refused_ = true;
        peer_closed_ = true;
        begin_close(node::serialize(answer, false, false));
    }

    void flush() {
        while (written_ != out_.size()) {
            error_code ec;
            const asio::const_buffer rest = asio::buffer(out_) + written_;
            const std::size_t taken = stream_->write_some({&rest, 1}, ec);
            if (ec && ec != asio::error::would_block) return gone();
            written_ += taken;
            if (taken < rest.size()) return stream_->async_wait_writable();
        }
        out_.clear();
        written_ = 0;
        // RFC 6455, 7.1.1: the server closes TCP, when both sides have sent their close frame.
        if (phase_ == phase::closing && peer_closed_) stream_->shutdown_send();
    }

    void gone() {
        stream_->close();
        timer_.cancel();
        home_.connections_.erase(shared_from_this());
    }

    echo_server& home_;
    net::stream_ptr stream_;
    node::http_head head_;
    ws::decoder decoder_;
    std::string message_;
    std::string out_;
    std::size_t written_ = 0;
    asio::steady_timer timer_;
    phase phase_ = phase::handshake;
    bool peer_closed_ = false;
    bool refused_ = false;
};

echo_server::echo_server(asio::io_context& context, echo_options options) : context_(context), options_(std::move(options)) {
    asio::io_context* const contexts[] = {&context};
    auto acceptors = net::open_acceptors({asio::ip::address_v4::loopback(), 0}, contexts).value();
    loop_ = std::make_unique<net::accept_loop>(std::move(acceptors.front()), static_cast<net::accept_listener&>(*this));
    loop_->start();
}

echo_server::~echo_server() = default;

void echo_server::close_all(std::uint16_t code, std::string_view reason) {
    for (const auto& one : connections_) one->close(code, reason);
}

void echo_server::on_accepted(net::connected_socket socket) {
    const auto added = std::make_shared<connection>(*this, std::move(socket));
    connections_.insert(added);
    added->start();
}

} // namespace websocket_test
