// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_COMMAND_HPP
#define STOMPCHAT_REDIS_DETAIL_COMMAND_HPP

#include <stompchat/config.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** A command: its words, any octets each, as they are written on the wire. (hiredis would take each word as a pointer and allocate twice
    more; for the way back, which is the hard one, it is used.) */
class command {
public:
    command() = default;
    command(std::initializer_list<std::string_view> words) {
        for (const std::string_view word : words) add(word);
    }

    command& add(std::string_view word) {
        append_word(text_, word);
        ++size_;
        return *this;
    }
    template <std::integral Number>
    command& add(Number number) {
        std::array<char, 24> digits;
        const auto [end, ec] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
        return add(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
    }

    /// The words of another one.
    command& append(const command& other) {
        text_ += other.text_;
        size_ += other.size_;
        return *this;
    }

    /// How many words there are.
    std::size_t size() const noexcept { return size_; }
    /// About what it takes on the wire.
    std::size_t octets() const noexcept { return text_.size(); }

    /// Appends it as Redis reads it, with `before` in front of its words.
    void encode(std::string& out, std::span<const std::string_view> before = {}) const {
        append_number(out, '*', before.size() + size_);
        for (const std::string_view word : before) append_word(out, word);
        out += text_;
    }

private:
    static void append_number(std::string& out, char kind, std::size_t number) {
        std::array<char, 24> digits;
        digits[0] = kind;
        char* const end = std::to_chars(digits.data() + 1, digits.data() + digits.size() - 2, number).ptr;
        end[0] = '\r';
        end[1] = '\n';
        out.append(digits.data(), static_cast<std::size_t>(end + 2 - digits.data()));
    }
    // RESP: a bulk string is its length and its octets, each with a line end behind it.
    static void append_word(std::string& out, std::string_view word) {
        append_number(out, '$', word.size());
        out += word;
        out += "\r\n";
    }

    std::string text_;
    std::size_t size_ = 0;
};

/** A Lua script. Connections know it by its address: it must live as long as they do, so make it a constant.
    Thread safety: safe to use from several threads. */
class script {
public:
    STOMPCHAT_DECL explicit script(std::string_view text);
    script(const script&) = delete;

    std::string_view text() const noexcept { return text_; }
    /// What EVALSHA calls it.
    std::string_view sha() const noexcept { return {sha_.data(), sha_.size()}; }

private:
    std::string text_;
    std::array<char, 40> sha_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/command.ipp>
#endif

#endif
