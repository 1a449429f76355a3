// Boost Software License 1.0, see LICENSE

#include <stompchat/ports/authenticator.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <doctest/doctest.h>

#include <thread>

namespace {

using namespace stompchat;

struct room_grants final : grants {
    std::string room = "/topic/a";
};

/// Answers on a thread of its own, as one that asks a database would.
class threaded_authenticator final : public authenticator {
public:
    ~threaded_authenticator() override {
        if (thread_.joinable()) thread_.join();
    }

private:
    void do_authenticate(credentials shown, detail::completion<void(error_code, identity)> done) override {
        thread_ = std::thread([shown = std::move(shown), done = std::move(done)]() mutable {
            if (shown.passcode != "secret") return done(error::not_authenticated, {});
            identity who(*shown.login);
            who.grants = std::make_shared<room_grants>();
            done({}, std::move(who));
        });
    }
    std::thread thread_;
};

} // namespace

TEST_CASE("absent and empty credentials are different") {
    credentials shown;
    CHECK(!shown.login);
    shown.login = "";
    CHECK(shown.login != credentials().login);
}

TEST_CASE("an answer from another thread comes on the session's executor, grants and all") {
    asio::io_context context;
    threaded_authenticator subject;
    credentials shown;
    shown.login = "alice";
    shown.passcode = "secret";
    const auto here = std::this_thread::get_id();
    identity answer;
    subject.async_authenticate(context.get_executor(), shown, [&](error_code failure, identity who) {
        CHECK(!failure);
        CHECK(std::this_thread::get_id() == here);
        answer = std::move(who);
    });
    // run() waits, although the context does not know of the thread.
    context.run();
    CHECK(answer.user == "alice");
    const auto* granted = dynamic_cast<const room_grants*>(answer.grants.get());
    REQUIRE(granted);
    CHECK(granted->room == "/topic/a");
    CHECK(!answer.expires);
}

TEST_CASE("an answer can be waited for as a future") {
    asio::io_context context;
    threaded_authenticator subject;
    auto answer = subject.async_authenticate(context.get_executor(), credentials(), asio::use_future);
    context.run();
    CHECK_THROWS_AS(answer.get(), boost::system::system_error);
}
