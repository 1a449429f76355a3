// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_FRAME_IPP
#define STOMPCHAT_NODE_IMPL_FRAME_IPP

#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/stomp/encoder.hpp>
#include <stompchat/stomp/escape.hpp>
#include <stompchat/utf8.hpp>

#include <cassert>
#include <charconv>
#include <cstring>
#include <limits>
#include <new>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI::node {
namespace detail {

/// A header line that stands in every logged MESSAGE, or an empty view for a value that is absent.
struct stamped_numbers {
    explicit stamped_numbers(const record_view& record) noexcept {
        timestamp_end = std::to_chars(timestamp, timestamp + sizeof timestamp, record.timestamp).ptr;
        length_end = std::to_chars(length, length + sizeof length, record.body.size()).ptr;
    }
    std::string_view timestamp_text() const noexcept { return {timestamp, static_cast<std::size_t>(timestamp_end - timestamp)}; }
    std::string_view length_text() const noexcept { return {length, static_cast<std::size_t>(length_end - length)}; }

    char timestamp[24];
    char* timestamp_end;
    char length[24];
    char* length_end;
};

/** Calls `line(name, value)` for each header line behind the message-id, in the order of the wire.
    A record without a timestamp (a reply) has none on the wire. */
template <class Line>
void for_each_line(const record_view& record, const stamped_numbers& numbers, Line&& line) {
    std::string storage;
    line(std::string_view("destination"), delivery::subscribed_destination(record.destination, storage));
    if (record.timestamp != 0) line(std::string_view("timestamp"), numbers.timestamp_text());
    if (!record.user.empty()) line(std::string_view("user"), record.user);
    for (const header_field field : record.headers) line(field.name, field.value);
    line(std::string_view("content-length"), numbers.length_text());
}

inline char* write(char* out, std::string_view text) noexcept {
    // memcpy from a null view is undefined even when it is empty.
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

} // namespace detail

STOMPCHAT_DECL frame* frame::allocate(std::size_t octets) {
    assert(octets <= std::numeric_limits<std::uint32_t>::max());
    void* block = ::operator new(sizeof(frame) + octets);
    frame* made = new (block) frame;
    made->size_ = static_cast<std::uint32_t>(octets);
    return made;
}

STOMPCHAT_DECL void frame::destroy() noexcept {
    if (budget_ != nullptr) budget_->octets -= size_;
    this->~frame();
    ::operator delete(this);
}

STOMPCHAT_DECL frame_ref frame::encode(std::string_view message_id, const record_view& record, stomp::version version) {
    const detail::stamped_numbers numbers(record);
    constexpr std::string_view id_name = "message-id:";
    // Two passes: the first one measures, so that the body is copied once, into its final place.
    bool plain = true;
    std::size_t size = id_name.size() + message_id.size() + 1;
    std::string escaped;
    detail::for_each_line(record, numbers, [&](std::string_view name, std::string_view value) {
        size += name.size() + value.size() + 2;
        if (stomp::needs_escaping(name, value)) plain = false;
    });
    if (!plain) {
        detail::for_each_line(record, numbers,
                              [&](std::string_view name, std::string_view value) { stomp::append_header(escaped, name, value, version); });
        size = id_name.size() + message_id.size() + 1 + escaped.size();
    }
    frame_ref made(allocate(size + 1 + record.body.size() + 1));
    char* out = detail::write(made->data(), id_name);
    out = detail::write(out, message_id);
    *out++ = '\n';
    if (plain) {
        detail::for_each_line(record, numbers, [&](std::string_view name, std::string_view value) {
            out = detail::write(out, name);
            *out++ = ':';
            out = detail::write(out, value);
            *out++ = '\n';
        });
    } else {
        out = detail::write(out, escaped);
    }
    *out++ = '\n';
    out = detail::write(out, record.body);
    *out = '\0';
    made->kind_ = kind::message;
    made->id_length_ = static_cast<std::uint8_t>(message_id.size());
    made->at_ = record.at;
    // Headers came in as UTF-8 (the decoder refuses others), but a log may be written by others.
    made->text_ = is_utf8(made->octets());
    if (!plain && version == stomp::version::v1_2) made->variants_ = std::make_unique<variants>(variants{message(record), {}});
    return made;
}

STOMPCHAT_DECL frame_ref frame::make_message(const record_view& record) {
    return encode(position_token(record.at, record.destination).text(), record, stomp::version::v1_2);
}

STOMPCHAT_DECL frame_ref frame::make_local_message(std::uint64_t number, std::string_view destination, header_block headers,
                                                   std::string_view body) {
    record_view record;
    record.at.offset = static_cast<offset>(number);
    record.destination = destination;
    record.headers = headers;
    record.body = body;
    return encode("s-" + std::to_string(number), record, stomp::version::v1_2);
}

STOMPCHAT_DECL frame_ref frame::make_ephemeral(std::uint64_t number, const record_view& record) {
    frame_ref made = encode("s-e" + std::to_string(number), record, stomp::version::v1_2);
    made->ephemeral_ = true;
    return made;
}

STOMPCHAT_DECL frame_ref frame::make(kind what, std::string_view octets) {
    frame_ref made(allocate(octets.size()));
    detail::write(made->data(), octets);
    made->kind_ = what;
    made->text_ = what == kind::stomp && is_utf8(octets);
    return made;
}

STOMPCHAT_DECL std::string_view frame::header(std::string_view name) const noexcept {
    std::string_view lines = rest();
    while (!lines.empty() && lines.front() != '\n') {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        if (line.size() > name.size() && line[name.size()] == ':' && line.starts_with(name)) {
            const std::string_view value = line.substr(name.size() + 1);
            return value.empty() ? std::string_view() : value;
        }
        lines.remove_prefix(line.size() + 1);
    }
    return {};
}

STOMPCHAT_DECL const frame& frame::for_version(stomp::version wanted) {
    if (!variants_ || wanted == stomp::version::v1_2) return *this;
    frame_ref& variant = variants_->older[static_cast<std::size_t>(wanted)];
    if (!variant) variant = encode(message_id(), variants_->source.view(), wanted);
    return *variant;
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
