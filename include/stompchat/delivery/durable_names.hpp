// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_DURABLE_NAMES_HPP
#define STOMPCHAT_DELIVERY_DURABLE_NAMES_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/position.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** Which durable subscriptions a user has, so that their number is bounded. One entry of the state store per user: for each subscription a
    hash of its destination and name, and the day on which it was last begun. Those that were not begun for longer than a position lives do
    not count.
    Thread safety: distinct objects are independent; one object is for one thread at a time. Memory: 16 octets per subscription. */
class durable_names {
public:
    /// What became of the list.
    enum class outcome : std::uint8_t {
        unchanged, ///< nothing has to be written
        changed,   ///< text() has to be written
        full,      ///< there are `most` others
    };

    /// `text` as it was written, or empty. What cannot be read is left out.
    durable_names(std::string_view text, std::chrono::days today, std::chrono::days lifetime) : today_(today.count()) {
        while (!text.empty()) {
            const auto space = text.find(' ');
            one name;
            if (read(text.substr(0, space), name) && name.day <= today_ && today_ - name.day <= lifetime.count()) names_.push_back(name);
            text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        }
    }

    /// Begins one. One that is `known` to have a position comes in whatever there is.
    outcome begin(std::string_view destination, std::string_view name, std::size_t most, bool known) {
        const std::uint64_t hash = hash_of(destination, name);
        for (one& other : names_) {
            if (other.hash != hash) continue;
            if (other.day == today_) return outcome::unchanged;
            other.day = today_;
            return outcome::changed;
        }
        if (!known && names_.size() >= most) return outcome::full;
        names_.push_back({hash, today_});
        return outcome::changed;
    }

    /// Ends one for good.
    outcome end(std::string_view destination, std::string_view name) {
        const std::uint64_t hash = hash_of(destination, name);
        return std::erase_if(names_, [hash](const one& other) { return other.hash == hash; }) == 0 ? outcome::unchanged : outcome::changed;
    }

    /// The entry of the store.
    std::string text() const {
        std::string result;
        char number[24];
        const auto add = [&](auto value) {
            result.append(number, static_cast<std::size_t>(std::to_chars(number, number + sizeof number, value, 16).ptr - number));
        };
        for (const one& name : names_) {
            if (!result.empty()) result += ' ';
            add(name.hash);
            result += '-';
            add(name.day);
        }
        return result;
    }

    /// Those that count.
    std::size_t size() const noexcept { return names_.size(); }

private:
    struct one {
        std::uint64_t hash = 0;
        std::int64_t day = 0;
    };

    static std::uint64_t hash_of(std::string_view destination, std::string_view name) {
        // A destination holds no NUL (STOMP: no frame may), so the two parts cannot be confused.
        return fnv1a_64(std::string(destination).append(1, '\0').append(name));
    }
    static bool read(std::string_view text, one& into) noexcept {
        const char* const end = text.data() + text.size();
        const auto [dash, bad_hash] = std::from_chars(text.data(), end, into.hash, 16);
        if (bad_hash != std::errc{} || dash == end || *dash != '-') return false;
        const auto [stop, bad_day] = std::from_chars(dash + 1, end, into.day, 16);
        return bad_day == std::errc{} && stop == end;
    }

    std::int64_t today_;
    std::vector<one> names_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
