// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_REPLY_HPP
#define STOMPCHAT_REDIS_DETAIL_REPLY_HPP

#include <stompchat/config.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::redis {

enum class reply_type : std::uint8_t {
    nil,
    status,
    error,
    string,
    integer,
    array,
};

/** An answer of Redis. Asking it for what it is not gives the empty text, 0 or no elements, so that a reader need not check every step
    into an answer before it checks the whole. */
class reply {
public:
    reply() = default;

    reply_type type() const noexcept { return type_; }
    bool is_nil() const noexcept { return type_ == reply_type::nil; }
    bool is_error() const noexcept { return type_ == reply_type::error; }
    bool is_array() const noexcept { return type_ == reply_type::array; }

    /// Of a status, an error or a string.
    const std::string& text() const noexcept { return text_; }
    std::string take_text() noexcept { return std::move(text_); }
    std::int64_t integer() const noexcept { return integer_; }
    std::span<const reply> elements() const noexcept { return elements_; }
    std::span<reply> elements() noexcept { return elements_; }
    /// Nil where there is none.
    const reply& operator[](std::size_t i) const noexcept {
        static const reply none;
        return i < elements_.size() ? elements_[i] : none;
    }

private:
    friend class reply_reader;

    reply_type type_ = reply_type::nil;
    std::int64_t integer_ = 0;
    std::string text_;
    std::vector<reply> elements_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
