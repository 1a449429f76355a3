// Boost Software License 1.0, see LICENSE

// Networks and servers that fail or are slow.

#include "stand.hpp"

#include <support/cutting_proxy.hpp>
#include <support/seed.hpp>
#include <support/services.hpp>

#include <random>
#include <thread>

using namespace redis_test;

namespace {

std::uint16_t port() {
    const std::string address = services::redis();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
}

redis_options options(const std::string& parameters = {}) {
    return parse_redis_url("redis://" + services::redis() + "/6" + parameters).value();
}

/// A client behind a network that fails.
struct cut_stand {
    explicit cut_stand(redis_options wanted = options()) {
        wanted.servers.front().port = network.port();
        client = std::make_unique<redis_client>(context, std::move(wanted), &log);
        client->commands()->watch(watcher);
    }
    template <class Condition>
    bool until(Condition reached) {
        return support::run_until(context, reached);
    }

    boost::asio::io_context context;
    support::cutting_proxy network{context, port()};
    recording_observer log;
    std::shared_ptr<recording_watcher> watcher = std::make_shared<recording_watcher>();
    std::unique_ptr<redis_client> client;
};

} // namespace

TEST_CASE("a connection that is cut anywhere fails what it has not answered, and nothing is answered twice or wrongly") {
    redis_options wanted = options();
    wanted.reconnect_longest = std::chrono::milliseconds(20);
    cut_stand at(wanted);
    stompchat_test::for_each_seed(20, [&](std::uint32_t seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const std::size_t lives = 1'500 + random() % 6'000; // a log-in takes less
        at.network.octets_down = [lives] { return lives; };
        at.network.cut();
        int answered = 0;
        int failed = 0;
        int wrong = 0;
        const int losses = at.watcher->losses;
        const auto echo = [&](int number) {
            at.client->commands()->send(command{"ECHO"}.add(number), [&, number](error_code ec, reply& what) {
                ec ? ++failed : ++answered;
                if (!ec && what.text() != std::to_string(number)) ++wrong;
            });
        };
        REQUIRE(at.until([&] { return at.watcher->connected; }));
        for (int i = 0; i != 1'000; ++i) echo(i);
        REQUIRE(at.until([&] { return answered + failed == 1'000; }));
        CHECK(failed > 0);
        CHECK(wrong == 0);
        CHECK(at.until([&] { return at.watcher->losses > losses; }));
    });
    at.network.octets_down = {};
    at.network.cut();
    std::optional<std::string> last;
    REQUIRE(at.until([&] {
        if (last == "last") return true;
        if (last || !at.watcher->connected) return false;
        last = "";
        at.client->commands()->send({"ECHO", "last"}, [&](error_code ec, reply& what) {
            if (ec)
                last.reset();
            else
                last = what.text();
        });
        return false;
    }));
}

TEST_CASE("a Redis that does not answer in time is left, and all that it has not answered fails") {
    stand at(options("?timeout=100ms"));
    REQUIRE(at.connect());
    services::tell("hold redis");
    const auto first = at.begin({"PING"});
    const auto second = at.begin({"PING"});
    CHECK(at.wait(first).ec == error::registry_unavailable);
    CHECK(at.wait(second).ec == error::registry_unavailable);
    CHECK(at.log.told("no answer within 100 ms"));
    CHECK(at.watcher->losses == 1);
    services::tell("go_on redis");
    REQUIRE(at.connect());
    CHECK(at.send({"PING"}).answer.text() == "PONG");
    // It was the same server all the time.
    CHECK(at.watcher->servers[0].run_id == at.watcher->servers[1].run_id);
}

TEST_CASE("a server that accepts and does not answer the log-in is left too") {
    services::tell("hold redis");
    redis_options wanted = options("?timeout=100ms");
    wanted.connect_timeout = std::chrono::milliseconds(100);
    stand at(wanted);
    CHECK(at.until([&] { return at.log.told("no answer within 100 ms"); }));
    CHECK(at.send({"PING"}).ec == error::registry_unavailable);
    services::tell("go_on redis");
    CHECK(at.connect());
}

TEST_CASE("a pause of writes fails those behind it, and passes") {
    stand boss(options());
    REQUIRE(boss.connect());
    stand at(options("?timeout=100ms"));
    REQUIRE(at.connect());
    REQUIRE(!boss.send({"CLIENT", "PAUSE", "100000", "WRITE"}).ec);
    const auto before = at.begin({"GET", "k"});
    const auto write = at.begin({"SET", "k", "v"});
    const auto behind = at.begin({"GET", "k"});
    CHECK(!at.wait(before).ec);
    CHECK(at.wait(write).ec == error::registry_unavailable);
    CHECK(at.wait(behind).ec == error::registry_unavailable);
    REQUIRE(!boss.send({"CLIENT", "UNPAUSE"}).ec);
    REQUIRE(at.connect());
    CHECK(!at.send({"SET", "k", "v"}).ec);
}

TEST_CASE("an answer that came while this process was stopped itself is in time") {
    stand at(options("?timeout=20ms"));
    REQUIRE(at.connect());
    const auto answer = at.begin({"PING"});
    support::run_ready(at.context); // it is written
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(at.wait(answer).answer.text() == "PONG");
    CHECK(at.watcher->losses == 0);
}

TEST_CASE("a network that swallows is noticed by the next command") {
    cut_stand at(options("?timeout=100ms"));
    REQUIRE(at.until([&] { return at.watcher->connected; }));
    at.network.swallow = true;
    std::optional<error_code> outcome;
    at.client->commands()->send({"PING"}, [&](error_code ec, reply&) { outcome = ec; });
    REQUIRE(at.until([&] { return outcome.has_value(); }));
    CHECK(*outcome == error::registry_unavailable);
    at.network.swallow = false;
    CHECK(at.until([&] { return at.watcher->connected; }));
}

TEST_CASE("an answer that is too long ends the connection") {
    redis_options wanted = options();
    wanted.max_reply_octets = 100'000;
    stand at(wanted);
    REQUIRE(at.connect());
    REQUIRE(!at.send({"SET", "fits", std::string(100'000, 'x')}).ec);
    REQUIRE(!at.send({"SET", "long", std::string(100'001, 'x')}).ec);
    CHECK(at.send({"GET", "fits"}).answer.text().size() == 100'000);
    CHECK(at.watcher->losses == 0);
    CHECK(at.send({"GET", "long"}).ec == error::registry_unavailable);
    CHECK(at.log.told("an answer is longer than allowed"));
    REQUIRE(at.connect());
    CHECK(at.send({"GET", "fits"}).answer.text().size() == 100'000);
}

TEST_CASE("commands and answers of many octets pass, however slowly the socket takes them") {
    stand at(options("?timeout=20s"));
    REQUIRE(at.connect());
    const std::string large(8 * 1024 * 1024, 'x');
    std::vector<std::shared_ptr<std::optional<outcome>>> all;
    for (int i = 0; i != 4; ++i) {
        all.push_back(at.begin({"SET", "large", large + std::to_string(i)}));
        all.push_back(at.begin({"GET", "large"}));
    }
    for (std::size_t i = 0; i != all.size(); i += 2) {
        CHECK(at.wait(all[i]).answer.text() == "OK");
        CHECK(at.wait(all[i + 1]).answer.text() == large + std::to_string(i / 2));
    }
    CHECK(!at.send({"DEL", "large"}).ec);
}

TEST_CASE("more commands than may wait fail, and those that may are answered") {
    redis_options wanted = options();
    wanted.max_pending_commands = 10;
    wanted.max_pending_octets = 10'000;
    stand at(wanted);
    REQUIRE(at.connect());
    std::vector<std::shared_ptr<std::optional<outcome>>> all;
    for (int i = 0; i != 12; ++i) all.push_back(at.begin({"PING"}));
    for (std::size_t i = 0; i != 10; ++i) CHECK(!at.wait(all[i]).ec);
    CHECK(at.wait(all[10]).ec == error::registry_unavailable);
    CHECK(at.wait(all[11]).ec == error::registry_unavailable);
    CHECK(at.send({"ECHO", std::string(10'000, 'x')}).ec == error::registry_unavailable);
    CHECK(!at.send({"PING"}).ec);
    CHECK(at.watcher->losses == 0);
}

TEST_CASE("a client that is stopped answers everything, and nothing works behind it") {
    stand at(options());
    REQUIRE(at.connect());
    services::tell("hold redis");
    const auto waiting = at.begin({"PING"});
    std::optional<error_code> stopped;
    at.client.async_stop([&](error_code ec) {
        CHECK(waiting->has_value());
        stopped = ec;
    });
    CHECK(at.until([&] { return stopped.has_value(); }));
    CHECK(!*stopped);
    services::tell("go_on redis");
    CHECK(at.wait(waiting).ec == error::stopped);
    CHECK(at.send({"PING"}).ec == error::stopped);
    // Nothing of it is left to run.
    at.context.restart();
    CHECK(at.context.run_one_for(std::chrono::seconds(5)) == 0);
}

TEST_CASE("a client may go away in the middle of everything") {
    bool answered = false;
    {
        stand at(options());
        REQUIRE(at.connect());
        at.client.commands()->send({"PING"}, [&](error_code, reply&) { answered = true; });
        support::run_ready(at.context);
        at.client.commands()->send({"PING"}, [&](error_code, reply&) { answered = true; });
    }
    stand connecting(options());
    support::run_ready(connecting.context);
}
