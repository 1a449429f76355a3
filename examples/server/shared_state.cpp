// Boost Software License 1.0, see LICENSE

#include "shared_state.hpp"

#include "log.hpp"
#include "option_error.hpp"
#include "registry_place.hpp"

#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#if defined(STOMPCHAT_SERVER_REDIS)
#include <stompchat/redis/redis_client.hpp>
#include <stompchat/redis/redis_registry.hpp>
#include <stompchat/redis/redis_state_store.hpp>
#endif

#include <fmt/format.h>

#include <string>

namespace stompchat_server {

#if defined(STOMPCHAT_SERVER_REDIS)
struct shared_state::redis_part {
    redis_part(boost::asio::io_context& context, stompchat::redis_options options, stompchat::observer& log)
        : client(context, std::move(options), &log) {}
    stompchat::redis_client client;
};

namespace {

/// Wrong passwords and the like do not pass by waiting; a Redis that is not there yet may come.
bool stays_wrong(stompchat::error_code ec) {
    using stompchat::error;
    for (const error wrong :
         {error::bad_option, error::not_authenticated, error::tls_untrusted_certificate, error::tls_bad_certificate, error::tls_bad_key})
        if (ec == wrong) return true;
    return false;
}

} // namespace
#else
struct shared_state::redis_part {};
#endif

shared_state::shared_state(const server_options& options, boost::asio::io_context& context, stompchat::observer& log) {
    if (options.registry == "local") {
        registry_ = std::make_unique<stompchat::local_registry>(context.get_executor());
        store_ = std::make_unique<stompchat::local_state_store>(context.get_executor());
        return;
    }
#if defined(STOMPCHAT_SERVER_REDIS)
    const auto where = stompchat::parse_redis_url(options.registry).value();
    if (const auto found = stompchat::probe_redis(where); !found) {
        const std::string text = fmt::format("{}: {}", options.where("registry"), one_line(found.error().text));
        if (stays_wrong(found.error().code)) throw start_error(text);
        log.on_log(stompchat::severity::warning, text);
    }
    redis_ = std::make_unique<redis_part>(context, where, log);
    stompchat::redis_registry_options registry_options;
    registry_options.cluster = options.cluster;
    registry_ = std::make_unique<stompchat::redis_registry>(redis_->client, registry_options, &log);
    store_ = std::make_unique<stompchat::redis_state_store>(redis_->client, stompchat::redis_state_store_options{options.cluster});
#endif
}

shared_state::~shared_state() = default;

} // namespace stompchat_server
