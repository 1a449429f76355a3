// Boost Software License 1.0, see LICENSE

#include "stand.hpp"

#include <support/services.hpp>

using namespace redis_test;

namespace {

std::string url(const std::string& user = {}, const std::string& path = "/4") { return "redis://" + user + services::redis() + path; }

/// Another connection, as an operator has one.
struct operator_stand : stand {
    operator_stand() : stand(url()) { REQUIRE(connect()); }
    ~operator_stand() {
        send({"CONFIG", "SET", "requirepass", ""});
        send({"ACL", "DELUSER", "chat"});
    }
};

} // namespace

TEST_CASE("a user logs in with a password") {
    operator_stand boss;
    REQUIRE(!boss.send({"ACL", "SETUSER", "chat", "reset", "on", ">p@ss/w:rd", "~*", "&*", "+@all"}).ec);
    stand at(url("chat:p%40ss%2Fw%3Ard@"));
    REQUIRE(at.connect());
    CHECK(at.send({"ACL", "WHOAMI"}).answer.text() == "chat");
    CHECK(at.log.told("connected to " + services::redis() + ", version"));
}

TEST_CASE("a wrong password is told and not shown, and tried until it is right") {
    operator_stand boss;
    REQUIRE(!boss.send({"ACL", "SETUSER", "chat", "reset", "on", ">right", "~*", "&*", "+@all"}).ec);
    stand at(url("chat:hunter2@"));
    REQUIRE(at.until([&] { return at.log.told("it refuses to serve: WRONGPASS"); }));
    CHECK(!at.watcher->connected);
    REQUIRE(!boss.send({"ACL", "SETUSER", "chat", ">hunter2"}).ec);
    REQUIRE(at.connect());
    for (const std::string& line : at.log.lines) CHECK(line.find("hunter2") == line.npos);
}

TEST_CASE("a Redis that asks for a password tells who gives none") {
    operator_stand boss;
    REQUIRE(!boss.send({"CONFIG", "SET", "requirepass", "secret"}).ec);
    const auto refused = probe_redis(parse_redis_url(url()).value());
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == error::not_authenticated);
    CHECK(refused.error().text.find("NOAUTH") != std::string::npos);
    CHECK(probe_redis(parse_redis_url(url(":secret@")).value()).has_value());
    const auto wrong = probe_redis(parse_redis_url(url(":hunter2@")).value());
    REQUIRE(!wrong.has_value());
    CHECK(wrong.error().code == error::not_authenticated);
    CHECK(wrong.error().text.find("hunter2") == std::string::npos);
}

TEST_CASE("a user who may not do what is needed is told what that is") {
    operator_stand boss;
    REQUIRE(!boss.send({"ACL", "SETUSER", "chat", "reset", "on", ">p", "~*", "+@all", "-role"}).ec);
    const auto refused = probe_redis(parse_redis_url(url("chat:p@")).value());
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == error::not_authenticated);
    CHECK(refused.error().text.find("role") != std::string::npos);
}

TEST_CASE("a database that is not there is refused") {
    const auto refused = probe_redis(parse_redis_url(url({}, "/99")).value());
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == error::bad_option);
}

TEST_CASE("a database is chosen, on each connection") {
    operator_stand boss;
    REQUIRE(!boss.send({"FLUSHALL"}).ec);
    stand at(url({}, "/5"));
    REQUIRE(at.connect());
    CHECK(at.send({"SET", "k", "5"}).answer.text() == "OK");
    REQUIRE(!boss.send({"CLIENT", "KILL", "TYPE", "normal"}).ec);
    REQUIRE(at.until([&] { return at.watcher->losses == 1 && at.watcher->connected; }));
    CHECK(at.send({"GET", "k"}).answer.text() == "5");
    CHECK(boss.send({"GET", "k"}).answer.is_nil());
}

TEST_CASE("where nobody listens, commands fail, and a probe says so") {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor taken(context, {boost::asio::ip::address_v4::loopback(), 0});
    const std::string nobody = "redis://127.0.0.1:" + std::to_string(taken.local_endpoint().port());
    taken.close();
    stand at(nobody);
    CHECK(at.send({"PING"}).ec == error::registry_unavailable);
    CHECK(at.send({"PING"}).ec == error::registry_unavailable);
    CHECK(at.log.told("cannot connect"));
    CHECK(probe_redis(parse_redis_url(nobody).value()).error().code == boost::asio::error::connection_refused);
    CHECK(probe_redis(parse_redis_url("redis://nobody.invalid").value()).error().text.find("cannot resolve") != std::string::npos);
}

TEST_CASE("a server that was started again is another one") {
    stand at(url());
    REQUIRE(at.connect());
    services::tell("kill redis");
    REQUIRE(at.until([&] { return at.watcher->losses == 1; }));
    CHECK(at.send({"PING"}).ec == error::registry_unavailable);
    services::tell("start redis");
    REQUIRE(at.connect());
    CHECK(at.send({"PING"}).answer.text() == "PONG");
    REQUIRE(at.watcher->servers.size() == 2);
    CHECK(at.watcher->servers[0].run_id.size() == 40);
    CHECK(at.watcher->servers[0].run_id != at.watcher->servers[1].run_id);
}

TEST_CASE("who begins to watch late is told of the present connection") {
    stand at(url());
    REQUIRE(at.connect());
    const auto late = std::make_shared<recording_watcher>();
    at.client.commands()->watch(late);
    REQUIRE(at.until([&] { return late->connected; }));
    CHECK(late->servers[0].run_id == at.watcher->servers[0].run_id);
}
