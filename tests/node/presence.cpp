// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace node_test;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace {

/// Presence is on, and nobody waits for a time of grace unless a test says so.
setup with_presence(std::chrono::milliseconds grace = hours(1)) {
    setup how;
    how.options.presence = true;
    how.options.presence_grace = grace;
    return how;
}

/// What stands behind `"name":` in a body, as it stands there; empty when it is not there.
std::string field(const std::string& body, const std::string& name) {
    const auto at = body.find('"' + name + "\":");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 3;
    const auto end = body[begin] == '[' ? body.find(']', begin) + 1 : body.find_first_of(",}", begin);
    return body.substr(begin, end - begin);
}

std::uint64_t version_of(const received& message) { return std::stoull(field(message.body, "version")); }

/// A body without its version: that is different in each run.
std::string text_of(const received& message) {
    const std::string version = field(message.body, "version");
    if (version.empty()) return message.body;
    std::string text = message.body;
    const std::string whole = ",\"version\":" + version;
    return text.erase(text.find(whole), whole.size());
}

std::string expect_presence(stomp_client& client) {
    const received message = client.expect(command::message);
    CHECK(message["content-type"] == "application/json");
    CHECK(message["message-id"].substr(0, 2) == "s-");
    return text_of(message);
}

const std::string join_ann = R"({"type":"join","user":"ann","count":)";
const std::string leave_ann = R"({"type":"leave","user":"ann","count":)";

/// A client that is in the room.
struct participant final : stomp_client {
    participant(const endpoint& server, const std::string& user, client_options how = {}) : stomp_client(server, how) {
        connect({{"login", user}});
        subscribe_and_wait("room", "/topic/a");
    }
};

/// A client that watches and takes no part.
struct watcher final : stomp_client {
    explicit watcher(const endpoint& server, const std::string& first = R"({"type":"snapshot","count":0,"users":[]})")
        : stomp_client(server) {
        connect({{"login", "watcher"}});
        subscribe_and_wait("w", "/presence/a");
        CHECK(expect_presence(*this) == first);
    }
};

} // namespace

TEST_CASE("presence begins with a snapshot behind the RECEIPT, then tells joins and leaves of users, not of sessions") {
    on_shards(with_presence(), [](running_node& node) {
        over_both(node, [&](stomp_client& client) {
            client.connect({{"login", "watcher"}});
            client.subscribe("w", "/presence/a", {{"receipt", "r"}});
            client.expect_receipt("r");
            const received snapshot = client.expect(command::message);
            CHECK(text_of(snapshot) == R"({"type":"snapshot","count":0,"users":[]})");
            CHECK(snapshot["subscription"] == "w");
            CHECK(snapshot["destination"] == "/presence/a");
            CHECK(snapshot["content-type"] == "application/json");
            CHECK(snapshot["message-id"].substr(0, 2) == "s-");
            CHECK(snapshot.count("ack") == 0);
            CHECK(snapshot.count("position") == 0);

            participant first(node.ws, "ann");
            const received join = client.expect(command::message);
            CHECK(text_of(join) == join_ann + "1}");
            CHECK(version_of(join) == version_of(snapshot) + 1);
            participant second(node.tcp, "ann", over_tcp());
            participant other(node.ws, "bob");
            CHECK(expect_presence(client) == R"({"type":"join","user":"bob","count":2})");
            // Another subscription of the room by the same session.
            first.subscribe_and_wait("again", "/topic/a");
            first.unsubscribe("again", {{"receipt", "u"}});
            first.expect_receipt("u");
            first.disconnect("d");
            first.expect_receipt("d");
            watcher(node.ws, R"({"type":"snapshot","count":2,"users":["ann","bob"]})");
            second.unsubscribe("room", {{"receipt", "u"}});
            second.expect_receipt("u");
            const received leave = client.expect(command::message);
            CHECK(text_of(leave) == leave_ann + "1}");
            CHECK(version_of(leave) == version_of(join) + 2);
            other.disconnect("d");
            other.expect_receipt("d");
            CHECK(expect_presence(client) == R"({"type":"leave","user":"bob","count":0})");
            client.unsubscribe("w", {{"receipt", "u"}});
            client.expect_receipt("u");
            participant late(node.ws, "cem");
            late.disconnect("d");
            client.expect_nothing();
        });
    });
}

