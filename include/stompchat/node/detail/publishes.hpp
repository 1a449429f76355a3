// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_PUBLISHES_HPP
#define STOMPCHAT_NODE_DETAIL_PUBLISHES_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/detail/connection.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** Several things that are answered together: the SENDs of a transaction, or what an application did for one request.
    Each of them is open until it is done; the RECEIPT goes out with the last one. */
struct publish_group {
    std::size_t open = 1;
    bool transaction = false;
    /// It was refused: nobody is to be answered any more.
    bool refused = false;
    std::string receipt;
};

/** What is to be done when the broker has answered a publish. */
struct publish_record {
    publish_record() = default;
    explicit publish_record(std::string_view receipt_id) : receipt(receipt_id) {}
    explicit publish_record(std::shared_ptr<publish_group> in) : group(std::move(in)) {}

    connection_id session;
    std::uint32_t octets = 0;
    /// Of the destination: the RECEIPT names the message-id.
    std::uint32_t check = 0;
    /// Of keyed_sends; 0 = none.
    std::uint64_t keyed = 0;
    std::string receipt;
    std::shared_ptr<publish_group> group;
};

/** The publishes of a shard that the broker has not answered. A number is used again only with another generation, and a broker answers
   each once. Thread safety: for the shard's thread. Memory: as many entries as were in flight at once. */
class publishes {
public:
    /// Returns the number under which the answer will come.
    std::uint64_t add(publish_record what) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(entries_.size()));
            entries_.emplace_back();
        }
        const std::uint32_t at = free_.back();
        free_.pop_back();
        entry& used = entries_[at];
        used.what = std::move(what);
        used.open = true;
        return std::uint64_t{used.generation & 0xFFFFFu} << 32 | at;
    }

    /// Takes what was added under that number; false when there is no such publish.
    bool take(std::uint64_t number, publish_record& into) {
        const auto at = static_cast<std::uint32_t>(number);
        if (at >= entries_.size()) return false;
        entry& used = entries_[at];
        if (!used.open || (used.generation & 0xFFFFFu) != number >> 32) return false;
        into = std::move(used.what);
        used.open = false;
        ++used.generation;
        free_.push_back(at);
        return true;
    }

    std::size_t size() const noexcept { return entries_.size() - free_.size(); }

private:
    struct entry {
        publish_record what;
        std::uint32_t generation = 0;
        bool open = false;
    };
    std::vector<entry> entries_;
    std::vector<std::uint32_t> free_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
