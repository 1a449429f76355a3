// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_ADAPTERS_HPP
#define STOMPCHAT_SERVER_ADAPTERS_HPP

#include "server_options.hpp"

#include <stompchat/ports/broker.hpp>
#include <stompchat/ports/observer.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace stompchat_server {

/// `memory`, or the URL of a Kafka, checked. Throws option_error, which never shows the URL: it may hold a password.
std::string parse_broker(std::string_view text);

/// What a log line says of it: the URL without its options.
std::string show_broker(const server_options& options);

/// Makes the broker that the options name. Throws option_error.
std::unique_ptr<stompchat::broker> make_broker(const server_options& options, stompchat::asio::any_io_executor executor,
                                               stompchat::observer& watcher);

} // namespace stompchat_server

#endif
