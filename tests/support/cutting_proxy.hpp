// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_SUPPORT_CUTTING_PROXY_HPP
#define STOMPCHAT_TESTS_SUPPORT_CUTTING_PROXY_HPP

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace support {

/** Carries octets between clients and a server, and cuts connections in the middle of whatever they are saying: a network that fails.
    It runs on the context that it is given. */
class cutting_proxy {
public:
    using tcp = boost::asio::ip::tcp;

    cutting_proxy(boost::asio::io_context& context, std::uint16_t server)
        : context_(context), server_(boost::asio::ip::address_v4::loopback(), server),
          acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}) {
        accept();
    }
    ~cutting_proxy() { cut(); }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::string ws() const { return "ws://127.0.0.1:" + std::to_string(port()) + "/ws"; }

    /// Cuts all connections now.
    void cut() {
        for (const auto& one : tunnels_) {
            if (const auto alive = one.lock()) alive->close();
        }
        tunnels_.clear();
    }

    /// How many octets the next connections live for, in the direction they ask for; asked for each connection.
    std::function<std::size_t()> octets_down;
    std::function<std::size_t()> octets_up;
    /// While true, nothing passes, and nobody is told: a network that swallows.
    bool swallow = false;
    /// While true, new connections are closed at once.
    bool refuse = false;
    int accepted = 0;

private:
    struct tunnel : std::enable_shared_from_this<tunnel> {
        tunnel(cutting_proxy& owner, tcp::socket&& socket) : proxy(owner), client(std::move(socket)), server(owner.context_) {}

        void carry(tcp::socket& from, tcp::socket& to, std::array<char, 4096>& buffer, std::size_t& left) {
            from.async_read_some(boost::asio::buffer(buffer), [&, self = shared_from_this()](auto ec, std::size_t got) {
                if (ec) return self->close();
                if (self->proxy.swallow) return self->carry(from, to, buffer, left);
                const std::size_t passed = std::min(got, left);
                left -= passed;
                boost::system::error_code failed;
                boost::asio::write(to, boost::asio::buffer(buffer.data(), passed), failed);
                if (failed || left == 0) return self->close();
                self->carry(from, to, buffer, left);
            });
        }
        void close() {
            boost::system::error_code ignored;
            client.close(ignored);
            server.close(ignored);
        }

        cutting_proxy& proxy;
        tcp::socket client;
        tcp::socket server;
        std::array<char, 4096> up{};
        std::array<char, 4096> down{};
        std::size_t left_up = SIZE_MAX;
        std::size_t left_down = SIZE_MAX;
    };

    void accept() {
        acceptor_.async_accept([this](auto ec, tcp::socket socket) {
            if (ec) return;
            ++accepted;
            if (refuse) return accept();
            const auto made = std::make_shared<tunnel>(*this, std::move(socket));
            if (octets_down) made->left_down = octets_down();
            if (octets_up) made->left_up = octets_up();
            boost::system::error_code failed;
            made->server.connect(server_, failed);
            if (failed) {
                made->close();
            } else {
                tunnels_.push_back(made);
                made->carry(made->client, made->server, made->up, made->left_up);
                made->carry(made->server, made->client, made->down, made->left_down);
            }
            accept();
        });
    }

    boost::asio::io_context& context_;
    tcp::endpoint server_;
    tcp::acceptor acceptor_;
    std::vector<std::weak_ptr<tunnel>> tunnels_;
};

} // namespace support

#endif
