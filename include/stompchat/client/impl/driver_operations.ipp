// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_DRIVER_OPERATIONS_IPP
#define STOMPCHAT_CLIENT_IMPL_DRIVER_OPERATIONS_IPP

#include <stompchat/client/detail/driver.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <random>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client::detail {

inline std::uint64_t random_word() {
    std::random_device source;
    return std::uint64_t{source()} << 32 | source();
}

// Nobody else may come upon the same: it begins every idempotency key of a connection.
inline std::string random_key() {
    std::string text;
    for (std::uint64_t word : {random_word(), random_word()}) {
        for (int i = 0; i != 16; ++i, word >>= 4) text += "0123456789abcdef"[word & 0xF];
    }
    return text + '-';
}

// Completes what waits in `from` under that number, if it is there.
template <class Operations, class... Results>
bool complete_one(Operations& from, std::uint64_t number, const Results&... results) {
    auto found = from.extract(number);
    if (!found) return false;
    found.mapped()(results...);
    return true;
}

template <class Operations, class... Results>
void complete_all(Operations& operations, const Results&... results) {
    Operations waiting = std::move(operations);
    operations.clear();
    for (auto& [number, finished] : waiting) finished(results...);
}

STOMPCHAT_DECL driver::driver(asio::io_context& context, connection_options options)
    : executor_(context.get_executor()), options_(std::move(options)), timer_(context.get_executor()) {
    std::vector<std::string> hosts;
    if (options_.urls.empty()) failure_ = {error::bad_option, "there is no URL to connect to"};
    for (const std::string& text : options_.urls) {
        const auto parsed = parse_url(text);
        if (!parsed) failure_ = parsed.error();
        urls_.push_back(parsed ? *parsed : url());
        hosts.push_back(urls_.back().host);
    }
    if (std::any_of(urls_.begin(), urls_.end(), [](const url& one) { return one.tls; })) {
        const auto context_or_failure = net::tls_context::client(options_.tls);
        if (context_or_failure)
            tls_ = *context_or_failure;
        else
            failure_ = context_or_failure.error();
    }
    if (hosts.empty()) hosts.emplace_back();
    session_.emplace(options_, std::move(hosts), random_word(), random_key());
}

STOMPCHAT_DECL std::uint64_t driver::connect(connect_done finished) {
    client::connected nobody;
    if (failure_.code) {
        nobody.reason = failure_.text;
        finished(failure_.code, std::move(nobody));
        session_->stop(failure_.code, failure_.text);
        schedule();
        return 0;
    }
    if (session_->current_state() == persistent_session::state::stopped) {
        nobody.reason = "the connection has stopped for good";
        finished(error::stopped, std::move(nobody));
        return 0;
    }
    if (session_->online()) {
        finished({}, server_);
        return 0;
    }
    const std::uint64_t number = new_number();
    connects_.emplace(number, std::move(finished));
    session_->start(clock::now());
    schedule();
    return number;
}

STOMPCHAT_DECL std::uint64_t driver::send(outgoing_message message, send_done finished) {
    const auto tag = session_->send(std::move(message), clock::now());
    if (!tag) {
        client::sent nothing;
        nothing.reason = tag.error().message();
        finished(tag.error(), std::move(nothing));
        return 0;
    }
    sends_.emplace(*tag, std::move(finished));
    schedule();
    return *tag;
}

STOMPCHAT_DECL std::uint64_t driver::subscribe(std::string destination, subscribe_options options, subscription_handlers handlers,
                                               subscribe_done finished) {
    const auto id = session_->subscribe(std::move(destination), std::move(options));
    if (!id) {
        client::subscribed nothing;
        nothing.reason = id.error().message();
        finished(id.error(), std::move(nothing));
        return 0;
    }
    handlers_.emplace(*id, std::make_shared<subscription_handlers>(std::move(handlers)));
    subscribes_.emplace(*id, std::move(finished));
    schedule();
    return *id;
}

STOMPCHAT_DECL std::uint64_t driver::unsubscribe(subscription_id id, done finished) {
    if (const error_code ec = session_->unsubscribe(id)) {
        finished(ec);
        return 0;
    }
    handlers_.erase(id);
    unsubscribes_.emplace(id, std::move(finished));
    schedule();
    return id;
}

STOMPCHAT_DECL error_code driver::settle(subscription_id id, std::string_view message_id, bool refused) {
    const error_code ec = session_->settle(id, message_id, refused);
    schedule();
    return ec;
}

STOMPCHAT_DECL system::result<transaction_id> driver::begin() {
    const auto id = session_->begin();
    schedule();
    return id;
}

STOMPCHAT_DECL error_code driver::send_in(transaction_id id, outgoing_message message) {
    const error_code ec = session_->send_in(id, std::move(message));
    schedule();
    return ec;
}

STOMPCHAT_DECL std::uint64_t driver::commit(transaction_id id, commit_done finished) {
    if (const error_code ec = session_->commit(id)) {
        finished(ec, ec.message());
        return 0;
    }
    commits_.emplace(id, std::move(finished));
    schedule();
    return id;
}

STOMPCHAT_DECL error_code driver::abort(transaction_id id) {
    const error_code ec = session_->abort(id);
    schedule();
    return ec;
}

STOMPCHAT_DECL std::uint64_t driver::disconnect(done finished) {
    if (session_->current_state() == persistent_session::state::stopped) {
        finished({});
        return 0;
    }
    const std::uint64_t number = new_number();
    disconnects_.emplace(number, std::move(finished));
    session_->disconnect(clock::now());
    schedule();
    return number;
}

STOMPCHAT_DECL void driver::close() {
    session_->stop({});
    schedule();
}

STOMPCHAT_DECL void driver::cancel(std::uint64_t number) {
    const error_code aborted = asio::error::operation_aborted;
    if (complete_one(sends_, number, aborted, client::sent())) {
        session_->withdraw(number);
        return;
    }
    if (complete_one(connects_, number, aborted, client::connected())) return close();
    if (complete_one(subscribes_, number, aborted, client::subscribed())) {
        session_->unsubscribe(number);
        handlers_.erase(number);
        return schedule();
    }
    complete_one(unsubscribes_, number, aborted) || complete_one(commits_, number, aborted, std::string())
        || complete_one(disconnects_, number, aborted);
}

STOMPCHAT_DECL void driver::abandon() {
    abandoned_ = true;
    if (link_) link_->close();
    link_open_ = false;
    timer_.cancel();
    handlers_.clear();
    const error_code aborted = asio::error::operation_aborted;
    complete_all(connects_, aborted, client::connected());
    complete_all(sends_, aborted, client::sent());
    complete_all(subscribes_, aborted, client::subscribed());
    complete_all(unsubscribes_, aborted);
    complete_all(commits_, aborted, std::string());
    complete_all(disconnects_, aborted);
}

} // namespace stompchat::inline STOMPCHAT_ABI::client::detail

#endif
