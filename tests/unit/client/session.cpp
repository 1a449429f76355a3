// Boost Software License 1.0, see LICENSE

#include "frames.hpp"

#include <stompchat/client/session.hpp>

#include <chrono>

using namespace client_test;
using client::session;
using client::session_event_kind;
using stomp::ack_mode;
using stomp::command;
using stomp::version;
using stompchat::error;
using namespace std::chrono_literals;

namespace {

/// A session whose server is the test, with a clock that the test moves.
struct talk {
    explicit talk(client::session_options given = {}) : options(given), client(options, now) {}

    client::session_event hear(std::string octets) {
        heard = std::move(octets);
        client.feed(heard, now);
        return client.next();
    }
    client::session_event hear(command cmd, const client::header_list& fields, std::string_view body = {}) {
        return hear(server_frame(cmd, fields, body, client.version()));
    }
    /// What was written since the last time.
    std::vector<written_frame> written() {
        const auto frames = client_frames(client.output(), client.version());
        client.took_output(now);
        return frames;
    }
    written_frame wrote(command cmd) {
        const auto frames = written();
        REQUIRE(frames.size() == 1);
        REQUIRE(frames[0].cmd == cmd);
        return frames[0];
    }
    void connect(std::string_view chosen = "1.2", std::string_view beats = "0,0") {
        client.connect("chat.example", {});
        wrote(command::connect);
        client::header_list fields{{"heart-beat", std::string(beats)}};
        if (!chosen.empty()) fields.emplace_back("version", chosen);
        REQUIRE(hear(command::connected, fields).kind == session_event_kind::connected);
    }

    client::session_options options;
    session::time_point now{1000s};
    session client;
    std::string heard;
};

} // namespace

TEST_CASE("CONNECT offers the versions and heart-beats of the options") {
    talk all;
    all.client.connect("chat.example", {{"login", "ann"}, {"passcode", "a:b"}});
    const written_frame connect = all.wrote(command::connect);
    CHECK(connect["accept-version"] == "1.0,1.1,1.2");
    CHECK(connect["host"] == "chat.example");
    CHECK(connect["heart-beat"] == "10000,10000");
    CHECK(connect["login"] == "ann");
    CHECK(connect["passcode"] == "a:b");
    client::session_options newest;
    newest.lowest = version::v1_2;
    talk one(newest);
    one.client.connect("x", {});
    CHECK(one.wrote(command::connect)["accept-version"] == "1.2");
}

TEST_CASE("the server's version must be one of those offered, and is 1.0 when it is silent") {
    for (const auto& [said, is] : {std::pair{"1.0", version::v1_0}, {"1.1", version::v1_1}, {"1.2", version::v1_2}, {"", version::v1_0}}) {
        talk one;
        one.connect(said);
        CHECK(one.client.version() == is);
    }
    for (const char* const said : {"1.3", "2.0", "x", ""}) {
        client::session_options newest;
        newest.lowest = version::v1_1;
        talk one(newest);
        one.client.connect("x", {});
        const auto ev = one.hear(command::connected, {{"version", said}});
        CHECK(ev.kind == session_event_kind::failed);
        CHECK(ev.ec == error::no_common_version);
        CHECK_FALSE(one.client.connected());
    }
}

TEST_CASE("only CONNECTED and ERROR may come first, and CONNECTED only once") {
    talk early;
    early.client.connect("x", {});
    CHECK(early.hear(command::message, {{"destination", "/topic/a"}}).ec == error::not_connected);
    talk twice;
    twice.connect();
    CHECK(twice.hear(command::connected, {{"version", "1.2"}}).ec == error::already_connected);
    talk nonsense;
    nonsense.client.connect("x", {});
    CHECK(nonsense.hear("HTTP/1.1 400 Bad Request\r\n\r\n").kind == session_event_kind::failed);
    // Behind the end nothing is heard.
    CHECK(nonsense.hear(command::connected, {{"version", "1.2"}}).kind == session_event_kind::need_more);
    talk beats;
    beats.client.connect("x", {});
    CHECK(beats.hear(command::connected, {{"version", "1.2"}, {"heart-beat", "soon"}}).ec == error::bad_header_value);
}

