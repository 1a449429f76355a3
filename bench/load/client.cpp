// Boost Software License 1.0, see LICENSE

#include "client.hpp"

#include <stompchat/websocket/frame.hpp>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <system_error>
#include <utility>

namespace bench {
namespace {

namespace websocket = stompchat::websocket;
namespace stomp = stompchat::stomp;

const websocket::decoder_options websocket_options;
const stomp::decode_limits stomp_limits = [] {
    stomp::decode_limits limits;
    limits.body = 1024 * 1024;
    return limits;
}();

constexpr std::string_view end_of_frame("\0", 1);

} // namespace

client::client(loop& on, const client_options& options, client_listener& listener, std::string destination)
    : loop_(on), options_(options), listener_(listener), destination_(std::move(destination)),
      websocket_(websocket::role::client, websocket_options), stomp_(stomp::peer::server, stomp_limits) {
    stomp_.set_version(stomp::version::v1_2);
}

client::~client() {
    if (fd_ >= 0) close(fd_);
}

void client::open() {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) throw std::system_error(errno, std::system_category(), "socket");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (const int size = options_.receive_buffer; size != 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(options_.port);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)
        throw std::system_error(errno, std::system_category(), "connect");
    phase_ = phase::connecting;
    loop_.add(fd_, *this, EPOLLIN | EPOLLOUT);
}

void client::leave() {
    phase_ = phase::leaving;
    say_masked(1, fmt::format("DISCONNECT\nreceipt:bye\n\n{}", end_of_frame));
    flush();
}

void client::abandon() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
    phase_ = phase::closed;
}

void client::send(std::string_view destination, std::string_view body) {
    thread_local std::string frame;
    frame.clear();
    fmt::format_to(std::back_inserter(frame), "SEND\ndestination:{}\ncontent-length:{}\n\n", destination, body.size());
    frame.append(body).append(end_of_frame);
    say_masked(1, frame);
}

void client::send_heart_beat() {
    say_masked(1, "\n");
    flush();
}

void client::flush() {
    while (!out_.empty() && fd_ >= 0) {
        const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return watch();
        if (sent < 0) return end(std::strerror(errno));
        out_.erase(0, static_cast<std::size_t>(sent));
    }
    out_ = std::string();
}

void client::set_reading(bool on) {
    reading_ = on;
    watch();
}

void client::watch() {
    if (fd_ >= 0) loop_.change(fd_, *this, (reading_ ? EPOLLIN : 0u) | (out_.empty() ? 0u : EPOLLOUT));
}

void client::on_ready(std::uint32_t events) {
    if (fd_ < 0) return;
    if ((events & EPOLLOUT) != 0) {
        if (phase_ == phase::connecting) {
            int failure = 0;
            socklen_t size = sizeof failure;
            getsockopt(fd_, SOL_SOCKET, SO_ERROR, &failure, &size);
            if (failure != 0) return end(std::strerror(failure));
            phase_ = phase::upgrading;
            // The key is the example of RFC 6455: nobody here checks that it is fresh.
            say("GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        }
        flush();
        if (fd_ < 0) return;
        watch();
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && reading_) read();
}

void client::read() {
    const std::span<char> buffer = loop_.buffer();
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) return end(std::strerror(errno));
    if (got == 0) return end(phase_ == phase::leaving ? "" : "closed by the server");
    take(buffer.first(static_cast<std::size_t>(got)));
}

void client::take(std::span<char> octets) {
    std::string held;
    if (phase_ == phase::upgrading) {
        answer_.append(octets.data(), octets.size());
        const auto end_of_head = answer_.find("\r\n\r\n");
        if (end_of_head == std::string::npos) return;
        if (!answer_.starts_with("HTTP/1.1 101 ")) return end(answer_.substr(0, answer_.find('\r')));
        held = std::exchange(answer_, {}).substr(end_of_head + 4);
        octets = held;
        phase_ = phase::logging_in;
        say_masked(1, fmt::format("CONNECT\naccept-version:1.2\nhost:bench\nlogin:somebody\nheart-beat:{0},{0}\n\n{1}", options_.heart_beat,
                                  end_of_frame));
        flush();
    }
    websocket_.feed(octets);
    while (fd_ >= 0) {
        const websocket::event ev = websocket_.next();
        switch (ev.type) {
        case websocket::event_type::need_more: return;
        case websocket::event_type::data: take_stomp(ev.payload); break;
        case websocket::event_type::ping:
            say_masked(10, ev.payload);
            flush();
            break;
        case websocket::event_type::pong: break;
        case websocket::event_type::close:
            if (phase_ != phase::leaving) return end(fmt::format("closed by the server with {} {}", ev.code, ev.payload));
            say_masked(8, {});
            flush();
            return;
        case websocket::event_type::error: return end(ev.ec.message());
        }
    }
}

void client::take_stomp(std::string_view octets) {
    stomp_.feed(octets, loop_.scratch());
    stomp::frame_view frame;
    while (fd_ >= 0) {
        switch (stomp_.next(frame)) {
        case stomp::decode_status::frame: on_frame(frame); break;
        case stomp::decode_status::heart_beat: break;
        case stomp::decode_status::need_more: return;
        case stomp::decode_status::error: return end("not STOMP");
        }
    }
}

void client::on_frame(const stomp::frame_view& frame) {
    switch (frame.cmd) {
    case stomp::command::message:
        if (remembers_) token_ = frame.value_of("message-id");
        return listener_.on_message(*this, frame.body);
    case stomp::command::connected:
        if (destination_.empty()) {
            phase_ = phase::open;
            return listener_.on_open(*this);
        }
        phase_ = phase::subscribing;
        say_masked(1, fmt::format("SUBSCRIBE\nid:0\ndestination:{}\nreceipt:s\n{}{}{}\n{}", destination_,
                                  token_.empty() ? "" : "resume-after:", token_, token_.empty() ? "" : "\n", end_of_frame));
        return flush();
    case stomp::command::receipt:
        if (phase_ != phase::subscribing) return;
        phase_ = phase::open;
        recovered_ = frame.value_of("recovered") == "true";
        if (remembers_ && token_.empty()) token_ = frame.value_of("position");
        return listener_.on_open(*this);
    default: return end(fmt::format("ERROR {}", frame.value_of("message")));
    }
}

void client::say(std::string_view octets) { out_.append(octets); }

void client::say_masked(unsigned opcode, std::string_view payload) {
    const std::uint32_t random = loop_.random();
    websocket::mask_key key;
    std::memcpy(key.data(), &random, sizeof random);
    char head[websocket::max_header_size];
    out_.append(head, websocket::write_masked_header(head, static_cast<websocket::opcode>(opcode), payload.size(), key));
    const std::size_t begin = out_.size();
    out_.append(payload);
    websocket::mask({out_.data() + begin, payload.size()}, key);
}

void client::end(std::string_view reason) {
    if (fd_ < 0) return;
    close(std::exchange(fd_, -1));
    phase_ = phase::closed;
    listener_.on_closed(*this, reason);
}

} // namespace bench
