// Boost Software License 1.0, see LICENSE

#include <stompchat/client/outbox.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace stompchat;
using client::outbox;
using client::outgoing_message;

namespace {

std::string key_of(const outbox::entry& one) {
    for (const auto& [name, value] : one.message.headers) {
        if (name == "idempotency-key") return value;
    }
    return "(none)";
}

} // namespace

TEST_CASE("each message gets a key of its own, unless it has one") {
    outbox box(10, 10'000, "k-");
    std::set<std::string> keys;
    for (std::uint64_t tag = 1; tag != 6; ++tag) keys.insert(key_of(**box.push(tag, {"/topic/a", "x"})));
    CHECK(keys.size() == 5);
    CHECK(key_of(**box.push(9, {"/topic/a", "x", {{"idempotency-key", "mine"}}})) == "mine");
    // Empty is none (the contract), so the generated one must be what is found first by nobody else: it is the only other one.
    const auto& fields = (*box.push(10, {"/topic/a", "x", {{"a", "b"}}}))->message.headers;
    CHECK(fields.size() == 2);
}

TEST_CASE("messages stay in order, are found by their tag, and leave from anywhere") {
    outbox box(10, 10'000, "k-");
    for (const std::uint64_t tag : {2u, 3u, 5u, 8u}) REQUIRE(box.push(tag, {"/topic/a", std::to_string(tag)}));
    CHECK(box.find(5)->message.body == "5");
    CHECK(box.find(4) == nullptr);
    CHECK(box.find(9) == nullptr);
    CHECK(box.erase(3));
    CHECK_FALSE(box.erase(3));
    CHECK(box.erase(8));
    std::string order;
    for (const auto& one : box.entries()) order += one.message.body;
    CHECK(order == "25");
    CHECK(box.erase(2));
    CHECK(box.erase(5));
    CHECK(box.messages() == 0);
    CHECK(box.octets() == 0);
}

TEST_CASE("the number of messages is bounded") {
    outbox box(2, 10'000, "k-");
    CHECK(box.push(1, {"/topic/a", ""}));
    CHECK(box.push(2, {"/topic/a", ""}));
    CHECK(box.push(3, {"/topic/a", ""}).error() == error::outbox_full);
    box.erase(1);
    CHECK(box.push(4, {"/topic/a", ""}));
}

TEST_CASE("their octets are bounded, headers included, and what never fits is told apart") {
    outbox box(100, 100, "k-");
    CHECK(box.push(1, {"/topic/a", std::string(101, 'x')}).error() == error::message_too_large);
    CHECK(box.push(1, {"/topic/a", "", {{"h", std::string(101, 'x')}}}).error() == error::message_too_large);
    CHECK(box.push(1, {"/topic/a", std::string(40, 'x')}));
    CHECK(box.octets() > 48);
    CHECK(box.push(2, {"/topic/a", std::string(40, 'x')}).error() == error::outbox_full);
    CHECK(box.messages() == 1);
}
