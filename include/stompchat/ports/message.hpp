// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_MESSAGE_HPP
#define STOMPCHAT_PORTS_MESSAGE_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/position.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI {

/** One application header of a message. Both parts are raw text: no escaping of any protocol is applied to them. */
struct header_field {
    /// As the sender wrote it.
    std::string_view name;
    /// As the sender wrote it; may be empty.
    std::string_view value;
};

/** An ordered list of header fields in one block of octets, so that a broker copies it as a whole.
    Layout of a field: length of the name (16 bits), length of the value (32 bits), both little-endian, then name and value.
    Thread safety: a view. Lifetime: the octets must outlive it. */
class header_block {
public:
    /// Goes through the fields in order, without copying. Lifetime: as long as the block's octets.
    class iterator {
    public:
        /// What it is to an algorithm: fields are made on the way, so it gives no references.
        using iterator_category = std::input_iterator_tag;
        /// Of a field.
        using value_type = header_field;
        /// Of two iterators.
        using difference_type = std::ptrdiff_t;
        /// Never made.
        using pointer = const header_field*;
        /// A field, by value.
        using reference = header_field;

        iterator() = default;
        /// At the field that begins there.
        explicit iterator(const char* at) noexcept : at_(at) {}
        /// The field it stands at.
        header_field operator*() const noexcept {
            const auto [name, value] = lengths();
            return {{at_ + prefix, name}, {at_ + prefix + name, value}};
        }
        /// To the next field.
        iterator& operator++() noexcept {
            const auto [name, value] = lengths();
            at_ += prefix + name + value;
            return *this;
        }
        /// To the next field; returns where it stood.
        iterator operator++(int) noexcept {
            const iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const iterator&, const iterator&) = default;

    private:
        struct field_lengths {
            std::size_t name;
            std::size_t value;
        };
        field_lengths lengths() const noexcept {
            const auto octet = [this](int i) { return static_cast<std::size_t>(static_cast<unsigned char>(at_[i])); };
            return {octet(0) | octet(1) << 8, octet(2) | octet(3) << 8 | octet(4) << 16 | octet(5) << 24};
        }
        const char* at_ = nullptr;
    };

    header_block() = default;

    /// Precondition: `octets` is well-formed, that is, empty or made by append_header(), or valid() of it holds.
    explicit header_block(std::string_view octets) noexcept : octets_(octets) {}

    /// The first field.
    iterator begin() const noexcept { return iterator{octets_.data()}; }
    /// Behind the last field.
    iterator end() const noexcept { return iterator{octets_.data() + octets_.size()}; }
    /// Whether there is no field.
    bool empty() const noexcept { return octets_.empty(); }
    /// All fields in the layout that is described above.
    std::string_view octets() const noexcept { return octets_; }

    /// The value of the first field of that name, or a null view.
    std::string_view find(std::string_view name) const noexcept {
        for (const header_field field : *this)
            if (field.name == name) return field.value;
        return {};
    }

    /// Checks octets that come from outside the process. Thread safety: safe to call from any thread.
    static bool valid(std::string_view octets) noexcept {
        while (!octets.empty()) {
            if (octets.size() < prefix) return false;
            const header_field field = *iterator{octets.data()};
            const std::size_t size = prefix + field.name.size() + field.value.size();
            if (octets.size() < size || field.name.empty()) return false;
            octets.remove_prefix(size);
        }
        return true;
    }

    /// Octets in front of each field's text.
    static constexpr std::size_t prefix = 6;

private:
    std::string_view octets_;
};

/** Appends a field to the octets of a header_block. Precondition: the name has at most 65,535 octets, the value fewer than 2^32. */
inline void append_header(std::string& block, std::string_view name, std::string_view value) {
    const auto octet = [](std::size_t number, int shift) { return static_cast<char>(static_cast<unsigned char>(number >> shift)); };
    const char prefix[header_block::prefix] = {octet(name.size(), 0),  octet(name.size(), 8),   octet(value.size(), 0),
                                               octet(value.size(), 8), octet(value.size(), 16), octet(value.size(), 24)};
    block.append(prefix, sizeof prefix);
    block.append(name);
    block.append(value);
}

/** A message as it stands in the log. Thread safety: a view. Lifetime: as its source says; a broker's views die when the call returns. */
struct record_view {
    /// Where it stands.
    position at;
    /// As the log knows it: `/topic/...`, or `/user/<user>/queue/...`.
    std::string_view destination;
    /// The authenticated user who sent it; empty for a message of the application itself.
    std::string_view user;
    /// When the publishing node took it, in milliseconds since 1970-01-01 UTC.
    std::int64_t timestamp = 0;
    /// The application's headers; those that a server stamps are not among them.
    header_block headers;
    /// Octets, perhaps none.
    std::string_view body;
};

/** Names a message over all of its copies: whoever publishes it again, because an earlier try may or may not have reached the log, gives
   the copy the same id. Thread safety: a value type. */
struct record_id {
    /// A number that no other publisher uses, nor another run of the same one; 0 = no id.
    std::uint64_t incarnation = 0;
    /// A counter of that publisher.
    std::uint64_t sequence = 0;

    /// Whether two ids name the same message.
    friend bool operator==(const record_id&, const record_id&) = default;
};

/** A message on its way into the log. Thread safety: a view. Lifetime: until broker::publish() returns. */
struct outgoing {
    /// Comes back in the publish_result. The caller chooses it.
    std::uint64_t ticket = 0;
    /// As the log knows it: `/topic/...`, or `/user/<user>/queue/...`.
    std::string_view destination;
    /// The authenticated user who sends it; empty for a message of the application itself.
    std::string_view user;
    /// Milliseconds since 1970-01-01 UTC.
    std::int64_t timestamp = 0;
    /// The application's headers.
    header_block headers;
    /// Octets, perhaps none.
    std::string_view body;
    /// For those who are there at the moment: it is never logged.
    bool ephemeral = false;
    /// Of a message of which there may be copies.
    record_id id{};
    /// With an id: no copy of the message stands below it. It is the same for all copies, and was known before the first try. In another
    /// epoch than the log's it says nothing.
    position base{};
};

/** A message that owns its octets, in one block. Thread safety: distinct objects are independent; a shared object may be read by many
 * threads. */
class message {
public:
    message() = default;

    /// Copies a record.
    explicit message(const record_view& from) : at_(from.at), timestamp_(from.timestamp) {
        octets_.reserve(from.destination.size() + from.user.size() + from.headers.octets().size() + from.body.size());
        octets_.append(from.destination).append(from.user).append(from.headers.octets()).append(from.body);
        destination_ = static_cast<std::uint32_t>(from.destination.size());
        user_ = static_cast<std::uint32_t>(from.user.size());
        headers_ = static_cast<std::uint32_t>(from.headers.octets().size());
    }

    /// Lifetime: as long as this object is neither changed nor destroyed.
    record_view view() const noexcept {
        const std::string_view all = octets_;
        return {at_,
                all.substr(0, destination_),
                all.substr(destination_, user_),
                timestamp_,
                header_block{all.substr(destination_ + user_, headers_)},
                all.substr(destination_ + user_ + headers_)};
    }

    /// Where it stands in the log.
    const position& at() const noexcept { return at_; }

    /// What it holds, in octets.
    std::size_t size() const noexcept { return octets_.size(); }

private:
    position at_;
    std::int64_t timestamp_ = 0;
    std::uint32_t destination_ = 0;
    std::uint32_t user_ = 0;
    std::uint32_t headers_ = 0;
    std::string octets_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
