// Boost Software License 1.0, see LICENSE

#include <stompchat/stomp/escape.hpp>

#include <doctest/doctest.h>

using namespace stompchat::stomp;
using namespace std::string_view_literals;

namespace {

std::string escaped(std::string_view text, version v) {
    std::string out = "=";
    append_escaped(out, text, v);
    return out.substr(1);
}

std::string unescaped(std::string_view text, version v) {
    std::string out = "=";
    if (!append_unescaped(out, text, v)) return out == "=" ? "(undefined)" : "(left something behind)";
    return out.substr(1);
}

} // namespace

TEST_CASE("1.0 escapes nothing") {
    CHECK(escaped("a:b\\c\\n", version::v1_0) == "a:b\\c\\n");
    CHECK(unescaped("a:b\\c\\t\\", version::v1_0) == "a:b\\c\\t\\");
}

TEST_CASE("1.1 escapes LF, colon and backslash") {
    CHECK(escaped("a\nb:c\\d", version::v1_1) == "a\\nb\\cc\\\\d");
    CHECK(unescaped("a\\nb\\cc\\\\d", version::v1_1) == "a\nb:c\\d");
    CHECK(unescaped("\\\\n", version::v1_1) == "\\n");
    CHECK(unescaped("\\r", version::v1_1) == "(undefined)");
}

TEST_CASE("1.2 escapes CR as well") {
    CHECK(escaped("\r\n:\\", version::v1_2) == "\\r\\n\\c\\\\");
    CHECK(unescaped("\\r\\n\\c\\\\", version::v1_2) == "\r\n:\\");
}

TEST_CASE("undefined escape sequences are refused and leave nothing behind") {
    for (const auto v : {version::v1_1, version::v1_2}) {
        for (const char* text : {"ab\\t", "\\", "a\\n\\", "\\N", "\\\\\\"}) CHECK(unescaped(text, v) == "(undefined)");
        CHECK(unescaped("\\\0"sv, v) == "(undefined)");
    }
}

TEST_CASE("what a version cannot write is not expressible in it") {
    CHECK(expressible("a", "b:c\\d ", version::v1_0));
    CHECK_FALSE(expressible("a:b", "c", version::v1_0));
    CHECK_FALSE(expressible("a", "b\nuser:admin", version::v1_0));
    CHECK_FALSE(expressible("a", "b\r", version::v1_0));
    CHECK_FALSE(expressible("a\n", "b", version::v1_0));

    CHECK(expressible("a:b\n", "c:\nd", version::v1_1));
    CHECK_FALSE(expressible("a", "b\r", version::v1_1));
    CHECK_FALSE(expressible("a\r", "b", version::v1_1));

    CHECK(expressible("a:\r\n\\", "\r\n:\\", version::v1_2));
    for (const auto v : {version::v1_0, version::v1_1, version::v1_2}) {
        CHECK_FALSE(expressible("a\0b"sv, "c", v));
        CHECK_FALSE(expressible("a", "b\0"sv, v));
        CHECK_FALSE(expressible("", "b", v));
        CHECK(expressible("a", "", v));
        CHECK(expressible("a", "gr\xC3\xBC\xC3\x9F", v));
    }
}

TEST_CASE("a header needs escaping exactly when some version writes it differently or not at all") {
    for (const auto text : {"a"sv, "a b"sv, "a:b"sv, "a\\b"sv, "a\nb"sv, "a\rb"sv, "a\0b"sv, ""sv, "\xC3\xBC"sv}) {
        for (const bool as_name : {true, false}) {
            const std::string_view name = as_name ? text : "n"sv;
            const std::string_view value = as_name ? "v"sv : text;
            bool differs = false;
            for (const auto v : {version::v1_0, version::v1_1, version::v1_2}) {
                differs |= !expressible(name, value, v) || escaped(name, v) != name || escaped(value, v) != value;
            }
            CHECK(needs_escaping(name, value) == differs);
        }
    }
}
