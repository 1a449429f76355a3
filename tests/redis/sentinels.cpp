// Boost Software License 1.0, see LICENSE

#include "stand.hpp"

#include <support/services.hpp>

using namespace redis_test;

namespace {

std::string url(const std::string& name = services::variable("TEST_SENTINEL_NAME")) {
    return "redis+sentinel://" + services::variable("TEST_SENTINEL") + "/" + name + "?timeout=500ms";
}

/// Fail-over takes the sentinels some seconds.
template <class Condition>
bool in_time(stand& at, Condition reached) {
    return support::run_until(at.context, reached, std::chrono::seconds(60));
}

} // namespace

TEST_CASE("a name that the sentinels do not know is told") {
    const auto found = probe_redis(parse_redis_url(url("nobody")).value());
    REQUIRE(!found.has_value());
    CHECK(found.error().text.find("sentinel 127.0.0.1:") != std::string::npos);
    CHECK(found.error().text.find("'nobody'") != std::string::npos);
}

TEST_CASE("sentinels are asked one after the other, and their master is followed when it fails") {
    services::tell("kill sentinel-1");
    stand at(url());
    REQUIRE(in_time(at, [&] { return at.watcher->connected; }));
    const redis::server_info first = at.watcher->servers.back();
    CHECK(at.send({"SET", "k", "v"}).answer.text() == "OK");
    // Both have it before one of them dies.
    REQUIRE(in_time(at, [&] { return at.send({"WAIT", "1", "100"}).answer.integer() == 1; }));
    services::tell("start sentinel-1");

    services::tell("kill redis-master");
    REQUIRE(in_time(at, [&] { return at.watcher->servers.size() >= 2 && at.watcher->connected; }));
    const redis::server_info second = at.watcher->servers.back();
    CHECK(second.run_id != first.run_id);
    CHECK(second.address != first.address);
    CHECK(at.send({"GET", "k"}).answer.text() == "v");
    CHECK(at.send({"SET", "k", "w"}).answer.text() == "OK");

    // The old master comes back as one, until the sentinels make it a replica; nobody writes to it.
    services::tell("start redis-master");
    CHECK(at.send({"SET", "k", "x"}).answer.text() == "OK");
    CHECK(at.watcher->servers.back().run_id == second.run_id);

    // A master that is only frozen is left as well.
    const auto connections = at.watcher->servers.size();
    const auto all_replicate = [&] { return at.send({"WAIT", "1", "100"}).answer.integer() == 1; };
    REQUIRE(in_time(at, all_replicate));
    services::tell("hold redis-replica");
    at.begin({"PING"});
    REQUIRE(in_time(at, [&] { return at.watcher->servers.size() > connections && at.watcher->connected; }));
    CHECK(at.watcher->servers.back().address == first.address);
    services::tell("go_on redis-replica");
    CHECK(at.send({"GET", "k"}).answer.text() == "x");
}
