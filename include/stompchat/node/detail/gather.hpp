// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_GATHER_HPP
#define STOMPCHAT_NODE_DETAIL_GATHER_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/detail/output_queue.hpp>

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

namespace asio = boost::asio;

/** Turns the front of an output queue into buffers for one gather write.
    What differs per delivery (WebSocket header, subscription, ack) is written into a scratch that all sessions of a shard use in turn;
   small frames are copied behind it, larger ones are referred to. What an entry looks like on the wire depends on nothing that changes, so
   after a partial write the queue needs to remember only how far into its first entry it came. Thread safety: for one thread. Memory: about
   70 KiB, once per shard. */
class gather {
public:
    /// A frame up to this size is copied: copying is cheaper than one more buffer in the system call.
    static constexpr std::size_t copy_limit = 2048;
    /// No entry is added to a write that has that many octets.
    static constexpr std::size_t write_limit = 256 * 1024;

    STOMPCHAT_DECL gather();

    /** Builds the buffers for as much of `queue` as one write should take, without the first `skip` octets.
        Precondition: the queue is not empty. Lifetime: until the following call; `queue` must not be popped before the write. */
    STOMPCHAT_DECL std::span<const asio::const_buffer> build(const output_queue& queue, std::size_t skip, bool websocket);

    /** Tells how many entries a write of `written` octets finished, and leaves in `skip` how far it came into the next one. */
    STOMPCHAT_DECL std::size_t finished(std::size_t written, std::size_t& skip) const noexcept;

private:
    static constexpr std::size_t scratch_size = 64 * 1024;
    static constexpr std::size_t max_buffers = 128;

    bool add(const delivery_entry& entry, bool websocket);
    void refer(std::string_view octets);
    char* room_for(std::size_t octets) noexcept { return scratch_size - used_ < octets ? nullptr : scratch_.get() + used_; }
    /// What was written into the scratch up to `end` counts; returns how much that is.
    std::size_t commit(const char* end);

    std::unique_ptr<char[]> scratch_;
    std::size_t used_ = 0;
    std::size_t total_ = 0;
    std::vector<asio::const_buffer> buffers_;
    std::vector<std::size_t> sizes_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/gather.ipp>
#endif

#endif
