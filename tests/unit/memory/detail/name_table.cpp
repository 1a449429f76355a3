// Boost Software License 1.0, see LICENSE

#include <stompchat/memory/detail/name_table.hpp>

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

using namespace stompchat::memory;

namespace {

struct counted : named<counted> {
    explicit counted(int v) : value(v) { ++alive; }
    ~counted() { --alive; }
    int value;
    static inline int alive = 0;
};

} // namespace

TEST_CASE("entries are found by names of any octets, keep their address, and are gone when removed") {
    {
        std::mt19937 random(3);
        name_table<counted> table;
        std::map<std::string, counted*> expected;
        for (int i = 0; i != 5'000; ++i) {
            std::string name(random() % 40, '\0');
            for (char& c : name) c = static_cast<char>(random() % 2);
            const auto at = expected.find(name);
            if (at == expected.end()) {
                CHECK(table.find(name) == nullptr);
                expected[name] = &table.add(name, i);
            } else {
                REQUIRE(table.find(name) == at->second);
                CHECK(at->second->name() == name);
                table.remove(*at->second);
                CHECK(table.find(name) == nullptr);
                expected.erase(at);
            }
            CHECK(table.size() == expected.size());
        }
        std::size_t seen = 0;
        table.for_each([&](counted& one) { seen += expected.at(std::string(one.name())) == &one; });
        CHECK(seen == expected.size());
        CHECK(counted::alive == static_cast<int>(expected.size()));
    }
    CHECK(counted::alive == 0);
}
