// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_SESSION_STATE_IPP
#define STOMPCHAT_STOMP_IMPL_SESSION_STATE_IPP

// What only some sessions need: open transactions, and which subscriptions were removed.

#include <stompchat/stomp/server_session.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::stomp {
namespace detail {

/// The copied frames of one open transaction. Every frame is one block of memory: its header array and behind that its text.
class transaction {
public:
    explicit transaction(std::string_view id) : id_(id) {}

    const std::string& id() const noexcept { return id_; }
    std::size_t size() const noexcept { return frames_.size(); }
    std::size_t octets() const noexcept { return octets_; }
    std::span<transaction_frame> frames() noexcept { return frames_; }

    /// What adding the frame costs of the limit: memory, not only text, or many empty headers would be free.
    static std::size_t octets_of(const frame_view& frame) noexcept { return sizeof(transaction_frame) + block_size(frame); }

    void add(const event& ev, event_kind kind) {
        const std::size_t size = block_size(ev.frame);
        auto block = std::make_unique<std::byte[]>(size + 1);
        std::byte* const first_header = block.get();
        char* text = reinterpret_cast<char*>(first_header + ev.frame.headers.size() * sizeof(header));
        const auto copy = [&text](std::string_view from) {
            if (!from.empty()) std::memcpy(text, from.data(), from.size());
            const std::string_view copied(text, from.size());
            text += from.size();
            return copied;
        };
        transaction_frame added;
        added.kind = kind;
        added.nack = ev.nack;
        added.frame = ev.frame;
        std::byte* at = first_header;
        for (const header& h : ev.frame.headers) {
            const std::string_view name = copy(h.name);
            new (at) header{name, copy(h.value)};
            at += sizeof(header);
        }
        added.frame.headers = {std::launder(reinterpret_cast<header*>(first_header)), ev.frame.headers.size()};
        added.frame.body = copy(ev.frame.body);
        blocks_.push_back(std::move(block));
        frames_.push_back(added);
        octets_ += octets_of(ev.frame);
    }

    /// Zero, or why COMMIT has to fail.
    error spoiled{};

private:
    static std::size_t block_size(const frame_view& frame) noexcept {
        std::size_t size = frame.headers.size() * sizeof(header) + frame.body.size();
        for (const header& h : frame.headers) size += h.name.size() + h.value.size();
        return size;
    }

    std::string id_;
    std::vector<transaction_frame> frames_;
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::size_t octets_ = 0;
};

} // namespace detail

struct server_session::rare_state {
    static constexpr std::size_t removed_kept = 64;

    std::vector<std::unique_ptr<detail::transaction>> open;
    std::unique_ptr<detail::transaction> committed; // of the last commit event
    std::vector<std::size_t> removed;               // hashes of ids, the latest ones, in a ring
    std::size_t removed_next = 0;

    auto find(std::string_view id) noexcept {
        return std::find_if(open.begin(), open.end(), [id](const auto& one) { return one->id() == id; });
    }

    std::size_t octets() const noexcept {
        std::size_t total = 0;
        for (const auto& one : open) total += one->octets();
        return total;
    }
};

STOMPCHAT_DECL server_session::rare_state& server_session::rare() {
    if (!rare_) rare_ = std::make_unique<rare_state>();
    return *rare_;
}

STOMPCHAT_DECL void server_session::remember_removed(std::string_view id) {
    // Only an ACK of 1.1 names a subscription: in 1.0 and 1.2 the caller finds the delivery by an id that it made.
    if (version_ != version::v1_1) return;
    rare_state& kept = rare();
    const std::size_t hash = std::hash<std::string_view>()(id);
    if (kept.removed.size() < rare_state::removed_kept) {
        kept.removed.push_back(hash);
    } else {
        kept.removed[kept.removed_next++ % rare_state::removed_kept] = hash;
    }
}

STOMPCHAT_DECL bool server_session::was_removed(std::string_view id) const noexcept {
    if (!rare_) return false;
    const auto& removed = rare_->removed;
    return std::find(removed.begin(), removed.end(), std::hash<std::string_view>()(id)) != removed.end();
}

STOMPCHAT_DECL void server_session::remove(const subscription& sub) {
    remember_removed(sub.id);
    subscriptions_.remove(sub);
}

STOMPCHAT_DECL void server_session::close() noexcept {
    state_ = state::closed;
    clock_.stop();
    if (rare_) rare_->open.clear(); // committed frames may be what the caller is just looking at
}

STOMPCHAT_DECL std::size_t server_session::heap_octets() const noexcept {
    const auto of = [](const std::string& s) { return s.capacity() <= std::string().capacity() ? 0 : s.capacity() + 1; };
    std::size_t total = decoder_.buffer_capacity() + subscriptions_.heap_octets();
    if (leaving_) total += leaving_->octets();
    if (rare_) {
        total += sizeof(rare_state) + rare_->removed.capacity() * sizeof(std::size_t);
        for (const auto& one : rare_->open) total += sizeof(one) + sizeof(*one) + of(one->id()) + one->octets();
    }
    return total;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
