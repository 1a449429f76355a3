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
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** A command: its words, any octets each. */
class command {
public:
    command() = default;
    command(std::initializer_list<std::string_view> words) {
        for (const std::string_view word : words) add(word);
    }

    command& add(std::string_view word) {
        text_ += word;
        ends_.push_back(text_.size());
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
        for (const std::size_t end : other.ends_) ends_.push_back(text_.size() + end);
        text_ += other.text_;
        return *this;
    }

    /// How many words there are.
    std::size_t size() const noexcept { return ends_.size(); }
    /// About what it takes on the wire.
    std::size_t octets() const noexcept { return text_.size() + 16 * ends_.size(); }

    /// Appends it as Redis reads it, with `before` in front of its words. Throws std::bad_alloc.
    STOMPCHAT_DECL void encode(std::string& out, std::span<const std::string_view> before = {}) const;

private:
    std::string text_;
    std::vector<std::size_t> ends_; // of words in text_
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
