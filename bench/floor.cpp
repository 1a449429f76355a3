// Boost Software License 1.0, see LICENSE

/*  The floor: the least that a single-threaded server has to do to hand a message to its subscribers, and nothing else.

    It builds a MESSAGE once per SEND, appends it to the buffer of each subscriber and, once per turn of its loop, writes each connection
    that has something with one send(). It knows the frames that stompchat-bench sends and trusts its clients: no limits, no checks, no
    acknowledgements, no heart-beats; every subscription has the id 0, so that all subscribers of a room share the same octets.  */

#include <stompchat/net/websocket_accept.hpp>
#include <stompchat/websocket/frame.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using namespace stompchat;

struct connection {
    int fd = -1;
    bool upgraded = false;
    bool listed = false;
    bool waits = false; // for room in the socket
    bool closing = false;
    std::vector<connection*>* room = nullptr;
    std::string in; // what does not make a whole frame yet
    std::string out;
    std::size_t written = 0;
};

class floor_server {
public:
    int run() {
        listen();
        for (;;) {
            epoll_event events[256];
            const int count = epoll_wait(epoll_, events, 256, -1);
            if (count < 0 && errno != EINTR) return 1;
            for (int i = 0; i < count; ++i) {
                auto* const from = static_cast<connection*>(events[i].data.ptr);
                if (from == nullptr) {
                    accept_all();
                    continue;
                }
                if ((events[i].events & EPOLLOUT) != 0) list(*from);
                if ((events[i].events & ~static_cast<unsigned>(EPOLLOUT)) != 0) read(*from);
            }
            // The one flush of the turn.
            for (connection* const one : to_flush_) flush(*one);
            to_flush_.clear();
            gone_.clear();
        }
    }

private:
    void listen() {
        rlimit files{};
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        epoll_ = epoll_create1(0);
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 4096) != 0
            || getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            std::perror("listen");
            std::exit(1);
        }
        watch(EPOLL_CTL_ADD, listener_, nullptr, EPOLLIN);
        std::printf("%d\n", ntohs(address.sin_port));
        std::fflush(stdout);
    }

    void watch(int how, int fd, connection* who, std::uint32_t events) const {
        epoll_event wanted{};
        wanted.events = events;
        wanted.data.ptr = who;
        epoll_ctl(epoll_, how, fd, &wanted);
    }

    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
            if (fd < 0) return;
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto added = std::make_unique<connection>();
            added->fd = fd;
            watch(EPOLL_CTL_ADD, fd, added.get(), EPOLLIN);
            connections_.emplace(added.get(), std::move(added));
        }
    }

    void end(connection& which) {
        if (which.fd < 0) return;
        if (which.room != nullptr) std::erase(*which.room, &which);
        close(which.fd);
        which.fd = -1;
        const auto found = connections_.find(&which);
        gone_.push_back(std::move(found->second)); // it may still be on the flush list
        connections_.erase(found);
    }

    void read(connection& from) {
        if (from.fd < 0) return;
        const ssize_t got = recv(from.fd, buffer_, sizeof buffer_, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return end(from);
        if (got < 0) return;
        std::size_t size = static_cast<std::size_t>(got);
        char* data = buffer_;
        if (!from.in.empty()) {
            from.in.append(buffer_, size);
            data = from.in.data();
            size = from.in.size();
        }
        std::size_t used = 0;
        while (from.fd >= 0) {
            const std::size_t step = from.upgraded ? take_frame(from, data + used, size - used) : take_request(from, {data, size});
            if (step == 0) break;
            used += step;
        }
        if (data == buffer_)
            from.in.assign(data + used, size - used);
        else
            from.in.erase(0, used);
        if (from.in.empty()) from.in = std::string();
    }

    std::size_t take_request(connection& from, std::string_view text) {
        const auto end_of_head = text.find("\r\n\r\n");
        if (end_of_head == std::string_view::npos) return 0;
        constexpr std::string_view name = "Sec-WebSocket-Key: ";
        const auto key = text.find(name) + name.size();
        from.upgraded = true;
        say(from, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                      + net::websocket_accept(text.substr(key, text.find('\r', key) - key)) + "\r\n\r\n");
        return end_of_head + 4;
    }

    std::size_t take_frame(connection& from, char* data, std::size_t size) {
        if (size < 6) return 0;
        std::size_t length = static_cast<unsigned char>(data[1]) & 0x7Fu;
        std::size_t head = 2;
        if (length == 126) {
            if (size < 8) return 0;
            length = static_cast<std::size_t>(static_cast<unsigned char>(data[2])) << 8 | static_cast<unsigned char>(data[3]);
            head = 4;
        } else if (length == 127) {
            return 0;
        }
        if (size < head + 4 + length) return 0;
        websocket::mask_key key;
        std::memcpy(key.data(), data + head, 4);
        head += 4;
        websocket::mask({data + head, length}, key);
        if ((static_cast<unsigned char>(data[0]) & 0x0Fu) == 8) {
            if (!from.closing) say(from, websocket::encode_close(1000).view());
            flush(from);
            end(from);
            return head + length;
        }
        take_stomp(from, {data + head, length});
        return head + length;
    }

    static std::string_view header(std::string_view head, std::string_view name) {
        const auto at = head.find(name);
        if (at == std::string_view::npos) return {};
        const auto begin = at + name.size();
        return head.substr(begin, head.find('\n', begin) - begin);
    }

    void take_stomp(connection& from, std::string_view frame) {
        const auto end_of_head = frame.find("\n\n");
        if (end_of_head == std::string_view::npos) return; // a heart-beat
        const std::string_view head = frame.substr(0, end_of_head + 1);
        if (head.starts_with("SEND\n")) {
            return publish(header(head, "\ndestination:"), frame.substr(end_of_head + 2, frame.size() - end_of_head - 3));
        } else if (head.starts_with("CONNECT\n")) {
            say_frame(from, std::string("CONNECTED\nversion:1.2\nheart-beat:0,0\n\n") + '\0');
        } else if (head.starts_with("SUBSCRIBE\n")) {
            from.room = &rooms_[std::string(header(head, "\ndestination:"))];
            from.room->push_back(&from);
        }
        if (const std::string_view receipt = header(head, "\nreceipt:"); !receipt.empty())
            say_frame(from, "RECEIPT\nreceipt-id:" + std::string(receipt) + "\n\n" + '\0');
        if (head.starts_with("DISCONNECT\n")) {
            from.closing = true;
            say(from, websocket::encode_close(1000).view());
        }
    }

    void publish(std::string_view destination, std::string_view body) {
        char number[24];
        message_.assign("MESSAGE\nsubscription:0\nmessage-id:");
        message_.append(number, std::to_chars(number, number + sizeof number, ++messages_).ptr);
        message_.append("\ndestination:").append(destination).append("\ncontent-length:");
        message_.append(number, std::to_chars(number, number + sizeof number, body.size()).ptr);
        message_.append("\n\n").append(body).push_back('\0');
        char head[websocket::max_header_size];
        message_.insert(0, head, websocket::write_header(head, websocket::opcode::text, message_.size()));
        room_.assign(destination);
        for (connection* const one : rooms_[room_]) say(*one, message_);
    }

    void say(connection& to, std::string_view octets) {
        to.out.append(octets);
        if (!to.waits) list(to);
    }

    void say_frame(connection& to, std::string_view frame) {
        char head[websocket::max_header_size];
        say(to, {head, websocket::write_header(head, websocket::opcode::text, frame.size())});
        say(to, frame);
    }

    void list(connection& to) {
        if (!std::exchange(to.listed, true)) to_flush_.push_back(&to);
    }

    void flush(connection& to) {
        to.listed = false;
        if (to.fd < 0 || to.out.size() == to.written) return;
        const ssize_t sent = send(to.fd, to.out.data() + to.written, to.out.size() - to.written, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return end(to);
        if (sent > 0) to.written += static_cast<std::size_t>(sent);
        const bool rest = to.written != to.out.size();
        if (!rest) {
            to.out.clear();
            to.written = 0;
        }
        if (rest != to.waits) watch(EPOLL_CTL_MOD, to.fd, &to, rest ? EPOLLIN | EPOLLOUT : EPOLLIN);
        to.waits = rest;
    }

    int epoll_ = -1;
    int listener_ = -1;
    std::unordered_map<connection*, std::unique_ptr<connection>> connections_;
    std::unordered_map<std::string, std::vector<connection*>> rooms_;
    std::vector<connection*> to_flush_;
    std::vector<std::unique_ptr<connection>> gone_;
    std::string message_;
    std::string room_;
    std::uint64_t messages_ = 0;
    char buffer_[64 * 1024];
};

} // namespace

int main() {
    const auto server = std::make_unique<floor_server>();
    return server->run();
}