TEST_CASE("frames are written as each version has them") {
    for (const char* const chosen : {"1.0", "1.1", "1.2"}) {
        CAPTURE(chosen);
        talk one;
        one.connect(chosen);
        const version v = one.client.version();
        one.client.send({"/topic/a", "hi", {{"x", "a:b"}, {"receipt", "no"}, {"transaction", "no"}}}, 7);
        const written_frame send = one.wrote(command::send);
        CHECK(send["destination"] == "/topic/a");
        CHECK(send["x"] == "a:b");
        CHECK(send["receipt"] == "1");
        CHECK(send["transaction"] == "(absent)");
        CHECK(send["content-length"] == "2");
        CHECK(send.body == "hi");

        CHECK_FALSE(one.client.subscribe(3, "/topic/a", ack_mode::client, {{"history", "5"}}));
        const written_frame subscribe = one.wrote(command::subscribe);
        CHECK(subscribe["id"] == "3");
        CHECK(subscribe["ack"] == "client");
        CHECK(subscribe["history"] == "5");
        CHECK(one.client.subscribe(4, "/topic/a", ack_mode::client_individual, {}).failed() == (v == version::v1_0));
        one.client.took_output(one.now);

        one.client.ack(3, "m1", 9);
        const written_frame ack = one.wrote(command::ack);
        CHECK(ack[v == version::v1_2 ? "id" : "message-id"] == "m1");
        CHECK(ack["subscription"] == (v == version::v1_1 ? "3" : "(absent)"));
        CHECK(ack["transaction"] == "9");
        one.client.nack(3, "m1");
        CHECK(one.written().size() == (v == version::v1_0 ? 0 : 1));

        one.client.unsubscribe(3);
        CHECK(one.wrote(command::unsubscribe)["id"] == "3");
        one.client.unsubscribe(3);
        CHECK(one.written().empty());
    }
}

TEST_CASE("each frame's octets end where output_ends() says") {
    talk one;
    one.connect();
    one.client.send({"/topic/a", "1"}, 1);
    const std::size_t first = one.client.output().size();
    one.client.send({"/topic/a", "2"}, 2);
    REQUIRE(one.client.output_ends().size() == 2);
    CHECK(one.client.output_ends()[0] == first);
    CHECK(one.client.output_ends()[1] == one.client.output().size());
    one.client.took_output(one.now);
    CHECK(one.client.output_ends().empty());
}

TEST_CASE("a RECEIPT tells which frame it answers, each once, and an unknown one is passed over") {
    talk one;
    one.connect();
    one.client.send({"/topic/a", ""}, 70);
    one.client.subscribe(80, "/topic/a", ack_mode::auto_, {});
    one.client.begin(90);
    CHECK_FALSE(one.client.commit(90));
    one.client.disconnect(99);
    CHECK_FALSE(one.client.connected());
    const auto answer = [&](const char* id) { return one.hear(command::receipt, {{"receipt-id", id}}); };
    CHECK(answer("2").command == command::subscribe);
    const auto sent = answer("1");
    CHECK(sent.command == command::send);
    CHECK(sent.tag == 70);
    for (const char* const unknown : {"1", "77", "x", "", "-1"}) CHECK(answer(unknown).kind == session_event_kind::need_more);
    CHECK(answer("3").tag == 90);
    CHECK(answer("4").command == command::disconnect);
}

TEST_CASE("an ERROR tells which frame it answers, why, and ends the session") {
    talk one;
    one.connect();
    one.client.send({"/topic/a", ""}, 70);
    const auto ev = one.hear(command::error, {{"message", "not authorized"}, {"receipt-id", "1"}}, "you may not send there");
    CHECK(ev.kind == session_event_kind::error);
    CHECK(ev.ec == error::not_authorized);
    CHECK(ev.text == "not authorized: you may not send there");
    CHECK(ev.command == command::send);
    CHECK(ev.tag == 70);
    CHECK_FALSE(one.client.connected());
    talk other;
    other.client.connect("x", {});
    const auto refused = other.hear(command::error, {{"message", "Bad CONNECT"}}, "Access refused");
    CHECK(refused.ec == error::server_error);
    CHECK(refused.text == "Bad CONNECT: Access refused");
    CHECK(refused.command == command::error);
}

