// Boost Software License 1.0, see LICENSE

#include <support/services.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

namespace asio = boost::asio;

/// A connection to "127.0.0.1:port".
asio::ip::tcp::socket connection_to(asio::io_context& context, const std::string& address) {
    const auto colon = address.find(':');
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::make_address(address.substr(0, colon)), static_cast<unsigned short>(std::stoi(address.substr(colon + 1)))});
    return socket;
}

/// What Redis answers, up to the end of the line.
std::string ask_redis(const std::string& command) {
    asio::io_context context;
    auto socket = connection_to(context, services::redis());
    asio::write(socket, asio::buffer(command + "\r\n"));
    std::string answer;
    const std::size_t length = asio::read_until(socket, asio::dynamic_buffer(answer), "\r\n");
    return answer.substr(0, length - 2);
}

TEST_CASE("a test finds a real Redis, whose port and data outlive kill and start") {
    CHECK(ask_redis("SET kept yes") == "+OK");
    services::tell("kill redis");
    CHECK_THROWS(ask_redis("PING"));
    services::tell("start redis");
    CHECK(ask_redis("EXISTS kept") == ":1");
}

TEST_CASE("a test finds a real Kafka, which takes connections at its port again after kill and start") {
    asio::io_context context;
    CHECK_NOTHROW(connection_to(context, services::kafka()));
    services::tell("kill kafka-1");
    CHECK_THROWS(connection_to(context, services::kafka()));
    services::tell("start kafka-1");
    services::tell("wait kafka");
    CHECK_NOTHROW(connection_to(context, services::kafka()));
}

TEST_CASE("who asks for the impossible is told") {
    CHECK_THROWS_WITH(services::tell("kill kafka-9"), "kill kafka-9: nothing is known of 'kill kafka-9'");
    services::tell("stop redis");
    CHECK_THROWS_WITH(services::tell("stop redis"), "stop redis: redis is down");
    services::tell("start redis");
}

} // namespace
