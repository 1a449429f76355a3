// Boost Software License 1.0, see LICENSE
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <cstdlib>
#include <istream>
#include <stdexcept>
#include <string>

/** Real Kafka and Redis, started by tests/support/python/with_services.py, which says what is in its environment. A test gets them with
    `stompchat_test(... SERVICES kafka redis)`. */
namespace services {

/// A variable of the environment that with_services.py sets.
inline std::string variable(const char* name) {
    const char* value = std::getenv(name);
    if (!value)
        throw std::runtime_error(std::string(name) + " is not set: run this test through CTest, or tests/support/python/with_services.py");
    return value;
}

/// "127.0.0.1:port", several brokers separated by commas.
inline std::string kafka() { return variable("TEST_KAFKA"); }

/// "127.0.0.1:port"
inline std::string redis() { return variable("TEST_REDIS"); }

/** Does something to a service and returns when it is done: `tell("kill kafka-1")`. The verbs are start (until it is ready), stop, kill,
   hold (SIGSTOP) and go_on; "wait kafka" returns when all running brokers know each other. Throws what went wrong. */
inline void tell(const std::string& what) {
    namespace asio = boost::asio;
    const std::string address = variable("TEST_SERVICES");
    const auto colon = address.find(':');
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::make_address(address.substr(0, colon)), static_cast<unsigned short>(std::stoi(address.substr(colon + 1)))});
    asio::write(socket, asio::buffer(what + "\n"));
    asio::streambuf answer;
    asio::read_until(socket, answer, '\n');
    std::string line;
    std::istream stream(&answer);
    std::getline(stream, line);
    if (line != "ok") throw std::runtime_error(what + ": " + line);
}

} // namespace services
