// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CLIENT_DRIVING_HPP
#define STOMPCHAT_TESTS_CLIENT_DRIVING_HPP

#include <stompchat/client/connection.hpp>
#include <support/run_until.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace client_test {

namespace client = stompchat::client;
using stompchat::error_code;

/// Options with waits that a test need not feel.
inline client::connection_options quick(std::vector<std::string> urls, std::string login = "ann") {
    client::connection_options options(std::move(urls));
    options.login = std::move(login);
    options.backoff.first = std::chrono::milliseconds(5);
    options.backoff.longest = std::chrono::milliseconds(40);
    return options;
}
inline client::connection_options quick(std::string url, std::string login = "ann") {
    return quick(std::vector<std::string>{std::move(url)}, std::move(login));
}

/// What an operation completed with.
template <class Result>
struct outcome {
    error_code ec;
    Result value;
};

/** A connection whose operations wait for their results, on an io_context of its own. It remembers what happened to it. */
class driven {
public:
    explicit driven(client::connection_options options) : link(context, std::move(options)) {
        link.on_state([this](const client::state_change& change) { states.push_back(change); });
    }

    bool run_until(const std::function<bool()>& reached) { return support::run_until(context, reached); }

    /// Runs until an operation completes; `begin` starts it with a handler.
    template <class Result, class Begin>
    outcome<Result> result_of(Begin begin) {
        std::optional<outcome<Result>> got;
        begin([&got](error_code ec, Result value) { got = outcome<Result>{ec, std::move(value)}; });
        REQUIRE_MESSAGE(run_until([&] { return got.has_value(); }), "the operation does not complete");
        return *got;
    }
    template <class Begin>
    error_code code_of(Begin begin) {
        std::optional<error_code> got;
        begin([&got](error_code ec) { got = ec; });
        REQUIRE_MESSAGE(run_until([&] { return got.has_value(); }), "the operation does not complete");
        return *got;
    }

    outcome<client::connected> try_connect() {
        return result_of<client::connected>([&](auto done) { link.async_connect(std::move(done)); });
    }
    client::connected connect() {
        const auto got = try_connect();
        REQUIRE_MESSAGE(!got.ec, got.ec.message() << ": " << got.value.reason);
        return got.value;
    }
    outcome<client::sent> try_send(std::string destination, std::string body, client::header_list headers = {}) {
        client::outgoing_message message(std::move(destination), std::move(body), std::move(headers));
        return result_of<client::sent>([&](auto done) { link.async_send(std::move(message), std::move(done)); });
    }
    client::sent send(std::string destination, std::string body, client::header_list headers = {}) {
        const auto got = try_send(std::move(destination), std::move(body), std::move(headers));
        REQUIRE_MESSAGE(!got.ec, got.ec.message() << ": " << got.value.reason);
        return got.value;
    }
    outcome<client::subscribed> try_subscribe(std::string destination, client::subscribe_options options = {}) {
        client::subscription_handlers handlers([this](const client::incoming_message& message) {
            if (message.gap) return bodies.emplace_back("(gap)"), void();
            bodies.emplace_back(message.body);
            ids.emplace_back(message.id);
            if (on_message) on_message(message);
        });
        handlers.resumed = [this](const client::subscribed& again) { resumed.push_back(again); };
        handlers.ended = [this](error_code ec, const std::string& text) { ended.emplace_back(ec, text); };
        return result_of<client::subscribed>(
            [&](auto done) { link.async_subscribe(std::move(destination), std::move(options), std::move(handlers), std::move(done)); });
    }
    client::subscribed subscribe(std::string destination, client::subscribe_options options = {}) {
        const auto got = try_subscribe(std::move(destination), std::move(options));
        REQUIRE_MESSAGE(!got.ec, got.ec.message() << ": " << got.value.reason);
        return got.value;
    }
    error_code disconnect() {
        return code_of([&](auto done) { link.async_disconnect(std::move(done)); });
    }
    void expect(const std::vector<std::string>& wanted) {
        run_until([&] { return bodies.size() >= wanted.size(); });
        CHECK(bodies == wanted);
    }
    std::size_t losses() const {
        std::size_t count = 0;
        for (const auto& one : states) count += one.what == client::state_change::kind::lost;
        return count;
    }

    boost::asio::io_context context{1};
    client::connection link;
    std::vector<client::state_change> states;
    std::vector<std::string> bodies; ///< of all subscriptions
    std::vector<std::string> ids;
    std::vector<client::subscribed> resumed;
    std::vector<std::pair<error_code, std::string>> ended;
    std::function<void(const client::incoming_message&)> on_message;
};

using texts = std::vector<std::string>;

/// From `first` to `last`, as bodies.
inline texts numbers(int first, int last) {
    texts all;
    for (int i = first; i <= last; ++i) all.push_back(std::to_string(i));
    return all;
}

} // namespace client_test

#endif