TEST_CASE("resume-after of presence recovers nothing") {
    running_node node(with_presence());
    stomp_client client(node.ws);
    client.connect();
    client.subscribe("w", "/presence/a", {{"receipt", "r"}, {"resume-after", "s-1099511627777"}});
    const received receipt = client.expect(command::receipt);
    CHECK(receipt["recovered"] == "false");
    CHECK(receipt.count("position") == 0);
    client.expect(command::message);
}

TEST_CASE("names are escaped as JSON asks, and nothing else is") {
    running_node node(with_presence());
    watcher client(node.ws);
    participant odd(node.ws, "a\"\\\x01/\xc3\xa9:");
    CHECK(expect_presence(client) == "{\"type\":\"join\",\"user\":\"a\\\"\\\\\\u0001/\xc3\xa9:\",\"count\":1}");
}

TEST_CASE("who lost the connection stays for the time of grace") {
    for (const bool close_frame : {false, true}) {
        CAPTURE(close_frame);
        running_node node(with_presence());
        watcher client(node.ws);
        auto lost = std::make_unique<participant>(node.ws, "ann");
        CHECK(expect_presence(client) == join_ann + "1}");
        if (close_frame) {
            lost->send_close(1001); // what a browser says when the page is loaded again
            lost->expect_close(1001);
        } else {
            lost->vanish();
        }
        REQUIRE(eventually([&] { return node.watcher.gone().size() == 1; }));
        participant other(node.ws, "bob");
        CHECK(expect_presence(client) == R"({"type":"join","user":"bob","count":2})");
        // Back again: nothing is to be seen of it.
        participant back(node.ws, "ann");
        other.disconnect("d");
        CHECK(expect_presence(client) == R"({"type":"leave","user":"bob","count":1})");
        // Nobody leaves later than he wants because of the connection before.
        back.disconnect("d");
        CHECK(expect_presence(client) == leave_ann + "0}");
    }
}

TEST_CASE("who does not come back within the time of grace has left") {
    running_node node(with_presence(milliseconds(30)));
    watcher client(node.ws);
    participant lost(node.ws, "ann");
    CHECK(expect_presence(client) == join_ann + "1}");
    lost.vanish();
    CHECK(expect_presence(client) == leave_ann + "0}");
    CHECK(eventually([&] { return node.registry.rooms() == 0 && node.registry.sessions() == 1; }));
}

TEST_CASE("a session that the node ends leaves its user the time of grace too") {
    running_node node(with_presence());
    watcher client(node.ws);
    participant bad(node.ws, "ann");
    CHECK(expect_presence(client) == join_ann + "1}");
    bad.send_octets("NONSENSE\n\n");
    bad.expect(command::error);
    REQUIRE(eventually([&] { return node.watcher.gone().size() == 1; }));
    participant other(node.ws, "bob");
    CHECK(expect_presence(client) == R"({"type":"join","user":"bob","count":2})");
}

TEST_CASE("whom the service disconnects for good has left, who is to come back has the time of grace") {
    running_node node(with_presence());
    watcher client(node.ws);
    participant ann(node.ws, "ann");
    CHECK(expect_presence(client) == join_ann + "1}");
    node.node->async_disconnect_user("ann", stompchat::farewell("be gone"), [](auto, auto) {});
    CHECK(expect_presence(client) == leave_ann + "0}");
    participant bob(node.ws, "bob");
    CHECK(expect_presence(client) == R"({"type":"join","user":"bob","count":1})");
    node.node->async_disconnect_user("bob", stompchat::farewell("come back", std::chrono::seconds(1)), [](auto, auto) {});
    REQUIRE(eventually([&] { return node.watcher.gone().size() == 2; }));
    participant back(node.ws, "ann");
    CHECK(expect_presence(client) == join_ann + "2}");
}

TEST_CASE("without a time of grace, and where presence is off, nobody keeps a place") {
    running_node node(with_presence(milliseconds(0)));
    watcher client(node.ws);
    participant lost(node.ws, "ann");
    CHECK(expect_presence(client) == join_ann + "1}");
    lost.vanish();
    CHECK(expect_presence(client) == leave_ann + "0}");

    setup off;
    off.options.presence_grace = hours(1);
    running_node plain(off);
    participant gone(plain.ws, "ann");
    gone.vanish();
    CHECK(eventually([&] { return plain.registry.rooms() == 0; }));
}

