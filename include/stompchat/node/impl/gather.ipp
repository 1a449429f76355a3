// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_GATHER_IPP
#define STOMPCHAT_NODE_IMPL_GATHER_IPP

#include <stompchat/node/detail/gather.hpp>
#include <stompchat/websocket/frame.hpp>

#include <charconv>
#include <cstring>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::node {
namespace detail {

/** The parts of one entry in front of the frame's shared octets. */
struct entry_head {
    std::string_view command;      // "MESSAGE\n", or nothing
    std::string_view subscription; // a whole line, or nothing
    std::string_view ack_name;     // "ack:" in 1.2
    std::string_view id_name;      // "message-id:" where the shared line cannot be used
    std::string_view id;           // the message-id, for an ack or message-id line of this delivery
    char suffix[12];
    std::size_t suffix_size = 0;
    std::string_view shared; // the rest of the frame

    std::size_t id_line() const noexcept { return ack_name.size() + id_name.size() + id.size() + suffix_size + (id.empty() ? 0 : 1); }
    std::size_t size() const noexcept { return command.size() + subscription.size() + id_line(); }
};

inline entry_head head_of(const delivery_entry& entry) noexcept {
    entry_head head;
    if (entry.what->what() != frame::kind::message) {
        head.shared = entry.what->octets();
        return head;
    }
    const subscription& whom = *entry.whom;
    const frame& what = entry.what->for_version(whom.version);
    head.command = "MESSAGE\n";
    head.subscription = whom.head;
    head.shared = what.octets();
    if (!whom.acks || !entry.what->acknowledged()) return head;
    if (whom.acks->suffix != 0) {
        head.suffix[0] = '_';
        head.suffix_size =
            static_cast<std::size_t>(std::to_chars(head.suffix + 1, head.suffix + sizeof head.suffix, whom.acks->suffix).ptr - head.suffix);
    }
    if (whom.version == stomp::version::v1_2) {
        // STOMP 1.2, "MESSAGE": an ack header if the subscription needs acknowledgement.
        head.ack_name = "ack:";
        head.id = what.message_id();
    } else if (head.suffix_size != 0) {
        // Before 1.2 the message-id itself is what is acknowledged, so it has to be unique per delivery.
        head.id_name = "message-id:";
        head.id = what.message_id();
        head.shared = what.rest();
    }
    return head;
}

inline char* put(char* out, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

} // namespace detail

STOMPCHAT_DECL gather::gather() : scratch_(std::make_unique_for_overwrite<char[]>(scratch_size)) {
    buffers_.reserve(max_buffers);
    sizes_.reserve(scratch_size / 64);
}

STOMPCHAT_DECL std::span<const asio::const_buffer> gather::build(const output_queue& queue, std::size_t skip, bool websocket) {
    used_ = total_ = 0;
    buffers_.clear();
    sizes_.clear();
    queue.for_each([&](const delivery_entry& entry) { return add(entry, websocket); });
    std::span<asio::const_buffer> buffers(buffers_);
    while (skip != 0) {
        if (buffers.front().size() > skip) {
            buffers.front() += skip;
            break;
        }
        skip -= buffers.front().size();
        buffers = buffers.subspan(1);
    }
    return buffers;
}

STOMPCHAT_DECL std::size_t gather::finished(std::size_t written, std::size_t& skip) const noexcept {
    std::size_t done = 0;
    written += skip;
    while (done != sizes_.size() && written >= sizes_[done]) written -= sizes_[done++];
    skip = written;
    return done;
}

STOMPCHAT_DECL bool gather::add(const delivery_entry& entry, bool websocket) {
    if (total_ >= write_limit || buffers_.size() + 4 > max_buffers) return false;
    const detail::entry_head head = detail::head_of(entry);
    const std::size_t payload = head.size() + head.shared.size();
    const bool copied = head.shared.size() <= copy_limit;
    // An id that a client made very long goes by reference too, so that one entry always finds room in an empty scratch.
    const bool head_copied = head.subscription.size() <= copy_limit;
    const std::size_t to_copy = websocket::max_header_size + head.size() - (head_copied ? 0 : head.subscription.size());
    char* const start = room_for(to_copy + (copied ? head.shared.size() : 0));
    if (start == nullptr) return false;
    char* out = start;
    std::size_t size = 0;
    if (websocket && entry.what->what() != frame::kind::wire) {
        // Text only if the whole frame is UTF-8: a browser closes the connection otherwise (RFC 6455, 8.1). Headers always are.
        out += websocket::write_header(out, entry.what->text() ? websocket::opcode::text : websocket::opcode::binary, payload);
    }
    out = detail::put(out, head.command);
    if (head_copied) {
        out = detail::put(out, head.subscription);
    } else {
        size += commit(out);
        refer(head.subscription);
        size += head.subscription.size();
    }
    if (!head.id.empty()) {
        out = detail::put(out, head.ack_name);
        out = detail::put(out, head.id_name);
        out = detail::put(out, head.id);
        out = detail::put(out, {head.suffix, head.suffix_size});
        *out++ = '\n';
    }
    if (copied) out = detail::put(out, head.shared);
    size += commit(out);
    if (!copied) {
        refer(head.shared);
        size += head.shared.size();
    }
    sizes_.push_back(size);
    return true;
}

STOMPCHAT_DECL std::size_t gather::commit(const char* end) {
    const char* const start = scratch_.get() + used_;
    const auto octets = static_cast<std::size_t>(end - start);
    if (octets == 0) return 0;
    used_ += octets;
    total_ += octets;
    if (!buffers_.empty() && static_cast<const char*>(buffers_.back().data()) + buffers_.back().size() == start)
        buffers_.back() = {buffers_.back().data(), buffers_.back().size() + octets};
    else
        buffers_.emplace_back(start, octets);
    return octets;
}

STOMPCHAT_DECL void gather::refer(std::string_view octets) {
    buffers_.emplace_back(octets.data(), octets.size());
    total_ += octets.size();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
