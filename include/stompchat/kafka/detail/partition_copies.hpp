// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_PARTITION_COPIES_HPP
#define STOMPCHAT_KAFKA_DETAIL_PARTITION_COPIES_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/// Records of one publisher that a reader must know of before it can tell whether one of them is a copy: those in [from, to).
struct look_back {
    /// Whose.
    std::uint64_t incarnation = 0;
    /// The record that asks; it is one of that publisher.
    std::uint64_t sequence = 0;
    offset from = 0;
    offset to = 0;
};

/** What stands in the range of a look_back. The reader of the past feeds it every record with an id.
    Thread safety: one object is for one thread at a time. Memory: at most `most` entries of 16 octets; beyond them only what the asking
   record needs is known. */
class looked_back {
public:
    explicit looked_back(const look_back& of, std::size_t most = 8 * 1024) : of_(of), most_(most) {}

    /// What is asked.
    const look_back& of() const noexcept { return of_; }

    /// In order of the offsets.
    void note(const record_id& id, offset at) {
        if (id.incarnation == of_.incarnation && at >= of_.from && at < of_.to) add(id, at);
    }

    /// Where the record that asks has its first copy in the range, if there is one.
    std::optional<offset> first() const noexcept { return first_; }

private:
    friend class partition_copies;
    struct entry {
        offset at;
        std::uint64_t sequence;
    };

    void add(const record_id& id, offset at) {
        if (!highest_ || *highest_ < id.sequence) highest_ = id.sequence;
        if (!first_ && id.sequence == of_.sequence) first_ = at;
        if (!whole_) return;
        if (entries_.size() >= most_) {
            whole_ = false;
            entries_ = {};
            return;
        }
        entries_.push_back({at, id.sequence});
    }

    look_back of_;
    std::size_t most_;
    std::vector<entry> entries_;
    std::optional<std::uint64_t> highest_;
    std::optional<offset> first_; // of the record that asks
    bool whole_ = true;
};

/** Tells a reader of one partition which records are copies of earlier ones.

    The rule: a record is void if its id stands at or after its base and before it. All copies of a message have one id and one base, and no
    copy stands below the base, so the first copy in the log is the message, for every reader, wherever it began to read.

    1. What is known: which ids stand in [since, next), exactly; of each known publisher, which sequence is the highest that stands in
       [its own since, next); of an unknown one, that nothing stands in [begin, next).
    2. Fast path: a sequence above the publisher's highest, with a base at or behind the publisher's since, is not void.
    3. A base in the exact memory: the memory answers.
    4. Else nothing can be said before the reader has looked back to the base once. Afterwards the publisher's since is that base, and its
       ids from there on are known exactly as long as they are few: a publisher that was frozen for long asks once, not for each record.
    5. Forgetting an id raises `since` above it. Forgetting a publisher raises the begin above its last record. Nothing else is needed
       of what is forgotten: a base above it cannot mean it.

    Thread safety: one object is for one thread at a time. Memory: `limits`: 24 octets for an id, about 100 for a publisher, 16 for an
    id that was looked back for. */
class partition_copies {
public:
    struct limits {
        /// Ids that are known exactly.
        std::size_t ids = 4 * 1024;
        /// Publishers whose highest sequence is known.
        std::size_t publishers = 256;
        /// Publishers whose ids in front of the exact memory are known, too.
        std::size_t looked_back = 2;
        /// How many of them, of each.
        std::size_t ids_looked_back = 8 * 1024;
    };

    enum class verdict : std::uint8_t {
        first,   ///< it is the message
        copy,    ///< it is void: the message is the record at `judgement::first`
        unknown, ///< rule 4
    };
    struct judgement {
        verdict what = verdict::first;
        /// Of a copy.
        offset first = -1;
    };

    partition_copies() : partition_copies(limits()) {}
    explicit partition_copies(const limits& bounds) : limits_(bounds) {}

    /// Reading begins at `at`, or begins anew: all is forgotten.
    STOMPCHAT_DECL void begin(offset at);

    /** Judges a record at or below next(). A record without id is never a copy. */
    STOMPCHAT_DECL judgement judge(const record_id& id, offset base, offset at) const;

    /// Rule 4: what must be looked for when a judgement is `unknown`. Precondition: it is.
    STOMPCHAT_DECL look_back needed(const record_id& id, offset base) const;

    /// Takes what was found. It may have become less useful meanwhile, but never wrong.
    STOMPCHAT_DECL void learn(looked_back found);

    /// A record was read: each once, in order, copies too. Its id may be none.
    STOMPCHAT_DECL void note(const record_id& id, offset at);

    /// All below it was read.
    offset next() const noexcept { return next_; }
    /// Ids from here on are known exactly.
    offset since() const noexcept { return since_; }
    /// Ids that are held, for the bounds.
    STOMPCHAT_DECL std::size_t size() const noexcept;

private:
    struct publisher {
        std::uint64_t incarnation;
        std::optional<std::uint64_t> highest; // in [since, next)
        offset since;
        offset last; // where its last record stands
    };
    struct noted {
        offset at;
        record_id id;
    };
    using order = std::list<publisher>; // who was read last stands last

    publisher& touch(std::uint64_t incarnation);
    std::optional<offset> exact(const record_id& id, offset base, offset below) const;
    void forget_oldest();
    void forget_publisher();

    limits limits_;
    offset begin_ = 0; // publishers that are not known have nothing in [begin, next)
    offset since_ = 0;
    offset next_ = 0;
    std::deque<noted> ids_;
    order publishers_;
    std::unordered_map<std::uint64_t, order::iterator> by_incarnation_;
    std::list<looked_back> earlier_; // in [of.from, since); what was looked for last stands last
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/partition_copies.ipp>
#endif

#endif
