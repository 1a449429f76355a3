// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_RECORD_IPP
#define STOMPCHAT_KAFKA_IMPL_RECORD_IPP

#include <stompchat/kafka/record.hpp>
#include <stompchat/utf8.hpp>

#include <algorithm>
#include <type_traits>

namespace stompchat::inline STOMPCHAT_ABI::kafka {
namespace detail {

/// Octets in front of the texts.
inline constexpr std::size_t record_fixed_size = 52;

template <class Integer>
void put(char*& to, Integer number) noexcept {
    const auto value = static_cast<std::make_unsigned_t<Integer>>(number);
    for (std::size_t i = 0; i != sizeof value; ++i) *to++ = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

template <class Integer>
void take(const char*& from, Integer& number) noexcept {
    std::make_unsigned_t<Integer> value = 0;
    for (std::size_t i = 0; i != sizeof value; ++i)
        value = static_cast<decltype(value)>(value | static_cast<decltype(value)>(static_cast<unsigned char>(*from++)) << (8 * i));
    number = static_cast<Integer>(value);
}

/// Whether another writer's key may become a destination: what a node would let a client send to, and nothing that could break a line.
inline bool is_destination(std::string_view key) noexcept {
    const auto named = [key](std::string_view prefix) { return key.size() > prefix.size() && key.starts_with(prefix); };
    bool known = named("/topic/");
    if (named("/user/")) {
        constexpr std::string_view queue = "/queue/";
        const auto slash = key.find('/', 6);
        known = slash != std::string_view::npos && slash > 6 && key.substr(slash).starts_with(queue) && key.size() > slash + queue.size();
    }
    if (!known || std::any_of(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        return false;
    return is_utf8(key);
}

} // namespace detail

STOMPCHAT_DECL void encode_record_header(std::string& out, record_type type, const outgoing& from) {
    const bool is_key = partition_key(from.destination).size() == from.destination.size();
    const std::string_view destination = is_key ? std::string_view() : from.destination;
    char fixed[detail::record_fixed_size];
    char* to = fixed;
    detail::put(to, record_version);
    detail::put(to, static_cast<std::uint8_t>(type));
    detail::put(to, std::uint16_t{0});
    detail::put(to, from.id.incarnation);
    detail::put(to, from.id.sequence);
    detail::put(to, from.base.epoch);
    detail::put(to, from.base.offset);
    detail::put(to, from.timestamp);
    detail::put(to, static_cast<std::uint16_t>(from.user.size()));
    detail::put(to, static_cast<std::uint16_t>(destination.size()));
    detail::put(to, static_cast<std::uint32_t>(from.headers.octets().size()));
    out.reserve(out.size() + sizeof fixed + from.user.size() + destination.size() + from.headers.octets().size());
    out.append(fixed, sizeof fixed).append(from.user).append(destination).append(from.headers.octets());
}

STOMPCHAT_DECL decoded_record decode_record(const raw_record& from, std::uint32_t partitions) noexcept {
    decoded_record read;
    read.base.partition = from.at.partition;
    read.view.at = from.at;
    read.view.body = from.body;
    read.view.timestamp = from.timestamp;
    read.view.destination = from.key;
    if (!from.header) {
        if (!detail::is_destination(from.key)) return read;
        read.outcome = partition_of(from.key, partitions) == from.at.partition ? record_outcome::plain : record_outcome::misplaced;
        return read;
    }

    const std::string_view header = *from.header;
    if (header.empty() || header[0] == 0) return read;
    const char* at = header.data();
    std::uint8_t version = 0;
    detail::take(at, version);
    if (version != record_version) {
        read.outcome = record_outcome::newer;
        return read;
    }
    if (header.size() < detail::record_fixed_size) return read;
    std::uint8_t type = 0;
    std::uint16_t flags = 0;
    std::uint16_t user = 0;
    std::uint16_t destination = 0;
    std::uint32_t headers = 0;
    detail::take(at, type);
    detail::take(at, flags);
    detail::take(at, read.id.incarnation);
    detail::take(at, read.id.sequence);
    detail::take(at, read.base.epoch);
    detail::take(at, read.base.offset);
    detail::take(at, read.view.timestamp);
    detail::take(at, user);
    detail::take(at, destination);
    detail::take(at, headers);

    const std::string_view texts = header.substr(detail::record_fixed_size);
    if (texts.size() < std::size_t{user} + destination + headers) return read;
    read.type = static_cast<record_type>(type);
    if (read.type > record_type::probe) {
        read.outcome = record_outcome::unknown_type;
        return read;
    }
    read.view.user = texts.substr(0, user);
    if (destination != 0) read.view.destination = texts.substr(user, destination);
    const std::string_view fields = texts.substr(std::size_t{user} + destination, headers);
    if (!header_block::valid(fields)) return read;
    read.view.headers = header_block(fields);
    if (read.type == record_type::probe) {
        read.view.destination = {};
        read.outcome = record_outcome::ours;
        return read;
    }
    if (read.view.destination.empty()) return read;
    read.outcome = partition_of(read.view.destination, partitions) == from.at.partition ? record_outcome::ours : record_outcome::misplaced;
    return read;
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
