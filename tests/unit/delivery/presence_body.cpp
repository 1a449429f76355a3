// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/presence_body.hpp>

#include <doctest/doctest.h>

using namespace stompchat::delivery;
using kind = presence_message::kind;

namespace {

std::string escaped(std::string_view text) {
    std::string result;
    append_json_string(result, text);
    return result;
}

presence_message message(kind what, std::uint64_t version, std::size_t count) {
    presence_message result;
    result.what = what;
    result.version = version;
    result.count = count;
    return result;
}

} // namespace

TEST_CASE("a JSON string escapes what it must and nothing else") {
    CHECK(escaped("ann") == R"("ann")");
    CHECK(escaped("") == R"("")");
    CHECK(escaped(R"(a"b\c/d)") == R"("a\"b\\c/d")");
    CHECK(escaped({"\0\x01\n\r\t\x1f\x20\x7f", 8}) == "\"\\u0000\\u0001\\u000a\\u000d\\u0009\\u001f \x7f\"");
    CHECK(escaped("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") == "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST_CASE("what a client gets is JSON") {
    presence_message snapshot = message(kind::snapshot, 7, 2);
    CHECK(presence_body(snapshot) == R"({"type":"snapshot","version":7,"count":2})");
    presence_room::names users;
    snapshot.users = &users;
    CHECK(presence_body(snapshot) == R"({"type":"snapshot","version":7,"count":2,"users":[]})");
    users = {"bob", "ann", "\""};
    CHECK(presence_body(snapshot) == R"({"type":"snapshot","version":7,"count":2,"users":["\"","ann","bob"]})");

    presence_message change = message(kind::join, 9'007'199'254'740'991, 3);
    change.user = "ce\\m";
    CHECK(presence_body(change) == R"({"type":"join","user":"ce\\m","version":9007199254740991,"count":3})");
    change = message(kind::leave, 8, 0);
    change.user = "cem";
    CHECK(presence_body(change) == R"({"type":"leave","user":"cem","version":8,"count":0})");
    CHECK(presence_body({}) == R"({"type":"unavailable"})");
}
