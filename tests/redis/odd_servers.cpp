// Boost Software License 1.0, see LICENSE

// Servers that are no Redis, or not the right one.

#include "scripted_redis.hpp"
#include "stand.hpp"

#include <future>

using namespace redis_test;

namespace {

/// A client whose server is in the same context.
struct odd_stand {
    boost::asio::io_context context;
    scripted_redis server{context};
    recording_observer log;
    std::shared_ptr<recording_watcher> watcher = std::make_shared<recording_watcher>();

    /// Until that was logged.
    void told(const std::string& what) {
        redis_client client(context, parse_redis_url(server.url()).value(), &log);
        client.commands()->watch(watcher);
        CHECK_MESSAGE(support::run_until(context, [&] { return log.told(what); }), what);
        CHECK(watcher->servers.empty());
    }
};

} // namespace

TEST_CASE_FIXTURE(odd_stand, "a Redis Cluster is refused with a reason") {
    server.mode = "cluster";
    told("it is a node of a Redis Cluster");
}

TEST_CASE_FIXTURE(odd_stand, "a sentinel in the place of a Redis is refused with a reason") {
    server.mode = "sentinel";
    told("write redis+sentinel://");
}

TEST_CASE_FIXTURE(odd_stand, "a replica is not written to") {
    server.role = "slave";
    told("it is no master; it says of itself: slave");
}

TEST_CASE_FIXTURE(odd_stand, "a Redis that loads its data is waited for") {
    server.ping = "-LOADING Redis is loading the dataset in memory\r\n";
    told("it refuses to serve: LOADING");
    server.ping = "+PONG\r\n";
    redis_client client(context, parse_redis_url(server.url()).value(), &log);
    client.commands()->watch(watcher);
    CHECK(support::run_until(context, [&] { return watcher->connected; }));
}

TEST_CASE_FIXTURE(odd_stand, "a server without a run_id is refused") {
    server.run_id.clear();
    told("so it is no Redis");
}

TEST_CASE_FIXTURE(odd_stand, "a server that speaks something else is refused") {
    server.ping = "HTTP/1.1 400 Bad Request\r\n";
    told("no RESP");
}

TEST_CASE_FIXTURE(odd_stand, "the pauses between attempts that fail grow, and the same words are logged once") {
    server.role = "slave";
    redis_client client(context, parse_redis_url(server.url()).value(), &log);
    CHECK(support::run_until(context, [&] { return server.accepted == 4; }));
    CHECK(log.lines.size() == 1);
}

TEST_CASE_FIXTURE(odd_stand, "an answer that nobody asked for ends the connection, and with it every command") {
    redis_client client(context, parse_redis_url(server.url()).value(), &log);
    client.commands()->watch(watcher);
    server.answer = [](const std::string&) { return "+OK\r\n+OK\r\n"; };
    error_code first;
    bool answered = false;
    client.commands()->send({"GET", "a"}, [&](error_code ec, reply&) {
        first = ec;
        answered = true;
    });
    CHECK(support::run_until(context, [&] { return watcher->losses == 1; }));
    CHECK(answered);
    CHECK(!first);
    CHECK(log.told("an answer that nobody asked for"));
}

TEST_CASE_FIXTURE(odd_stand, "a master that becomes a replica is left, and looked for again") {
    redis_client client(context, parse_redis_url(server.url()).value(), &log);
    client.commands()->watch(watcher);
    server.answer = [](const std::string&) { return "-READONLY You can't write against a read only replica.\r\n"; };
    std::optional<error_code> outcome;
    client.commands()->send({"SET", "a", "b"}, [&](error_code ec, reply&) { outcome = ec; });
    CHECK(support::run_until(context, [&] { return outcome.has_value() && watcher->losses == 1; }));
    CHECK(*outcome == error::registry_unavailable);
    CHECK(support::run_until(context, [&] { return watcher->connected; }));
}

TEST_CASE_FIXTURE(odd_stand, "a connection that ends in the middle of an answer fails what it has not answered") {
    redis_client client(context, parse_redis_url(server.url()).value(), &log);
    client.commands()->watch(watcher);
    server.answer = [](const std::string&) { return "+OK\r\n*2\r\n$3\r\none\r\n$3\r\ntw"; };
    server.close = true;
    std::vector<error_code> outcomes;
    for (int i = 0; i != 3; ++i) client.commands()->send({"GET", "a"}, [&](error_code ec, reply&) { outcomes.push_back(ec); });
    CHECK(support::run_until(context, [&] { return outcomes.size() == 3; }));
    CHECK(!outcomes[0]);
    CHECK(outcomes[1] == error::registry_unavailable);
    CHECK(outcomes[2] == error::registry_unavailable);
    CHECK(watcher->losses == 1);
}

TEST_CASE("a probe tells what it found") {
    boost::asio::io_context context;
    scripted_redis server(context);
    const auto options = parse_redis_url(server.url() + "?timeout=100ms").value();
    const auto probe = [&] {
        // The server is in this thread.
        auto found = std::async(std::launch::async, [&] { return probe_redis(options); });
        while (found.wait_for(std::chrono::seconds(0)) != std::future_status::ready) context.run_one_for(std::chrono::milliseconds(5));
        return found.get();
    };
    CHECK(probe().value().starts_with("redis_version 7.0.15 at 127.0.0.1:"));
    server.mode = "cluster";
    CHECK(probe().error().code == error::bad_option);
    CHECK(probe().error().text.find("Redis Cluster") != std::string::npos);
}
