// Boost Software License 1.0, see LICENSE

#include <stompchat/utf8.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace stompchat;

namespace {

/// Any number as UTF-8 would write it in that many octets, allowed or not.
std::string spell(std::uint32_t code_point, int octets) {
    if (octets == 1) return {static_cast<char>(code_point)};
    std::string text(static_cast<std::size_t>(octets), '\0');
    for (int i = octets - 1; i != 0; --i, code_point >>= 6)
        text[static_cast<std::size_t>(i)] = static_cast<char>(0x80 | (code_point & 0x3F));
    const std::uint32_t mark[] = {0, 0, 0xC0, 0xE0, 0xF0};
    text[0] = static_cast<char>(mark[octets] | code_point);
    return text;
}

int shortest(std::uint32_t code_point) { return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4; }

bool is_scalar(std::uint32_t code_point) { return code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF); }

/// What the validator says when it gets the text in these pieces.
bool accepts(const std::vector<std::string>& pieces) {
    utf8_validator validator;
    bool good = true;
    for (const std::string& piece : pieces) good = validator.feed(piece) && good;
    return good && validator.complete();
}

/// Every way to cut a text into two pieces, and into single octets, must say the same.
void check_all_splits(const std::string& text, bool good) {
    CHECK(is_utf8(text) == good);
    for (std::size_t i = 0; i <= text.size(); ++i) CHECK(accepts({text.substr(0, i), text.substr(i)}) == good);
    std::vector<std::string> octets;
    for (const char c : text) octets.emplace_back(1, c);
    CHECK(accepts(octets) == good);
}

} // namespace

TEST_CASE("every code point in its shortest form is accepted, surrogates and numbers above U+10FFFF are not") {
    std::size_t wrong = 0;
    for (std::uint32_t code_point = 0; code_point != 0x200000; ++code_point)
        if (is_utf8(spell(code_point, shortest(code_point))) != is_scalar(code_point)) ++wrong;
    CHECK(wrong == 0);
}

TEST_CASE("no longer form is accepted") {
    std::size_t wrong = 0;
    for (int octets = 2; octets <= 4; ++octets)
        for (std::uint32_t code_point = 0; shortest(code_point) < octets; ++code_point)
            if (is_utf8(spell(code_point, octets))) ++wrong;
    CHECK(wrong == 0);
}

TEST_CASE("every pair of octets is judged as RFC 3629 says") {
    for (int first = 0; first != 256; ++first)
        for (int second = 0; second != 256; ++second) {
            const bool ascii = first < 0x80 && second < 0x80;
            const bool two = first >= 0xC2 && first <= 0xDF && second >= 0x80 && second <= 0xBF;
            const std::string text = {static_cast<char>(first), static_cast<char>(second)};
            CHECK(is_utf8(text) == (ascii || two));
        }
}

TEST_CASE("the boundaries of each length are found at every split") {
    for (const std::uint32_t code_point : {0x0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xFFFu, 0x1000u, 0xD7FFu, 0xE000u, 0xFFFDu, 0xFFFEu, 0xFFFFu,
                                           0x10000u, 0x3FFFFu, 0x40000u, 0xFFFFFu, 0x100000u, 0x10FFFFu})
        for (const char* around : {"", "x", "1234567", "12345678", "\xC3\xA9"})
            check_all_splits(around + spell(code_point, shortest(code_point)) + around, true);
    for (const std::uint32_t code_point : {0xD800u, 0xDBFFu, 0xDC00u, 0xDFFFu, 0x110000u, 0x1FFFFFu})
        for (const char* around : {"", "12345678"}) check_all_splits(around + spell(code_point, shortest(code_point)) + around, false);
    for (const char* bad :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE",
          "\xFF", "\xC3\x28", "\xE2\x28\xA1", "\xE2\x82\x28", "\xF0\x90\x28\xBC", "\xED\xA0\x80\xED\xB0\x80"})
        for (const char* around : {"", "12345678", "\xC3\xA9"}) check_all_splits(around + std::string(bad) + around, false);
}

TEST_CASE("a text that ends inside a code point is not complete, but may go on") {
    const std::string text = spell(0x1F600, 4);
    for (std::size_t i = 1; i != text.size(); ++i) {
        utf8_validator validator;
        CHECK(validator.feed(text.substr(0, i)));
        CHECK(!validator.complete());
        CHECK(!is_utf8(text.substr(0, i)));
        CHECK(validator.feed(text.substr(i)));
        CHECK(validator.complete());
    }
}

TEST_CASE("a bad octet is found at every place of a long text") {
    for (std::size_t length = 0; length != 40; ++length)
        for (std::size_t at = 0; at != length; ++at) {
            std::string text(length, 'x');
            text[at] = '\xFF';
            CHECK(!is_utf8(text));
        }
}

TEST_CASE("what is bad stays bad until reset") {
    utf8_validator validator;
    CHECK(!validator.feed("\xFF"));
    CHECK(!validator.feed("good"));
    CHECK(!validator.feed("long enough for words"));
    CHECK(!validator.feed(""));
    CHECK(!validator.complete());
    validator.reset();
    CHECK(validator.complete());
    CHECK(validator.feed("good"));
    CHECK(validator.complete());
}

TEST_CASE("an unfinished code point is forgotten by reset") {
    utf8_validator validator;
    CHECK(validator.feed("\xE2\x82"));
    validator.reset();
    CHECK(validator.feed("x"));
    CHECK(validator.complete());
}

TEST_CASE("the empty text is UTF-8") { check_all_splits("", true); }
