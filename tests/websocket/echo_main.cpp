// Boost Software License 1.0, see LICENSE

#include <websocket/echo_server.hpp>

#include <boost/asio/signal_set.hpp>

#include <iostream>

/** An echo server on a free port of 127.0.0.1, which it prints. Ends with SIGTERM or SIGINT. */
int main() {
    boost::asio::io_context context(1);
    websocket_test::echo_server server(context, {});
    std::cout << server.port() << std::endl;
    boost::asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code&, int) { context.stop(); });
    context.run();
}
