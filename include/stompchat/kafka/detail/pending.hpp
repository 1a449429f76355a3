// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_PENDING_HPP
#define STOMPCHAT_KAFKA_DETAIL_PENDING_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/record.hpp>
#include <stompchat/ports/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** A record that is to be written, until the log has acknowledged it. One allocation: Kafka's header, key and value stand behind it, and
    librdkafka refers to them while `out`. */
struct pending {
    using clock = std::chrono::steady_clock;
    /// For records that are no messages of the node: where it stands, or why it does not.
    using told = std::function<void(error_code, offset)>;

    pending* next = nullptr;
    std::uint64_t ticket = 0;
    record_id id;
    position base;
    clock::time_point taken;
    told done_with;
    std::uint32_t lane = 0;
    std::uint32_t header = 0;
    std::uint32_t key = 0;
    std::uint32_t body = 0;
    record_type type = record_type::message;
    bool may_be_copy = false; ///< it was given to librdkafka before, or its id was given from outside
    bool out = false;         ///< librdkafka has it
    bool done = false;        ///< answered

    const char* text() const noexcept { return reinterpret_cast<const char*>(this + 1); }
    std::string_view header_text() const noexcept { return {text(), header}; }
    std::string_view key_text() const noexcept { return {text() + header, key}; }
    std::string_view body_text() const noexcept { return {text() + header + key, body}; }
    std::size_t size() const noexcept { return std::size_t{header} + key + body; }

    struct deleter {
        void operator()(pending* gone) const noexcept {
            gone->~pending();
            ::operator delete(static_cast<void*>(gone));
        }
    };
    using owner = std::unique_ptr<pending, deleter>;

    static owner make(std::string_view header, std::string_view key, std::string_view body) {
        void* const memory = ::operator new(sizeof(pending) + header.size() + key.size() + body.size());
        owner made(::new (memory) pending);
        made->header = static_cast<std::uint32_t>(header.size());
        made->key = static_cast<std::uint32_t>(key.size());
        made->body = static_cast<std::uint32_t>(body.size());
        char* to = reinterpret_cast<char*>(made.get() + 1);
        for (const std::string_view part : {header, key, body}) {
            if (!part.empty()) std::memcpy(to, part.data(), part.size());
            to += part.size();
        }
        return made;
    }

    /// The same record once more, for another producer, when the first one has not given this one back.
    owner clone() const {
        owner made = make(header_text(), key_text(), body_text());
        made->ticket = ticket;
        made->id = id;
        made->base = base;
        made->taken = taken;
        made->done_with = done_with;
        made->lane = lane;
        made->type = type;
        made->may_be_copy = may_be_copy;
        made->done = done;
        return made;
    }
};

/** The records of one partition that are not acknowledged, in the order in which they were taken: in front those that librdkafka has, then
    those that wait. Thread safety: its owner locks. */
class pending_queue {
public:
    pending_queue() = default;
    pending_queue(pending_queue&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)),
          waiting_(std::exchange(other.waiting_, nullptr)) {}
    pending_queue& operator=(pending_queue&&) = delete;
    ~pending_queue() {
        while (first_) pop_front();
    }

    pending* first() const noexcept { return first_; }
    /// The first one that librdkafka was not given, or null.
    pending* waiting() const noexcept { return waiting_; }

    void push_back(pending::owner one) noexcept {
        pending* const added = one.release();
        (last_ ? last_->next : first_) = added;
        last_ = added;
        if (!waiting_) waiting_ = added;
    }
    /// librdkafka has the first one that waited.
    void advance() noexcept { waiting_ = waiting_->next; }
    /// All wait again.
    void rewind() noexcept { waiting_ = first_; }
    /// Destroys those in front that are answered and that librdkafka does not have.
    void trim() noexcept {
        while (first_ && first_->done && !first_->out) pop_front();
    }
    /// Puts copies in the place of those that librdkafka has; returns the ones that it has.
    pending* replace_out() {
        pending* kept = nullptr;
        for (pending** at = &first_; *at; at = &(*at)->next) {
            pending* const old = *at;
            if (!old->out) continue;
            pending* const fresh = old->clone().release();
            fresh->next = old->next;
            *at = fresh;
            if (last_ == old) last_ = fresh;
            old->next = kept;
            kept = old;
        }
        out = 0;
        rewind();
        return kept;
    }

    /// Gives all of them to the caller, as a chain.
    pending* release() noexcept {
        last_ = nullptr;
        waiting_ = nullptr;
        out = 0;
        return std::exchange(first_, nullptr);
    }

    /// How many of them librdkafka has.
    std::size_t out = 0;

private:
    void pop_front() noexcept {
        pending* const gone = first_;
        first_ = gone->next;
        if (!first_) last_ = nullptr;
        if (waiting_ == gone) waiting_ = first_;
        pending::deleter()(gone);
    }

    pending* first_ = nullptr;
    pending* last_ = nullptr;
    pending* waiting_ = nullptr;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