TEST_CASE("presence is refused where it is off, nobody can send to it, and the authorizer is asked") {
    setup how;
    stompchat::destination_rule rule("/topic/open/*");
    rule.presence = true;
    how.options.destinations = {rule};
    running_node node(how);
    node.authorization.script = [](const stompchat::identity&, stompchat::action, std::string_view destination) {
        return destination != "/presence/open/secret";
    };
    stomp_client client(node.ws);
    client.connect({{"soft-errors", "true"}});
    const auto refused = [&](const std::string& destination) {
        client.subscribe("s", destination, {{"receipt", "r"}});
        return client.expect(command::receipt)["code"];
    };
    CHECK(refused("/presence/a") == "unknown-destination");
    CHECK(refused("/presence/") == "unknown-destination");
    CHECK(refused("/presence/open/secret") == "forbidden");
    client.send("/presence/open/a", "x", {{"receipt", "s"}});
    CHECK(client.expect(command::receipt)["code"] == "unknown-destination");
    client.subscribe_and_wait("w", "/presence/open/a");
    client.expect(command::message);
}

TEST_CASE("acknowledged presence has a window: who does not acknowledge misses what there was, and gets what is") {
    for (const std::string mode : {"client", "client-individual"}) {
        CAPTURE(mode);
        running_node node(with_presence());
        stomp_client client(node.ws);
        client.connect({{"login", "watcher"}});
        client.subscribe_and_wait("w", "/presence/a", {{"ack", mode}, {"prefetch-count", "2"}});
        client.subscribe("v", "/presence/a", {{"ack", mode}, {"receipt", "v"}});
        client.take_receipt("v");
        std::vector<std::string> acks;
        std::vector<received> all;
        for (int i = 0; i != 2; ++i) all.push_back(client.expect(command::message));
        participant ann(node.ws, "ann");
        for (int i = 0; i != 2; ++i) all.push_back(client.expect(command::message));
        for (const received& one : all)
            if (one["subscription"] == "w") acks.push_back(one["ack"]);
        REQUIRE(acks.size() == 2);
        // Its window is full; the other one goes on.
        participant bob(node.ws, "bob");
        CHECK(client.expect(command::message)["subscription"] == "v");
        participant cem(node.ws, "cem");
        CHECK(client.expect(command::message)["subscription"] == "v");
        client.ack(acks[0], {{"receipt", "a"}});
        client.expect_receipt("a");
        const received current = client.expect(command::message);
        CHECK(current["subscription"] == "w");
        CHECK(text_of(current) == R"({"type":"snapshot","count":3,"users":["ann","bob","cem"]})");
        client.ack(acks[1], {{"receipt", "a"}});
        client.expect_receipt("a");
        ann.disconnect("d");
        std::set<std::string> told;
        for (int i = 0; i != 2; ++i) {
            const received one = client.expect(command::message);
            CHECK(text_of(one) == leave_ann + "2}");
            told.insert(one["ack"]);
        }
        CHECK(told.size() == 2);
        client.ack("s-1099511627999");
        client.expect_error("no message");
    }
}

TEST_CASE("an acknowledgement that was not asked for does no harm, if the message exists") {
    running_node node(with_presence());
    stomp_client client(node.ws);
    client.connect();
    client.subscribe_and_wait("w", "/presence/a");
    client.ack(client.expect(command::message)["message-id"], {{"receipt", "a"}});
    client.expect_receipt("a");
    client.ack("s-1");
    client.expect_error("no message");
}

TEST_CASE("above the limit only the number is told") {
    setup how = with_presence();
    how.options.presence_users = 2;
    running_node node(how);
    watcher client(node.ws);
    std::vector<std::unique_ptr<participant>> all;
    for (const std::string user : {"ann", "bob", "cem"}) all.push_back(std::make_unique<participant>(node.ws, user));
    CHECK(expect_presence(client) == join_ann + "1}");
    CHECK(expect_presence(client) == R"({"type":"join","user":"bob","count":2})");
    CHECK(expect_presence(client) == R"({"type":"snapshot","count":3})");
    watcher late(node.ws, R"({"type":"snapshot","count":3})");
    all[0]->disconnect("d");
    CHECK(expect_presence(client) == R"({"type":"snapshot","count":2,"users":["bob","cem"]})");
    CHECK(expect_presence(late) == R"({"type":"snapshot","count":2,"users":["bob","cem"]})");
}

