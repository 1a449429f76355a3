// Boost Software License 1.0, see LICENSE

#include <stompchat/stomp/version.hpp>

#include <doctest/doctest.h>

using namespace stompchat::stomp;

TEST_CASE("without accept-version a client speaks 1.0") { CHECK(negotiate(std::nullopt) == version::v1_0); }

TEST_CASE("the highest common version is chosen, whatever the order") {
    CHECK(negotiate("1.0") == version::v1_0);
    CHECK(negotiate("1.1") == version::v1_1);
    CHECK(negotiate("1.2") == version::v1_2);
    CHECK(negotiate("1.0,1.1") == version::v1_1);
    CHECK(negotiate("1.2,1.1,1.0") == version::v1_2);
    CHECK(negotiate("1.0,2.1,1.1") == version::v1_1);
}

TEST_CASE("spaces and unknown versions in accept-version are tolerated") {
    CHECK(negotiate("1.0, 1.1") == version::v1_1);
    CHECK(negotiate(" 1.2 ,\t1.0") == version::v1_2);
    CHECK(negotiate("3.0,,1.1,x") == version::v1_1);
}

TEST_CASE("no common version is told apart from 1.0") {
    CHECK(negotiate("2.0") == std::nullopt);
    CHECK(negotiate("") == std::nullopt);
    CHECK(negotiate("1") == std::nullopt);
    CHECK(negotiate("1.20") == std::nullopt);
}
