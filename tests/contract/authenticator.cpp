// Boost Software License 1.0, see LICENSE

#include "authenticator_contract.hpp"

#include <stompchat/utf8.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <support/run_until.hpp>

#include <thread>
#include <vector>

namespace contract {
namespace {

using namespace stompchat;

struct outcome {
    error_code failure;
    identity who;
};

outcome ask(authenticator& subject, const credentials& shown) {
    boost::asio::io_context context;
    std::optional<outcome> answer;
    subject.async_authenticate(context.get_executor(), shown, [&](error_code failure, identity who) {
        CHECK_MESSAGE(!answer, "completed twice");
        answer = outcome{failure, std::move(who)};
    });
    CHECK_MESSAGE(!answer, "completed inside its initiation");
    REQUIRE(support::run_until(context, [&] { return answer.has_value(); }));
    return *answer;
}

void check_name(const std::string& user) {
    CHECK(user.size() <= 255);
    CHECK(is_utf8(user));
    CHECK(user.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
}

} // namespace

void check_authenticator(authenticator& subject, const credentials& good, const std::string& user, const credentials& bad) {
    SUBCASE("good credentials name their user") {
        const outcome answer = ask(subject, good);
        CHECK(!answer.failure);
        CHECK(answer.who.user == user);
        check_name(answer.who.user);
    }
    SUBCASE("bad credentials are refused as such") {
        const outcome answer = ask(subject, bad);
        CHECK(answer.failure == error::not_authenticated);
        CHECK(answer.failure == condition::unauthorized);
    }
    SUBCASE("the answer comes on the executor of the handler") {
        boost::asio::io_context fallback;
        boost::asio::io_context own;
        bool answered = false;
        subject.async_authenticate(fallback.get_executor(), good,
                                   boost::asio::bind_executor(own.get_executor(), [&](error_code, const identity&) {
                                       answered = own.get_executor().running_in_this_thread();
                                   }));
        std::thread elsewhere([&] { own.run(); });
        CHECK(support::run_until(fallback, [&] { return own.stopped(); }));
        elsewhere.join();
        CHECK(answered);
    }
    SUBCASE("shards may ask at once") {
        std::vector<std::thread> shards;
        std::vector<int> right(4);
        for (int& count : right)
            shards.emplace_back([&] {
                boost::asio::io_context context;
                for (int i = 0; i != 100; ++i)
                    subject.async_authenticate(context.get_executor(), i % 2 ? good : bad, [&, i](error_code failure, const identity& who) {
                        count += i % 2 ? who.user == user : failure == error::not_authenticated;
                    });
                context.run();
            });
        for (std::thread& shard : shards) shard.join();
        for (const int count : right) CHECK(count == 100);
    }
}

} // namespace contract
