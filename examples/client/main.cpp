// Boost Software License 1.0, see LICENSE

// A chat in the terminal: each line of the input is sent to the room, each message of the room is a line of the output.
#include <stompchat/client/connection.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <unistd.h>

using namespace stompchat;
namespace asio = boost::asio;

namespace {

class terminal {
public:
    terminal(asio::io_context& context, client::connection& chat, std::string room)
        : input_(context, ::dup(STDIN_FILENO)), chat_(chat), room_(std::move(room)) {}

    void read() {
        asio::async_read_until(input_, asio::dynamic_buffer(line_, 64 * 1024), '\n', [this](error_code ec, std::size_t size) {
            if (ec) return leave(); // the end of the input
            chat_.async_send(client::outgoing_message(room_, line_.substr(0, size - 1)), [](error_code failed, const client::sent& result) {
                if (failed) std::cerr << "not sent: " << failed.message() << ' ' << result.reason << '\n';
            });
            line_.erase(0, size);
            read();
        });
    }

    void leave() {
        error_code ignored;
        input_.close(ignored);
        chat_.async_disconnect([](error_code) {}); // answers what was sent before
    }

private:
    asio::posix::stream_descriptor input_;
    client::connection& chat_;
    std::string room_;
    std::string line_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 3 && argc != 4) {
        std::cerr << "usage: stompchat-client <url>[,<url of another node>...] <login> [<room>]\n"
                     "       stompchat-client ws://localhost:8080/ws ann lobby\n";
        return EXIT_FAILURE;
    }
    const std::string room = std::string("/topic/") + (argc == 4 ? argv[3] : "lobby");
    asio::io_context context(1);
    client::connection_options options(std::vector<std::string>(1));
    for (const char* c = argv[1]; *c != '\0'; ++c) {
        if (*c == ',')
            options.urls.emplace_back();
        else
            options.urls.back() += *c;
    }
    options.login = argv[2];
    client::connection chat(context, std::move(options));
    terminal user(context, chat, room);
    asio::signal_set signals(context, SIGINT, SIGTERM);
    int result = EXIT_SUCCESS;

    chat.on_state([&](const client::state_change& change) {
        switch (change.what) {
        case client::state_change::kind::connected: std::cerr << "connected to " << change.server.url << std::endl; break;
        case client::state_change::kind::lost:
            std::cerr << change.text << " (again in " << change.delay.count() << " ms)" << std::endl;
            break;
        case client::state_change::kind::stopped:
            if (change.ec) {
                std::cerr << change.ec.message() << ": " << change.text << std::endl;
                result = EXIT_FAILURE;
            }
            signals.cancel();
            break;
        }
    });
    client::subscription_handlers lines([](const client::incoming_message& message) {
        if (message.gap)
            std::cout << "(some messages were lost)" << std::endl;
        else
            std::cout << message.user << ": " << message.body << std::endl;
    });
    lines.resumed = [](const client::subscribed& where) {
        if (where.recovered != true) std::cout << "(some messages may have been missed)" << std::endl;
    };
    client::subscribe_options how;
    how.history = 10;
    chat.async_connect([](error_code, const client::connected&) {});
    chat.async_subscribe(room, how, lines, [&](error_code ec, const client::subscribed& where) {
        if (ec) return std::cerr << "not in the room: " << ec.message() << ' ' << where.reason << std::endl, chat.close();
        user.read();
    });
    signals.async_wait([&](error_code ec, int) {
        if (!ec) user.leave();
    });
    context.run();
    return result;
}
