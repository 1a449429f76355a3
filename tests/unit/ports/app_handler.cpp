// Boost Software License 1.0, see LICENSE

#include <stompchat/ports/app_handler.hpp>

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace {

using namespace stompchat;

struct heard {
    std::vector<std::string> words;
    int targets_alive = 0;
};

class recording_target final : public app_reply::target {
public:
    explicit recording_target(heard& by) : heard_(by) { ++heard_.targets_alive; }
    ~recording_target() override { --heard_.targets_alive; }
    void publish(std::string destination, std::string headers, std::string body) override {
        heard_.words.push_back("publish " + destination + " " + text_of(headers) + " " + body);
    }
    void reply(std::string headers, std::string body) override { heard_.words.push_back("reply " + text_of(headers) + " " + body); }
    void finish(error_code outcome, std::string reason) override {
        CHECK(outcome == (reason.empty() ? error_code() : error_code(error::rejected)));
        heard_.words.push_back("finish " + reason);
    }

private:
    static std::string text_of(const std::string& headers) {
        REQUIRE(header_block::valid(headers));
        std::string text;
        for (const header_field field : header_block(headers)) text += std::string(field.name) + "=" + std::string(field.value) + ";";
        return text;
    }
    heard& heard_;
};

app_reply reply_to(heard& by) { return app_reply(std::make_unique<recording_target>(by)); }

using words = std::vector<std::string>;

} // namespace

TEST_CASE("an application publishes, replies and finishes") {
    heard by;
    app_reply subject = reply_to(by);
    const header_field headers[] = {{"a", "1"}, {"b", ""}};
    subject.publish("/topic/a", headers, "hello");
    subject.reply({}, "world");
    subject.done();
    CHECK(by.words == words{"publish /topic/a a=1;b=; hello", "reply  world", "finish "});
    CHECK(by.targets_alive == 0);
}

TEST_CASE("a refusal carries its reason") {
    heard by;
    reply_to(by).reject("the room is closed");
    CHECK(by.words == words{"finish the room is closed"});
}

TEST_CASE("an answer behind the end does nothing") {
    heard by;
    for (const bool refused : {false, true}) {
        by.words.clear();
        app_reply subject = reply_to(by);
        refused ? subject.reject("no") : subject.done();
        subject.publish("/topic/a", {}, "late");
        subject.reply({}, "late");
        subject.done();
        subject.reject("late");
        CHECK(by.words.size() == 1);
    }
    CHECK(by.words.size() == 1);
}

TEST_CASE("a request that is dropped unanswered is refused") {
    heard by;
    { const app_reply subject = reply_to(by); }
    CHECK(by.words == words{"finish no answer"});
    CHECK(by.targets_alive == 0);
}

TEST_CASE("a reply moves, and is answered once") {
    heard by;
    {
        app_reply first = reply_to(by);
        app_reply second = std::move(first);
        CHECK(by.words.empty());
        first = std::move(second);
        CHECK(by.words.empty());
        first.done();
    }
    CHECK(by.words == words{"finish "});
}

TEST_CASE("assigning to a reply drops the request that it had") {
    heard one;
    heard two;
    app_reply subject = reply_to(one);
    subject = reply_to(two);
    CHECK(one.words == words{"finish no answer"});
    CHECK(two.words.empty());
    app_reply& same = subject;
    subject = std::move(same);
    CHECK(two.words.empty());
    subject.done();
    CHECK(two.words == words{"finish "});
}

TEST_CASE("a reply without a request does nothing") {
    app_reply subject;
    subject.publish("/topic/a", {}, "x");
    subject.reply({}, "x");
    subject.reject("x");
    subject.done();
}

TEST_CASE("a reply may be answered on another thread") {
    heard by;
    std::thread([subject = reply_to(by)]() mutable { subject.done(); }).join();
    CHECK(by.words == words{"finish "});
}
