// Boost Software License 1.0, see LICENSE

#include "stand.hpp"

#include <support/services.hpp>

#include <atomic>
#include <thread>

namespace {

using namespace redis_test;

std::string url() { return "redis://" + services::redis() + "/3"; }

struct empty_stand : stand {
    empty_stand() : stand(url()) {
        REQUIRE(connect());
        REQUIRE(!send({"FLUSHDB"}).ec);
    }
};

const redis::script add_up("return tonumber(ARGV[1]) + tonumber(redis.call('GET', KEYS[1]) or 0)");

} // namespace

TEST_CASE("a command is answered, whatever octets it holds") {
    empty_stand at;
    const std::string odd("a\0b\r\n$5\r\n*1", 12);
    CHECK(at.send({"SET", odd, odd}).answer.text() == "OK");
    const auto found = at.send({"GET", odd});
    CHECK(!found.ec);
    CHECK(found.answer.type() == reply_type::string);
    CHECK(found.answer.text() == odd);
    CHECK(at.send({"GET", "nothing"}).answer.is_nil());
    CHECK(at.send({"APPEND", odd, ""}).answer.integer() == 12);
    CHECK(at.send({"GET", ""}).answer.is_nil());
}

TEST_CASE("arrays are read, nested ones too") {
    empty_stand at;
    const auto found = at.send({"EVAL", "return {1, 'two', {3, {}, false}, redis.error_reply('NO'), redis.status_reply('OK')}", "0"});
    REQUIRE(!found.ec);
    const reply& all = found.answer;
    REQUIRE(all.elements().size() == 5);
    CHECK(all[0].integer() == 1);
    CHECK(all[1].text() == "two");
    CHECK(all[2][0].integer() == 3);
    CHECK(all[2][1].is_array());
    CHECK(all[2][1].elements().empty());
    CHECK(all[2][2].is_nil());
    CHECK(all[3].is_error());
    CHECK(all[4].type() == reply_type::status);
    CHECK(all[9].is_nil());
}

TEST_CASE("a refusal is an error with Redis's words, and the connection goes on") {
    empty_stand at;
    const auto refused = at.send({"LPUSH"});
    CHECK(refused.ec == error::registry_unavailable);
    CHECK(refused.answer.text().starts_with("ERR wrong number of arguments"));
    CHECK(at.log.told("refused a command: ERR wrong number"));
    CHECK(at.send({"PING"}).answer.text() == "PONG");
    CHECK(at.watcher->losses == 0);
}

TEST_CASE("commands are executed and answered in the order in which they were given") {
    empty_stand at;
    std::vector<std::int64_t> answers;
    for (int i = 0; i != 10'000; ++i)
        at.client.commands()->send({"INCR", "n"}, [&](error_code, reply& answer) { answers.push_back(answer.integer()); });
    REQUIRE(at.until([&] { return answers.size() == 10'000; }));
    for (std::size_t i = 0; i != answers.size(); ++i) REQUIRE(answers[i] == static_cast<std::int64_t>(i) + 1);
}

TEST_CASE("commands come from many threads at once") {
    empty_stand at;
    constexpr int thread_count = 4;
    constexpr int rounds = 5'000;
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    for (int t = 0; t != thread_count; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i != rounds; ++i)
                at.client.commands()->send({"INCR", "n"}, [&](error_code ec, reply&) { answered += ec ? 0 : 1; });
        });
    }
    CHECK(at.until([&] { return answered == thread_count * rounds; }));
    for (std::thread& thread : threads) thread.join();
    CHECK(at.send({"GET", "n"}).answer.text() == std::to_string(thread_count * rounds));
}

TEST_CASE("a script runs, and again after Redis has forgotten it") {
    empty_stand at;
    CHECK(at.run(add_up, command{"1", "k", "2"}).answer.integer() == 2);
    CHECK(at.send({"SET", "k", "40"}).answer.text() == "OK");
    CHECK(at.run(add_up, command{"1", "k"}.add(2)).answer.integer() == 42);
    CHECK(at.send({"SCRIPT", "FLUSH"}).answer.text() == "OK");
    CHECK(at.run(add_up, command{"1", "k", "3"}).answer.integer() == 43);
    // Redis has seen one EVAL at the beginning, one for the script it had forgotten, and EVALSHA else.
    const std::string calls = at.send({"INFO", "commandstats"}).answer.text();
    CHECK(calls.find("cmdstat_evalsha:calls=") != calls.npos);
}

TEST_CASE("all of many calls that find their script forgotten are answered") {
    empty_stand at;
    CHECK(!at.run(add_up, command{"1", "k", "2"}).ec);
    const auto flushed = at.begin({"SCRIPT", "FLUSH"});
    std::vector<std::shared_ptr<std::optional<outcome>>> calls;
    for (int i = 0; i != 100; ++i) calls.push_back(at.begin(add_up, command{"1", "k"}.add(i)));
    for (int i = 0; i != 100; ++i) CHECK(at.wait(calls[static_cast<std::size_t>(i)]).answer.integer() == i);
}

TEST_CASE("an error of a script is told, and is not taken for a forgotten script") {
    empty_stand at;
    static const redis::script wrong("return redis.error_reply('STALE and its reason')");
    const auto refused = at.run(wrong, {"0"});
    CHECK(refused.ec == error::registry_unavailable);
    CHECK(refused.answer.text() == "STALE and its reason");
}
