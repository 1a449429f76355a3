// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_REPLY_READER_HPP
#define STOMPCHAT_REDIS_DETAIL_REPLY_READER_HPP

#include <stompchat/config.hpp>
#include <stompchat/redis/detail/reply.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct redisReader; // hiredis's; its headers stay out of ours
struct redisReadTask;

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** Cuts answers out of a stream of octets: hiredis's parser, which builds our answers instead of its own.
    Memory: an answer under way, at most as large as the limits say. Thread safety: distinct objects are independent. */
class reply_reader {
public:
    enum class status : std::uint8_t {
        need_more,
        got_reply,
        failed,
    };

    /// Octets and elements of one answer.
    STOMPCHAT_DECL reply_reader(std::size_t max_octets, std::size_t max_elements);
    reply_reader(const reply_reader&) = delete;
    STOMPCHAT_DECL ~reply_reader();

    STOMPCHAT_DECL void feed(std::string_view octets);
    STOMPCHAT_DECL status next(reply& into);
    /// Why it failed; nothing can be read any more then.
    const std::string& problem() const noexcept { return problem_; }

private:
    struct callbacks;

    bool grant(std::size_t octets, std::size_t elements) noexcept;
    reply* place(const redisReadTask& task) noexcept;

    const std::size_t max_octets_;
    const std::size_t max_elements_;
    redisReader* reader_;
    reply root_;
    std::size_t octets_ = 0; // of the answer under way
    std::size_t elements_ = 0;
    std::string problem_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/reply_reader.ipp>
#endif

#endif
