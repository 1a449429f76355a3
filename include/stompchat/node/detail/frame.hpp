// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_FRAME_HPP
#define STOMPCHAT_NODE_DETAIL_FRAME_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/stomp/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

class frame;

/** Counts what frames of one shard hold, so that slow sessions cannot keep an unbounded amount of memory alive. */
struct frame_budget {
    std::size_t octets = 0;
};

/** A reference to a frame. The count is not atomic: a frame belongs to one shard, and moves there once from where it was made. */
class frame_ref {
public:
    frame_ref() = default;
    explicit frame_ref(frame* owned) noexcept : frame_(owned) {}
    frame_ref(const frame_ref& other) noexcept;
    frame_ref(frame_ref&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    frame_ref& operator=(frame_ref other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~frame_ref();

    frame* get() const noexcept { return frame_; }
    frame* operator->() const noexcept { return frame_; }
    frame& operator*() const noexcept { return *frame_; }
    explicit operator bool() const noexcept { return frame_ != nullptr; }
    /// Gives the reference to the caller, who releases it with frame_ref{pointer}.
    frame* detach() noexcept { return std::exchange(frame_, nullptr); }

private:
    frame* frame_ = nullptr;
};

/** Octets to send, encoded once, immutable, shared by all deliveries of one shard.

    A *message* holds everything of a MESSAGE that is the same for all subscriptions: the message-id line, then the rest. What differs
    (subscription, ack, a suffix of the message-id) is written in front of it at each delivery. Where the STOMP versions write a
    header differently, the frame makes a variant per version, when the first subscriber of that version takes it.
    A *stomp* frame is one complete STOMP frame for one session; a *wire* frame goes out as it is.
    Memory: one block per frame. */
class frame {
public:
    enum class kind : std::uint8_t {
        message,
        stomp,
        wire,
    };

    /// A MESSAGE from the log.
    STOMPCHAT_DECL static frame_ref make_message(const record_view& record);
    /// A MESSAGE that is not in the log (replies): its id is `s-<number>`, which is no token, and at().offset is the number.
    STOMPCHAT_DECL static frame_ref make_local_message(std::uint64_t number, std::string_view destination, header_block headers,
                                                       std::string_view body);
    /// A MESSAGE that is not in the log, for everybody who is there: its id is `s-e<number>`, which is no token.
    STOMPCHAT_DECL static frame_ref make_ephemeral(std::uint64_t number, const record_view& record);
    STOMPCHAT_DECL static frame_ref make(kind what, std::string_view octets);

    frame(const frame&) = delete;
    frame& operator=(const frame&) = delete;

    kind what() const noexcept { return kind_; }
    /// Everything from `message-id:` (a message) or from the first octet (others) to the end.
    std::string_view octets() const noexcept { return {reinterpret_cast<const char*>(this + 1), size_}; }
    std::string_view message_id() const noexcept { return octets().substr(id_prefix, id_length_); }
    /// A message without its message-id line.
    std::string_view rest() const noexcept { return octets().substr(id_prefix + id_length_ + 1u); }
    /// The value of a message's header, as it stands on the wire; a null view when there is none.
    STOMPCHAT_DECL std::string_view header(std::string_view name) const noexcept;
    /// A message that nobody acknowledges, although its subscription asks for it: it tells of the subscription itself.
    bool acknowledged() const noexcept { return acknowledged_; }
    void make_unacknowledged() noexcept { acknowledged_ = false; }
    /// It counts in no window, and its ACK means nothing.
    bool ephemeral() const noexcept { return ephemeral_; }
    /// Where an ephemeral message stands among the others of its shard's topic: in front of the record at or above that offset.
    void place(offset at) noexcept { at_.offset = at; }
    /// Whether all octets are UTF-8, so that it may travel as WebSocket text.
    bool text() const noexcept { return text_; }
    std::size_t size() const noexcept { return size_; }
    const position& at() const noexcept { return at_; }

    /// The frame as a session of that version reads it.
    STOMPCHAT_DECL const frame& for_version(stomp::version wanted);

    /// From now on the frame's octets count in `budget`, until it is destroyed.
    void charge(frame_budget& budget) noexcept {
        budget_ = &budget;
        budget.octets += size_;
    }

private:
    friend class frame_ref;
    static constexpr std::size_t id_prefix = sizeof("message-id:") - 1;

    frame() = default;
    ~frame() = default;
    STOMPCHAT_DECL static frame* allocate(std::size_t octets);
    STOMPCHAT_DECL static frame_ref encode(std::string_view message_id, const record_view& record, stomp::version version);
    STOMPCHAT_DECL void destroy() noexcept;
    char* data() noexcept { return reinterpret_cast<char*>(this + 1); }

    std::uint32_t references_ = 1;
    std::uint32_t size_ = 0;
    position at_;
    frame_budget* budget_ = nullptr;
    // Only a frame that versions write differently has the message it was made from and variants of itself.
    struct variants {
        message source;
        std::array<frame_ref, 2> older;
    };
    std::unique_ptr<variants> variants_;
    std::uint8_t id_length_ = 0;
    kind kind_ = kind::wire;
    bool text_ = false;
    bool acknowledged_ = true;
    bool ephemeral_ = false;
};

inline frame_ref::frame_ref(const frame_ref& other) noexcept : frame_(other.frame_) {
    if (frame_ != nullptr) ++frame_->references_;
}

inline frame_ref::~frame_ref() {
    if (frame_ != nullptr && --frame_->references_ == 0) frame_->destroy();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/frame.ipp>
#endif

#endif
