// Starts a node, chats with it over TCP, by hand and with the client, and stops it.

#include "chat.hpp"

#include <stompchat/client/connection.hpp>
#include <stompchat/stomp/decoder.hpp>
#include <stompchat/stomp/encoder.hpp>
#include <stompchat/version.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

namespace stomp = stompchat::stomp;

namespace {

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "not so: %s\n", what);
    std::exit(1);
}

class client {
public:
    explicit client(const asio::ip::tcp::endpoint& to) { socket_.connect(to); }

    void write(stomp::command command, std::initializer_list<stomp::header> headers, std::string_view body = {}) {
        std::string frame;
        stomp::encode(frame, command, {headers.begin(), headers.size()}, body, stomp::version::v1_2);
        asio::write(socket_, asio::buffer(frame));
    }

    /// The next frame; it lives until the next call.
    const stomp::frame_view& read() {
        for (;;) {
            const stomp::decode_status status = decoder_.next(frame_);
            if (status == stomp::decode_status::frame) return frame_;
            require(status != stomp::decode_status::error, "the node writes STOMP");
            if (status == stomp::decode_status::need_more) {
                const std::size_t octets = socket_.read_some(asio::buffer(input_));
                decoder_.feed({input_.data(), octets}, scratch_);
            }
        }
    }

    void use(stomp::version version) { decoder_.set_version(version); }

private:
    asio::io_context context_;
    asio::ip::tcp::socket socket_{context_};
    stomp::decode_limits limits_;
    stomp::decoder decoder_{stomp::peer::server, limits_};
    stomp::parse_scratch scratch_;
    stomp::frame_view frame_;
    std::array<char, 4096> input_{};
};

void chat_with_client(const asio::ip::tcp::endpoint& to) {
    asio::io_context context(1);
    stompchat::client::connection link(context, stompchat::client::connection_options("stomp://127.0.0.1:" + std::to_string(to.port())));
    std::string heard;
    link.async_connect([](stompchat::error_code ec, const stompchat::client::connected&) { require(!ec, "the client connects"); });
    link.async_subscribe(
        "/topic/room",
        [&](const stompchat::client::incoming_message& message) {
            heard = message.body;
            link.async_disconnect([](stompchat::error_code ec) { require(!ec, "the client leaves"); });
        },
        [&](stompchat::error_code ec, const stompchat::client::subscribed&) { require(!ec, "the client subscribes"); });
    link.async_send(stompchat::client::outgoing_message("/topic/room", "hello"),
                    [](stompchat::error_code ec, const stompchat::client::sent&) { require(!ec, "the client's SEND is answered"); });
    context.run();
    require(heard == "hello", "the client hears what it sent");
}

} // namespace

int main() {
    // The code was made in the other unit: both must know one and the same category.
    require(chat::problem() == stompchat::error::bad_command, "an error is the same in both units");
    require(chat::problem() == stompchat::condition::protocol_violation, "a condition is the same in both units");

    asio::io_context context(1);
    chat node(context);
    const auto endpoint = node.start();
    std::thread runner([&context] { context.run(); });

    client guest(endpoint);
    guest.write(stomp::command::connect, {{"accept-version", "1.2"}, {"host", "localhost"}});
    require(guest.read().cmd == stomp::command::connected, "CONNECT is answered by CONNECTED");
    guest.use(stomp::version::v1_2);
    guest.write(stomp::command::subscribe, {{"id", "1"}, {"destination", "/topic/caf\xC3\xA9"}, {"receipt", "r1"}});
    require(guest.read().value_of("receipt-id") == "r1", "SUBSCRIBE is answered by its RECEIPT");
    guest.write(stomp::command::send, {{"destination", "/topic/caf\xC3\xA9"}}, "hello");
    const stomp::frame_view& message = guest.read();
    require(message.cmd == stomp::command::message && message.body == "hello", "SEND comes back as MESSAGE");
    require(message.value_of("destination") == "/topic/caf\xC3\xA9", "the destination is the same");
    require(message.value_of("user") == "guest", "the node says who wrote it");
    guest.write(stomp::command::disconnect, {{"receipt", "r2"}});
    require(guest.read().value_of("receipt-id") == "r2", "DISCONNECT is answered by its RECEIPT");

    chat_with_client(endpoint);

    asio::post(context, [&node] { node.stop(); });
    runner.join();
    std::printf("stompchat %s\n", stompchat::version_text);
}
