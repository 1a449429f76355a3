// Boost Software License 1.0, see LICENSE

#include <doctest/doctest.h>
#include <websocket/raw_peer.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <thread>
#include <utility>

namespace websocket_test {

std::string octets(std::initializer_list<unsigned> values) {
    std::string text;
    for (const unsigned value : values) text += static_cast<char>(value);
    return text;
}

std::string big_endian(std::uint64_t value, std::size_t count) {
    std::string text;
    for (std::size_t i = count; i != 0; --i) text += static_cast<char>(value >> (8 * (i - 1)));
    return text;
}

std::string raw_frame::text() const {
    const std::uint64_t told = length == ~std::uint64_t{0} - 1 ? payload.size() : length;
    const std::size_t width = length_octets != 0 ? length_octets : told < 126 ? 1 : told < 65536 ? 2 : 8;
    const unsigned mask_bit = masked ? 0x80 : 0;
    std::string frame = octets({first});
    if (width == 1) {
        frame += octets({mask_bit | static_cast<unsigned>(told)});
    } else {
        frame += octets({mask_bit | (width == 2 ? 126u : 127u)});
        frame += big_endian(told, width);
    }
    if (!masked) return frame + payload;
    const std::string key = octets({0x37, 0xfa, 0x21, 0x3d});
    frame += key;
    for (std::size_t i = 0; i != payload.size(); ++i) frame += static_cast<char>(payload[i] ^ key[i % 4]);
    return frame;
}

raw_peer::raw_peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

raw_peer::~raw_peer() { ::close(socket_); }

bool raw_peer::send(std::string_view text) {
    const auto deadline = clock::now() + time_limit;
    while (!text.empty()) {
        const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN && clock::now() < deadline) {
            pollfd wait{socket_, POLLOUT, 0};
            ::poll(&wait, 1, 100);
        } else {
            return false;
        }
    }
    return true;
}

bool raw_peer::drip(std::string_view text, std::chrono::microseconds pause) {
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (!send(text.substr(i, 1))) return false;
        std::this_thread::sleep_for(pause);
    }
    return true;
}

void raw_peer::shut() { ::shutdown(socket_, SHUT_WR); }

bool raw_peer::read_some(clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock::now());
    pollfd wait{socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) != 1) return false;
    char buffer[65536];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got > 0) {
        received_.append(buffer, static_cast<std::size_t>(got));
    } else {
        ended_ = true;
        reset_ = got < 0;
    }
    return true;
}

seen_answer raw_peer::read_answer(milliseconds limit) {
    seen_answer answer;
    std::size_t end = std::string::npos;
    read_until([&] { return (end = received_.find("\r\n\r\n")) != std::string::npos; }, limit);
    if (end == std::string::npos || !received_.starts_with("HTTP/1.1 ")) return answer;
    answer.status = static_cast<unsigned>(std::atoi(received_.c_str() + 9));
    answer.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    const std::size_t field = answer.head.find("Content-Length: ");
    const auto length = field == std::string::npos ? 0 : static_cast<std::size_t>(std::atoi(answer.head.c_str() + field + 16));
    read_until([&] { return received_.size() >= length; }, limit);
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
}

void raw_peer::upgrade(std::string_view path, std::string_view more_headers) {
    REQUIRE(send(upgrade_request(path, more_headers)));
    const seen_answer answer = read_answer();
    REQUIRE(answer.status == 101);
    REQUIRE(answer.has("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")); // RFC 6455, 1.3
}

std::optional<seen_frame> raw_peer::take_frame() {
    const auto octet = [this](std::size_t i) { return static_cast<unsigned char>(received_[i]); };
    if (received_.size() < 2) return {};
    REQUIRE(octet(1) < 128);
    std::size_t head = 2;
    std::uint64_t length = octet(1);
    if (length >= 126) {
        head += length == 126 ? 2 : 8;
        if (received_.size() < head) return {};
        length = 0;
        for (std::size_t i = 2; i != head; ++i) length = length << 8 | octet(i);
    }
    if (received_.size() - head < length) return {};
    seen_frame frame{octet(0), received_.substr(head, length)};
    received_.erase(0, head + length);
    return frame;
}

std::vector<seen_frame> raw_peer::take_frames() {
    std::vector<seen_frame> frames;
    while (auto frame = take_frame()) frames.push_back(std::move(*frame));
    return frames;
}

seen_frame raw_peer::read_frame(milliseconds limit) {
    std::optional<seen_frame> found;
    read_until(
        [&] {
            do found = take_frame();
            while (found && found->first == 0x89);
            return found.has_value();
        },
        limit);
    return found.value_or(seen_frame{});
}

std::string upgrade_request(std::string_view path, std::string_view more, std::initializer_list<std::string_view> without) {
    std::string request = "GET " + std::string(path) + " HTTP/1.1\r\n";
    for (const std::string_view line : {"Host: server.example.com", "Upgrade: websocket", "Connection: Upgrade",
                                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}) {
        const std::string_view name = line.substr(0, line.find(':'));
        if (std::find(without.begin(), without.end(), name) == without.end()) request.append(line).append("\r\n");
    }
    return request.append(more).append("\r\n");
}

} // namespace websocket_test
