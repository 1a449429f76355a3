// Boost Software License 1.0, see LICENSE

#include <stompchat/stomp/subscription.hpp>

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace stompchat::stomp;

namespace {

std::unique_ptr<subscription> make(std::string id, std::string destination = {}) {
    auto s = std::make_unique<subscription>();
    s->id = std::move(id);
    if (s->id.empty()) s->destination_if_no_id = std::make_unique<const std::string>(std::move(destination));
    return s;
}

} // namespace

TEST_CASE("an id and a destination of the same text are different subscriptions") {
    subscription_list list;
    auto* const by_id = list.insert(make("/a"));
    auto* const by_destination = list.insert(make("", "/a"));
    CHECK(list.find_id("/a") == by_id);
    CHECK(list.find_destination("/a") == by_destination);
    CHECK(list.find_id("") == nullptr);
    CHECK(list.remove(*by_id)->id == "/a");
    CHECK(list.find_id("/a") == nullptr);
    CHECK(list.find_destination("/a") == by_destination);
}

TEST_CASE("subscriptions are found, keep their address, and are gone when removed") {
    std::mt19937 random(3);
    subscription_list list;
    std::map<std::string, subscription*> expected;
    for (int i = 0; i != 5000; ++i) {
        const std::string id = "sub-" + std::to_string(random() % 400);
        const auto found = expected.find(id);
        if (found == expected.end()) {
            CHECK(list.find_id(id) == nullptr);
            expected[id] = list.insert(make(id));
        } else {
            CHECK(list.find_id(id) == found->second);
            const auto gone = list.remove(*found->second);
            CHECK(gone.get() == found->second);
            expected.erase(found);
        }
        CHECK(list.size() == expected.size());
    }
    std::size_t seen = 0;
    list.for_each([&](subscription& s) { seen += expected.at(s.id) == &s; });
    CHECK(seen == expected.size());
    while (!expected.empty()) {
        list.remove(*expected.begin()->second);
        expected.erase(expected.begin());
    }
    CHECK(list.heap_octets() == 0);
}
