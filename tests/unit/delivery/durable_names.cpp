// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/durable_names.hpp>
#include <stompchat/delivery/store_key.hpp>

#include <doctest/doctest.h>

using namespace stompchat::delivery;
using std::chrono::days;
using outcome = durable_names::outcome;

namespace {

const days today(20'000);
const days month(30);

durable_names at(const durable_names& before, days when) { return {before.text(), when, month}; }

} // namespace

TEST_CASE("names are counted once each, and the limit is for new ones") {
    durable_names names("", today, month);
    CHECK(names.begin("/topic/a", "x", 2, false) == outcome::changed);
    CHECK(names.begin("/topic/a", "x", 2, false) == outcome::unchanged);
    CHECK(names.begin("/topic/b", "x", 2, false) == outcome::changed);
    CHECK(names.begin("/topic/a", "y", 2, false) == outcome::full);
    CHECK(names.begin("/topic/a", "y", 2, true) == outcome::changed);
    names = at(names, today);
    CHECK(names.size() == 3);
    CHECK(names.end("/topic/b", "x") == outcome::changed);
    CHECK(names.end("/topic/b", "x") == outcome::unchanged);
    CHECK(at(names, today).size() == 2);
}

TEST_CASE("a name that was not begun for longer than its position lives does not count") {
    durable_names names("", today, month);
    names.begin("/topic/a", "x", 10, false);
    names.begin("/topic/b", "x", 10, false);
    names = at(names, today + days(20));
    CHECK(names.begin("/topic/b", "x", 10, true) == outcome::changed);
    CHECK(at(names, today + days(30)).size() == 2);
    CHECK(at(names, today + days(31)).size() == 1);
    CHECK(at(names, today + days(51)).size() == 0);
    CHECK(at(names, today + days(51)).text().empty());
}

TEST_CASE("what cannot be read is left out") {
    durable_names names("", today, month);
    names.begin("/topic/a", "x", 10, false);
    const std::string good = names.text();
    for (const std::string& bad : {std::string("x"), std::string("-"), std::string("1-"), "1-" + std::string(30, 'f'), std::string("  "),
                                   std::string("1-5x"), std::string("1-99999999")}) {
        CAPTURE(bad);
        CHECK(durable_names(bad, today, month).size() == 0);
        CHECK(durable_names(bad + ' ' + good, today, month).text() == good);
    }
}

TEST_CASE("no two entries of the store share a key, and a user's lie together") {
    CHECK(store_key("p", "ann", {"/topic/a", "x"}) == "p:{ann}:/topic/a:x");
    CHECK(store_key("pn", "a{b}:%") == "pn:{a%7Bb%7D%3A%25}");
    CHECK(store_key("p", "ann", {"/topic/a:b", "c"}) != store_key("p", "ann", {"/topic/a", "b:c"}));
    CHECK(store_key("p", "ann}:x", {"y"}) != store_key("p", "ann", {"x", "y"}));
}
