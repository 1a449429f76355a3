// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REDIS_CLIENT_IPP
#define STOMPCHAT_REDIS_IMPL_REDIS_CLIENT_IPP

#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/detail/subscriber.hpp>
#include <stompchat/redis/redis_client.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {
namespace redis {

/// Ends with the first outcome.
class probe final : private keeper_listener {
public:
    explicit probe(std::shared_ptr<const link_setup> setup)
        : keeper_(std::make_shared<keeper>(context_.get_executor(), std::move(setup), static_cast<keeper_listener&>(*this))) {}
    ~probe() { keeper_->stop(); }

    net::result<std::string> run() {
        keeper_->start();
        while (!outcome_) context_.run_one();
        return *outcome_;
    }

private:
    void on_ready(const server_info& server) override { outcome_ = "redis_version " + server.version + " at " + server.address; }
    void on_reply(reply&) override {}
    void on_replies_end() override {}
    void on_down(error_code ec, const std::string& text) override { outcome_ = net::failure(ec, text); }

    asio::io_context context_{1};
    std::shared_ptr<keeper> keeper_;
    std::optional<net::result<std::string>> outcome_;
};

} // namespace redis

STOMPCHAT_DECL redis_client::redis_client(asio::io_context& context, redis_options options, observer* log)
    : executor_(context.get_executor()), options_(std::move(options)) {
    const auto setup = std::make_shared<const redis::link_setup>(options_, log);
    commands_ = std::make_shared<redis::command_connection>(context.get_executor(), setup);
    subscriber_ = std::make_shared<redis::subscriber>(context.get_executor(), setup);
    commands_->start();
}

STOMPCHAT_DECL redis_client::~redis_client() {
    commands_->close();
    subscriber_->close();
}

STOMPCHAT_DECL void redis_client::do_stop(detail::completion<void(error_code)> finished) {
    subscriber_->close_soon();
    commands_->stop(std::move(finished));
}

STOMPCHAT_DECL net::result<std::string> probe_redis(const redis_options& options) {
    try {
        return redis::probe(std::make_shared<const redis::link_setup>(options, nullptr)).run();
    } catch (const boost::system::system_error& failure) {
        // Its text repeats the code behind what was said first.
        std::string text = failure.what();
        text.resize(std::min(text.size(), text.rfind(": " + failure.code().what())));
        const bool ours = failure.code().category() == error_category();
        return net::failure(ours ? failure.code() : error_code(error::bad_option), std::move(text));
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
