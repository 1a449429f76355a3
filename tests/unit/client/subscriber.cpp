// Boost Software License 1.0, see LICENSE

#include "frames.hpp"

#include <stompchat/client/subscriber.hpp>

#include <optional>

using namespace client_test;
using client::subscribe_options;
using client::subscriber;
using stomp::ack_mode;
using verdict = subscriber::verdict;

namespace {

/// A frame_view that owns what it refers to.
class fields_view {
public:
    explicit fields_view(client::header_list fields) : fields_(std::move(fields)) {
        for (const auto& [name, value] : fields_) views_.push_back({name, value});
    }
    operator stomp::frame_view() const {
        stomp::frame_view frame;
        frame.headers = views_;
        return frame;
    }

private:
    client::header_list fields_;
    std::vector<stomp::header> views_;
};

struct driven_subscriber {
    explicit driven_subscriber(subscribe_options options = {}, std::size_t max_unsettled = 1000)
        : one("/topic/a", std::move(options), max_unsettled) {}

    std::string asks(std::string_view name) {
        for (const auto& [key, value] : one.subscribe_headers()) {
            if (key == name) return value;
        }
        return "(absent)";
    }
    client::subscribed receipt(client::header_list fields) { return one.on_receipt(fields_view(std::move(fields))); }
    /// Connects anew; returns the token that was asked for.
    std::string again(client::header_list fields) {
        one.on_lost();
        const std::string token = asks("resume-after");
        receipt(std::move(fields));
        return token;
    }
    verdict hear(const std::string& id, const std::string& ack) { return one.on_message(fields_view({{"message-id", id}}), ack); }
    verdict hear(const std::string& id) {
        const verdict what = hear(id, "ack-" + id);
        if (what == verdict::deliver) one.processed(id);
        return what;
    }

    subscriber one;
};

const client::header_list recovered{{"position", "p"}, {"recovered", "true"}};

subscribe_options acking(ack_mode mode) {
    subscribe_options options(mode);
    return options;
}

} // namespace

TEST_CASE("the token is the RECEIPT's position, then the last processed message") {
    driven_subscriber a;
    CHECK(a.asks("resume-after") == "(absent)");
    CHECK(a.one.token().empty());
    const auto where = a.receipt({{"position", "p0"}, {"history", "0"}, {"complete", "true"}});
    CHECK(where.position == "p0");
    CHECK(where.complete == true);
    CHECK_FALSE(where.recovered.has_value());
    CHECK(a.one.token() == "p0");
    CHECK(a.hear("m1") == verdict::deliver);
    CHECK(a.one.token() == "m1");
    // In a message whose handler has not returned a cut would lose it.
    CHECK(a.hear("m2", "x") == verdict::deliver);
    CHECK(a.one.token() == "m1");
    a.one.processed("m2");
    a.hear("s-7"); // not in the log
    CHECK(a.one.token() == "m2");
    a.one.on_lost();
    CHECK(a.asks("resume-after") == "m2");
    CHECK(a.receipt({{"position", "m2"}, {"recovered", "true"}}).recovered == true);
}

TEST_CASE("a failed resume goes on from the new position; a server that says nothing has recovered nothing") {
    driven_subscriber a;
    a.asks("");
    a.receipt({{"position", "p0"}});
    a.one.on_lost();
    a.asks("");
    CHECK(a.receipt({{"position", "p9"}, {"recovered", "false"}, {"history", "0"}}).recovered == false);
    CHECK(a.one.token() == "p9");
    a.one.on_lost();
    a.asks("");
    CHECK(a.receipt({}).recovered == false);
}

TEST_CASE("a server without positions is asked for nothing of them") {
    driven_subscriber a;
    a.asks("");
    a.receipt({});
    a.hear("ID:broker_7");
    CHECK(a.one.token().empty());
    CHECK(a.again({}) == "(absent)");
    CHECK(a.hear("ID:broker_8") == verdict::deliver);
}

TEST_CASE("what is asked for follows the options") {
    subscribe_options options(ack_mode::client);
    options.history = 7;
    options.durable = "mine";
    options.prefetch_count = 5;
    options.resume_after = "old";
    options.headers = {{"selector", "x"}};
    driven_subscriber a(options);
    CHECK(a.asks("history") == "7");
    CHECK(a.asks("durable") == "mine");
    CHECK(a.asks("prefetch-count") == "5");
    CHECK(a.asks("resume-after") == "old");
    CHECK(a.asks("selector") == "x");
    subscribe_options anew;
    anew.resume = false;
    anew.resume_after = "old";
    driven_subscriber b(anew);
    CHECK(b.asks("resume-after") == "old"); // once, because the application said so
    b.receipt({{"position", "p0"}});
    CHECK(b.again({{"position", "p1"}}) == "(absent)");
    CHECK(b.asks("history") == "(absent)");
    driven_subscriber c;
    CHECK(c.asks("history") == "0");
}

