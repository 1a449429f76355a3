// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_REDIS_SCRIPTED_REDIS_HPP
#define STOMPCHAT_TESTS_REDIS_SCRIPTED_REDIS_HPP

#include <stompchat/redis/detail/reply_reader.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace redis_test {

/** A server that says what it is told to say. It knows the words of a log-in, as a Redis answers them. */
class scripted_redis {
public:
    using tcp = boost::asio::ip::tcp;

    explicit scripted_redis(boost::asio::io_context& context) : acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}) {
        accept();
    }

    std::string url() const { return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

    std::string mode = "standalone";
    std::string role = "master";
    std::string run_id = "0123456789012345678901234567890123456789";
    std::string ping = "+PONG\r\n";
    /// What any other command is answered with; by its first word.
    std::function<std::string(const std::string&)> answer = [](const std::string&) { return "+OK\r\n"; };
    /// Closes the connection behind that answer.
    bool close = false;
    int accepted = 0;

private:
    struct peer {
        explicit peer(tcp::socket&& from) : socket(std::move(from)) {}
        tcp::socket socket;
        stompchat::redis::reply_reader reader{1'000'000, 1'000};
        std::array<char, 4096> in{};
    };

    static std::string bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }

    std::string answer_to(const std::string& word, bool& closes) const {
        if (word == "INFO") return bulk("# Server\r\nredis_version:7.0.15\r\nredis_mode:" + mode + "\r\nrun_id:" + run_id + "\r\n");
        if (word == "ROLE") return "*1\r\n" + bulk(role);
        if (word == "PING") return ping;
        closes = close;
        return answer(word);
    }
    void accept() {
        acceptor_.async_accept([this](auto ec, tcp::socket socket) {
            if (ec) return;
            ++accepted;
            serve(std::make_shared<peer>(std::move(socket)));
            accept();
        });
    }
    void serve(const std::shared_ptr<peer>& whom) {
        whom->socket.async_read_some(boost::asio::buffer(whom->in), [this, whom](auto ec, std::size_t got) {
            if (ec) return;
            whom->reader.feed({whom->in.data(), got});
            stompchat::redis::reply asked;
            while (whom->reader.next(asked) == stompchat::redis::reply_reader::status::got_reply) {
                bool closes = false;
                const std::string octets = answer_to(asked[0].text(), closes);
                boost::system::error_code ignored;
                boost::asio::write(whom->socket, boost::asio::buffer(octets), ignored);
                if (closes) return;
            }
            serve(whom);
        });
    }

    tcp::acceptor acceptor_;
};

} // namespace redis_test

#endif