TEST_CASE("a MESSAGE belongs to the subscription it names, in 1.0 to that of its destination, else to nobody") {
    talk one;
    one.connect("1.0");
    one.client.subscribe(1, "/topic/a", ack_mode::auto_, {});
    one.client.subscribe(2, "/topic/b", ack_mode::auto_, {});
    CHECK(one.hear(command::message, {{"destination", "/topic/b"}, {"message-id", "m"}}).tag == 2);
    CHECK(one.hear(command::message, {{"destination", "/topic/b"}, {"subscription", "1"}, {"message-id", "m"}}).tag == 1);
    one.client.unsubscribe(1);
    for (const char* const gone : {"1", "3", "x"})
        CHECK(one.hear(command::message, {{"destination", "/topic/b"}, {"subscription", gone}}).kind == session_event_kind::need_more);
    CHECK(one.hear(command::message, {{"destination", "/topic/a"}, {"message-id", "m"}}).kind == session_event_kind::need_more);
}

TEST_CASE("transactions are begun, and end once") {
    talk one;
    one.connect();
    one.client.begin(5);
    CHECK(one.wrote(command::begin)["transaction"] == "5");
    CHECK(one.client.is_open(5));
    one.client.send({"/topic/a", "x"}, 0, 5);
    const written_frame send = one.wrote(command::send);
    CHECK(send["transaction"] == "5");
    CHECK(send["receipt"] == "(absent)");
    CHECK_FALSE(one.client.abort(5));
    CHECK(one.wrote(command::abort)["transaction"] == "5");
    CHECK(one.client.abort(5) == error::unknown_transaction);
    CHECK(one.client.commit(5) == error::unknown_transaction);
}

TEST_CASE("heart-beats are the larger of both sides' numbers, and any octet counts") {
    client::session_options options;
    options.heart_beat_send = 4000ms;
    options.heart_beat_receive = 1000ms;
    options.heart_beat_tolerance = 2;
    talk one(options);
    one.connect("1.2", "3000,2000");                  // the server sends every 3 s and wants one every 2 s
    CHECK(one.client.deadline() == one.now + 3400ms); // 0.85 of 4 s
    one.now += 3400ms;
    CHECK(one.client.on_time(one.now));
    CHECK(one.client.output() == "\n");
    one.client.took_output(one.now);
    CHECK(one.client.deadline() == session::time_point(1000s) + 6s); // the server's silence: two times 3 s
    one.hear("\n");
    CHECK(one.client.deadline() == one.now + 3400ms);
    one.client.send({"/topic/a", ""}, 1);
    one.client.took_output(one.now += 1s);
    CHECK(one.client.deadline() == one.now + 3400ms);
    one.now += 4999ms;
    CHECK(one.client.on_time(one.now)); // 5.999 s after the last octet
    one.now += 1ms;
    CHECK_FALSE(one.client.on_time(one.now));
}

TEST_CASE("there are no heart-beats in 1.0, and none where a side says zero") {
    for (const auto& [chosen, beats] : {std::pair{"1.0", "1000,1000"}, {"1.2", "0,0"}}) {
        talk one;
        one.connect(chosen, beats);
        CHECK(one.client.deadline() == session::time_point::max());
        CHECK(one.client.on_time(one.now + 1000h));
        CHECK(one.client.output().empty());
    }
}

TEST_CASE("the octets of a server are understood at every cut") {
    const std::string octets = server_frame(command::connected, {{"version", "1.2"}, {"heart-beat", "0,0"}})
                               + server_frame(command::message, {{"subscription", "1"}, {"message-id", "m"}}, std::string("a\0b", 3)) + "\n"
                               + server_frame(command::receipt, {{"receipt-id", "1"}});
    for (std::size_t cut = 0; cut <= octets.size(); ++cut) {
        CAPTURE(cut);
        talk one;
        one.client.connect("x", {});
        std::string kinds;
        for (const std::string& part : {octets.substr(0, cut), octets.substr(cut)}) {
            for (auto ev = one.hear(part); ev.kind != session_event_kind::need_more; ev = one.client.next()) {
                kinds += static_cast<char>('0' + static_cast<int>(ev.kind));
                if (ev.kind == session_event_kind::connected) one.client.subscribe(1, "/topic/a", ack_mode::auto_, {});
                if (ev.kind == session_event_kind::message) CHECK(ev.frame.body == std::string_view("a\0b", 3));
            }
        }
        CHECK(kinds == "123");
    }
}
