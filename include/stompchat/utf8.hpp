// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_UTF8_HPP
#define STOMPCHAT_UTF8_HPP

#include <stompchat/config.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI {

/** Checks UTF-8 that arrives in pieces (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
    Thread safety: distinct objects are independent; one object is for one thread at a time. Memory: three octets of state, nothing is
   buffered. */
class utf8_validator {
public:
    /// Takes the next piece. Returns false as soon as the text cannot be UTF-8 any more; the object then stays in that state until reset().
    bool feed(std::string_view piece) noexcept {
        const char* at = piece.data();
        const char* const end = at + piece.size();
        while (at != end) {
            if (missing_ == 0) {
                // Eight ASCII octets at a time: chat is mostly ASCII, and this check stands on the path of every message.
                while (end - at >= 8) {
                    std::uint64_t word;
                    std::memcpy(&word, at, 8);
                    if ((word & 0x8080808080808080u) != 0) break;
                    at += 8;
                }
                if (at == end) break;
            }
            if (!step(static_cast<unsigned char>(*at++))) return false;
        }
        return !bad_;
    }

    /// True when the text so far is UTF-8 and does not end inside a code point.
    bool complete() const noexcept { return !bad_ && missing_ == 0; }

    /// Begins with another text.
    void reset() noexcept { *this = {}; }

private:
    bool step(unsigned char octet) noexcept {
        if (bad_) return false;
        if (missing_ == 0) {
            if (octet < 0x80) return true;
            lowest_ = 0x80;
            highest_ = 0xBF;
            if (octet >= 0xC2 && octet <= 0xDF) {
                missing_ = 1;
            } else if ((octet & 0xF0) == 0xE0) {
                missing_ = 2;
                if (octet == 0xE0) lowest_ = 0xA0;
                if (octet == 0xED) highest_ = 0x9F;
            } else if (octet >= 0xF0 && octet <= 0xF4) {
                missing_ = 3;
                if (octet == 0xF0) lowest_ = 0x90;
                if (octet == 0xF4) highest_ = 0x8F;
            } else {
                return fail();
            }
            return true;
        }
        if (octet < lowest_ || octet > highest_) return fail();
        lowest_ = 0x80;
        highest_ = 0xBF;
        --missing_;
        return true;
    }

    bool fail() noexcept {
        bad_ = true;
        return false;
    }

    std::uint8_t missing_ = 0;
    std::uint8_t lowest_ = 0x80;
    std::uint8_t highest_ = 0xBF;
    bool bad_ = false;
};

/// True when the whole of `text` is UTF-8 (RFC 3629). Thread safety: safe to call from any thread.
inline bool is_utf8(std::string_view text) noexcept {
    utf8_validator validator;
    return validator.feed(text) && validator.complete();
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