TEST_CASE("a history that was cut off before its first message is asked for again, one that has begun goes on") {
    subscribe_options options;
    options.history = 3;
    driven_subscriber a(options);
    a.asks("");
    a.receipt({{"position", "p9"}, {"history", "3"}});
    CHECK(a.one.token().empty());
    CHECK(a.again({{"position", "p9"}, {"history", "3"}}) == "(absent)");
    a.hear("m7");
    CHECK(a.again({{"position", "m7"}, {"recovered", "true"}}) == "m7");
}

TEST_CASE("the history after a failed resume does not bring again what was processed") {
    subscribe_options options;
    options.history = 3;
    driven_subscriber a(options);
    a.asks("");
    a.receipt({{"position", "p0"}});
    for (const char* const id : {"m1", "m2", "m3", "m4"}) CHECK(a.hear(id) == verdict::deliver);
    CHECK(a.again({{"position", "m6"}, {"recovered", "false"}, {"history", "3"}}) == "m4");
    CHECK(a.hear("m4") == verdict::drop);
    CHECK(a.hear("m5") == verdict::deliver);
    CHECK(a.hear("m6") == verdict::deliver);
    CHECK(a.one.token() == "m6");
}

TEST_CASE("with acknowledgements the token moves over what is settled without a hole") {
    driven_subscriber a(acking(ack_mode::client_individual));
    a.asks("");
    a.receipt({{"position", "p0"}});
    for (const char* const id : {"m1", "m2", "m3"}) CHECK(a.hear(id) == verdict::deliver);
    CHECK(a.one.token() == "p0");
    CHECK(a.one.settle("m2", false) == "ack-m2");
    CHECK(a.one.token() == "p0");
    CHECK(a.one.settle("m1", true) == "ack-m1");
    CHECK(a.one.token() == "m2");
    CHECK(a.one.settle("m1", false) == std::nullopt);
    CHECK(a.one.settle("m2", false) == std::nullopt);
    CHECK(a.one.settle("never", false) == std::nullopt);
    CHECK(a.one.unsettled() == 1);
}

TEST_CASE("a cumulative acknowledgement settles all before it") {
    driven_subscriber a(acking(ack_mode::client));
    a.asks("");
    a.receipt({{"position", "p0"}});
    for (const char* const id : {"m1", "m2", "m3"}) a.hear(id);
    CHECK(a.one.settle("m2", false) == "ack-m2");
    CHECK(a.one.token() == "m2");
    CHECK(a.one.settle("m1", false) == std::nullopt);
}

TEST_CASE("what the application still holds does not come to it again, and is acknowledged in the new connection") {
    driven_subscriber a(acking(ack_mode::client_individual));
    a.asks("");
    a.receipt({{"position", "p0"}});
    for (const char* const id : {"m1", "m2", "m3", "m4"}) a.hear(id);
    a.one.settle("m1", false);
    a.one.settle("m3", false); // behind m2, which is held
    a.one.on_lost();
    CHECK(a.one.settle("m4", false) == std::nullopt); // no connection knows it
    CHECK(a.asks("resume-after") == "m1");
    a.receipt({{"position", "m1"}, {"recovered", "true"}});
    CHECK(a.hear("m2", "new-m2") == verdict::drop);
    CHECK(a.hear("m3", "new-m3") == verdict::drop_and_ack);
    CHECK(a.hear("m4", "new-m4") == verdict::drop_and_ack);
    CHECK(a.hear("m5", "new-m5") == verdict::deliver);
    CHECK(a.one.settle("m2", false) == "new-m2");
    CHECK(a.one.token() == "m4");
}

TEST_CASE("what is settled before it is delivered again is acknowledged when it is, and the token waits for it") {
    driven_subscriber a(acking(ack_mode::client_individual));
    a.asks("");
    a.receipt({{"position", "p0"}});
    a.hear("m1");
    a.one.on_lost();
    CHECK(a.asks("resume-after") == "p0");
    CHECK(a.one.settle("m1", false) == std::nullopt);
    CHECK(a.one.token() == "p0");
    a.receipt({{"position", "p0"}, {"recovered", "true"}});
    CHECK(a.hear("m1", "new") == verdict::drop_and_ack);
    CHECK(a.one.token() == "m1");
    CHECK(a.one.unsettled() == 0);
}