TEST_CASE("the digest is a snapshot at intervals") {
    setup how = with_presence();
    how.options.presence_digest = milliseconds(20);
    running_node node(how);
    participant ann(node.ws, "ann");
    const std::string snapshot = R"({"type":"snapshot","count":1,"users":["ann"]})";
    watcher client(node.ws, snapshot);
    for (int i = 0; i != 5; ++i) CHECK(expect_presence(client) == snapshot);
}

TEST_CASE("a registry that cannot be reached is told, and a snapshot when it is back") {
    on_shards(with_presence(), [](running_node& node) {
        participant ann(node.ws, "ann");
        const std::string snapshot = R"({"type":"snapshot","count":1,"users":["ann"]})";
        watcher client(node.ws, snapshot);
        node.registry.inject_available(false);
        CHECK(expect_presence(client) == R"({"type":"unavailable"})");
        watcher late(node.ws, R"({"type":"unavailable"})");
        node.registry.inject_available(true);
        CHECK(expect_presence(client) == snapshot);
        CHECK(expect_presence(late) == snapshot);
        participant bob(node.ws, "bob");
        CHECK(expect_presence(client) == R"({"type":"join","user":"bob","count":2})");
    });
}

TEST_CASE("nodes of one registry see each other's participants, until a lease ends") {
    setup how = with_presence();
    how.options.lease = milliseconds(400);
    running_node here(how);
    how.shared_registry = &here.registry;
    auto there = std::make_unique<running_node>(how);
    watcher client(here.ws);
    participant ann(there->ws, "ann");
    CHECK(expect_presence(client) == join_ann + "1}");
    participant bob(here.ws, "bob");
    CHECK(expect_presence(client) == R"({"type":"join","user":"bob","count":2})");
    watcher far(there->ws, R"({"type":"snapshot","count":2,"users":["ann","bob"]})");
    bob.disconnect("d");
    CHECK(expect_presence(far) == R"({"type":"leave","user":"bob","count":1})");
    CHECK(expect_presence(client) == R"({"type":"leave","user":"bob","count":1})");
    there->kill_node();
    CHECK(expect_presence(client) == leave_ann + "0}");
}

TEST_CASE("users of a node that stops have the time of grace to come back on another one") {
    setup how = with_presence();
    running_node here(how);
    how.shared_registry = &here.registry;
    auto there = std::make_unique<running_node>(how);
    watcher client(here.ws);
    participant ann(there->ws, "ann");
    CHECK(expect_presence(client) == join_ann + "1}");
    there->stop(milliseconds(100));
    there.reset();
    participant bob(here.ws, "bob");
    CHECK(expect_presence(client) == R"({"type":"join","user":"bob","count":2})");
    participant back(here.ws, "ann");
    back.disconnect("d");
    CHECK(expect_presence(client) == leave_ann + "1}");
}

TEST_CASE("a room with very many subscriptions is told piece by piece, and everybody knows how many there are in the end") {
    constexpr std::size_t clients = 300;
    setup how = with_presence();
    how.options.presence_users = 100;
    running_node node(how);
    std::vector<std::unique_ptr<stomp_client>> all;
    for (std::size_t i = 0; i != clients; ++i) {
        all.push_back(std::make_unique<stomp_client>(node.tcp, over_tcp()));
        all.back()->connect({{"login", "user" + std::to_string(i)}});
        all.back()->subscribe("room", "/topic/a");
        all.back()->subscribe("w", "/presence/a");
    }
    std::size_t told = 0;
    for (const auto& one : all) {
        std::uint64_t version = 0;
        for (;;) {
            const received message = one->expect(command::message);
            ++told;
            CHECK(version_of(message) > version);
            version = version_of(message);
            if (field(message.body, "count") == std::to_string(clients)) break;
        }
    }
    // Each of them joined; told one by one that would be 45,000.
    CHECK(told < 20'000);
    MESSAGE(told, " messages");
}
