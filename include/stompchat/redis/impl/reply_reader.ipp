// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REPLY_READER_IPP
#define STOMPCHAT_REDIS_IMPL_REPLY_READER_IPP

#include <stompchat/redis/detail/reply_reader.hpp>

#include <hiredis/hiredis.h>

#include <new>

namespace stompchat::inline STOMPCHAT_ABI::redis {

// What hiredis calls for each part of an answer. It is C: nothing may be thrown through it, and null means that there was no memory.
struct reply_reader::callbacks {
    static void* on_string(const redisReadTask* task, char* text, std::size_t size) noexcept {
        try {
            auto& self = *static_cast<reply_reader*>(task->privdata);
            if (!self.grant(size, 0)) return nullptr;
            reply* const made = self.place(*task);
            made->type_ = task->type == REDIS_REPLY_ERROR    ? reply_type::error
                          : task->type == REDIS_REPLY_STATUS ? reply_type::status
                                                             : reply_type::string;
            made->text_.assign(text, size);
            return made;
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
    }
    // The type of the count differs between the versions of hiredis.
    template <class Count>
    static void* on_array(const redisReadTask* task, Count count) noexcept {
        try {
            auto& self = *static_cast<reply_reader*>(task->privdata);
            if (!self.grant(0, static_cast<std::size_t>(count))) return nullptr;
            reply* const made = self.place(*task);
            made->type_ = reply_type::array;
            made->elements_.resize(static_cast<std::size_t>(count));
            return made;
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
    }
    static void* on_integer(const redisReadTask* task, long long value) noexcept {
        reply* const made = static_cast<reply_reader*>(task->privdata)->place(*task);
        made->type_ = reply_type::integer;
        made->integer_ = value;
        return made;
    }
    static void* on_nil(const redisReadTask* task) noexcept { return static_cast<reply_reader*>(task->privdata)->place(*task); }
    static void on_free(void*) noexcept {} // it belongs to the reader

    static redisReplyObjectFunctions* all() noexcept {
        static redisReplyObjectFunctions functions = [] {
            redisReplyObjectFunctions made{};
            made.createString = on_string;
            made.createArray = on_array;
            made.createInteger = on_integer;
            made.createNil = on_nil;
#if HIREDIS_MAJOR >= 1
            // Only RESP3 has them, which nobody asked for.
            made.createDouble = [](const redisReadTask*, double, char*, std::size_t) -> void* { return nullptr; };
            made.createBool = [](const redisReadTask*, int) -> void* { return nullptr; };
#endif
            made.freeObject = on_free;
            return made;
        }();
        return &functions;
    }
};

STOMPCHAT_DECL reply_reader::reply_reader(std::size_t max_octets, std::size_t max_elements)
    : max_octets_(max_octets), max_elements_(max_elements), reader_(redisReaderCreateWithFunctions(callbacks::all())) {
    if (reader_ == nullptr) throw std::bad_alloc();
    reader_->privdata = this;
    reader_->maxbuf = 256 * 1024; // kept between answers, or every turn would allocate
}

STOMPCHAT_DECL reply_reader::~reply_reader() { redisReaderFree(reader_); }

STOMPCHAT_DECL bool reply_reader::grant(std::size_t octets, std::size_t elements) noexcept {
    if (octets > max_octets_ - octets_ || elements > max_elements_ - elements_) {
        problem_ = "an answer is longer than allowed";
        return false;
    }
    octets_ += octets;
    elements_ += elements;
    return true;
}

STOMPCHAT_DECL reply* reply_reader::place(const redisReadTask& task) noexcept {
    if (task.parent == nullptr) return &root_;
    return &static_cast<reply*>(task.parent->obj)->elements_[static_cast<std::size_t>(task.idx)];
}

STOMPCHAT_DECL void reply_reader::feed(std::string_view octets) {
    if (redisReaderFeed(reader_, octets.data(), octets.size()) != REDIS_OK && problem_.empty()) problem_ = reader_->errstr;
}

STOMPCHAT_DECL reply_reader::status reply_reader::next(reply& into) {
    if (!problem_.empty()) return status::failed;
    void* found = nullptr;
    if (redisReaderGetReply(reader_, &found) != REDIS_OK) {
        if (problem_.empty()) problem_ = std::string("no RESP: ") + reader_->errstr;
        return status::failed;
    }
    if (found == nullptr) {
        // A string is in hiredis's buffer until its last octet has come, its length and line ends with it.
        constexpr std::size_t around = 64;
        if (reader_->len - reader_->pos > max_octets_ + around) {
            problem_ = "an answer is longer than allowed";
            return status::failed;
        }
        return status::need_more;
    }
    into = std::move(root_);
    root_ = reply();
    octets_ = elements_ = 0;
    return status::got_reply;
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