TEST_CASE("the first new message means that what has not come again will not") {
    subscribe_options options = acking(ack_mode::client_individual);
    options.durable = "mine";
    driven_subscriber a(options);
    a.asks("");
    a.receipt({{"position", "p0"}, {"durable", "new"}});
    a.hear("m1");
    a.hear("m2");
    a.again({{"position", "m2"}, {"durable", "resumed"}}); // another holder has acknowledged both meanwhile
    CHECK(a.one.unsettled() == 2);
    CHECK(a.hear("m3") == verdict::deliver);
    CHECK(a.one.settle("m1", false) == std::nullopt);
    CHECK(a.one.settle("m2", false) == std::nullopt);
    CHECK(a.one.unsettled() == 1);
    CHECK(a.one.settle("m3", false) == "ack-m3");
    CHECK(a.one.token() == "m3");
}

TEST_CASE("a durable subscription that begins earlier brings nothing again but what was refused") {
    subscribe_options options = acking(ack_mode::client_individual);
    options.durable = "mine";
    driven_subscriber a(options);
    a.asks("");
    a.receipt({{"position", "p0"}, {"durable", "new"}});
    for (const char* const id : {"m1", "m2", "m3"}) a.hear(id);
    a.one.settle("m1", false);
    a.one.settle("m2", true);
    a.one.settle("m3", false);
    CHECK(a.one.unsettled() == 0);
    a.one.on_lost();
    a.asks("");
    CHECK(a.receipt({{"position", "p0"}, {"durable", "resumed"}}).recovered == true);
    CHECK(a.hear("m1") == verdict::drop_and_ack);
    CHECK(a.hear("m2") == verdict::deliver);
    CHECK(a.hear("m3") == verdict::drop_and_ack);
    // Refused behind one that is held, it is delivered again too.
    a.one.on_lost();
    a.hear("m4");
    a.one.settle("m4", true);
    CHECK(a.again({{"position", "p0"}, {"durable", "resumed"}}) == "p0");
    CHECK(a.hear("m2") == verdict::drop);
    CHECK(a.hear("m4") == verdict::deliver);
}

TEST_CASE("what is acknowledged for the application does not take along what it holds") {
    subscribe_options options = acking(ack_mode::client);
    options.durable = "mine";
    driven_subscriber a(options);
    a.asks("");
    a.receipt({{"position", "p0"}, {"durable", "new"}});
    a.hear("m1");
    a.one.settle("m1", true);
    a.hear("m2");
    a.one.settle("m2", false);
    a.again({{"position", "p0"}, {"durable", "resumed"}});
    CHECK(a.hear("m1") == verdict::deliver);
    CHECK(a.hear("m2") == verdict::drop);
    CHECK(a.one.settle("m1", false) == "ack-m1");
    CHECK(a.hear("m2") == verdict::drop_and_ack);
}

TEST_CASE("after a failed resume nothing old can be acknowledged, and nothing old comes again") {
    driven_subscriber a(acking(ack_mode::client));
    a.asks("");
    a.receipt({{"position", "p0"}});
    a.hear("m1");
    a.hear("m2");
    a.again({{"position", "p9"}, {"recovered", "false"}});
    CHECK(a.one.unsettled() == 0);
    CHECK(a.one.token() == "p9");
    CHECK(a.one.settle("m2", false) == std::nullopt);
    CHECK(a.hear("m2") == verdict::drop_and_ack);
    CHECK(a.hear("m10") == verdict::deliver);
}

TEST_CASE("a suffix of the id is no part of the position") {
    driven_subscriber a(acking(ack_mode::client_individual));
    a.asks("");
    a.receipt({{"position", "p0"}});
    CHECK(a.hear("m1_2", "m1_2") == verdict::deliver);
    CHECK(a.one.settle("m1_2", false) == "m1_2");
    CHECK(a.one.token() == "m1");
}

TEST_CASE("what is remembered for acknowledgements is bounded") {
    driven_subscriber a(acking(ack_mode::client_individual), 10);
    a.asks("");
    a.receipt({{"position", "p0"}});
    for (int i = 0; i != 1000; ++i) {
        const std::string id = "m" + std::to_string(i);
        CHECK(a.hear(id) == verdict::deliver);
        if (i != 0) a.one.settle(id, false);
        CHECK(a.one.unsettled() <= 10);
    }
    CHECK(a.one.token() == "p0"); // m0 is held
    CHECK(a.one.settle("m0", false) == "ack-m0");
    CHECK(a.one.token() == "m999");
}
