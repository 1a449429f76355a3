// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_EPOCH_CHAIN_HPP
#define STOMPCHAT_KAFKA_DETAIL_EPOCH_CHAIN_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/position.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/// Says that from now on it is another log.
struct epoch_mark {
    /// A random number that names it.
    std::uint64_t nonce = 0;
    /// The mark before it; 0 = it is the first.
    std::uint64_t follows = 0;
    /// The partitions' ends when it was made.
    std::vector<offset> ends;
};

/** What the topic of the marks says of one log. No I/O: it is given all records of that topic, in order, again and again.

    1. A mark has a key of its own, so that compaction keeps it: `epoch/<log>/<nonce>`, with the value `1 <follows> <end> <end> ...`. Nonces
       are written with 16 hexadecimal digits, ends as decimal numbers, one for each partition.
    2. Of several marks that follow the same one the one with the lowest offset counts, the others never do. So all who read see one chain,
       also when several nodes make a mark at once, each of which reads back before it uses any.
    3. The epoch is a hash over Kafka's cluster id, the log's name and the nonce of the last mark of the chain.
    4. `ends/<log>`, with the value `1 <nonce> <end> <end> ...`, says how far the partitions had been read under that mark. Ends that are
       lower than that mean that the log was cut off, or made anew.

    Thread safety: one object is for one thread at a time. */
class epoch_chain {
public:
    explicit epoch_chain(std::string log) : log_(std::move(log)) {}

    /// The next record. Those of other logs are passed over.
    STOMPCHAT_DECL void on_record(std::string_view key, std::string_view value);

    /// False: there is a record of a later version, or a broken one, and nothing can be said.
    bool readable() const noexcept { return readable_; }
    /// The last mark of the chain. Null: there is none.
    STOMPCHAT_DECL const epoch_mark* last() const;
    /// Rule 4: the ends that the log cannot be below under the last mark.
    STOMPCHAT_DECL std::vector<offset> known_ends() const;

    /// Rule 3. Precondition: there is a mark.
    STOMPCHAT_DECL std::uint64_t epoch(std::string_view cluster_id) const;

    STOMPCHAT_DECL static std::string mark_key(std::string_view log, std::uint64_t nonce);
    STOMPCHAT_DECL static std::string ends_key(std::string_view log);
    /// The value of a mark, and of known ends under a mark.
    STOMPCHAT_DECL static std::string value(std::uint64_t follows_or_nonce, const std::vector<offset>& ends);

    /// Whether a partition ends in front of where it was known to reach.
    STOMPCHAT_DECL static bool shorter(const std::vector<offset>& ends, const std::vector<offset>& known);

private:
    struct parsed {
        std::uint64_t nonce = 0;
        std::vector<offset> ends;
    };
    static std::optional<parsed> parse(std::string_view value);
    static bool hex(std::string_view text, std::uint64_t& number);

    std::string log_;
    bool readable_ = true;
    std::unordered_map<std::uint64_t, epoch_mark> by_follows_; // rule 2
    std::optional<parsed> ends_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/epoch_chain.ipp>
#endif

#endif
