#include "chat.hpp"

#include <utility>

void guests::do_authenticate(stompchat::credentials, stompchat::detail::completion<void(stompchat::error_code, stompchat::identity)> done) {
    done({}, stompchat::identity("guest"));
}

chat::chat(asio::io_context& context)
    : broker_(context.get_executor()), registry_(context.get_executor()), store_(context.get_executor()),
      node_(context, {broker_, registry_, store_, guests_, rights_}) {}

asio::ip::tcp::endpoint chat::start() {
    const auto at = node_.listen(stompchat::listener_options("127.0.0.1:0", stompchat::transport::stomp)).value();
    node_.start();
    return at.front();
}

void chat::stop() {
    node_.async_stop(std::chrono::seconds(5), [](stompchat::error_code) {});
}

stompchat::error_code chat::problem() { return stompchat::error::bad_command; }
