// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_REGISTRATION_HPP
#define STOMPCHAT_NODE_DETAIL_REGISTRATION_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/node/detail/connection.hpp>
#include <stompchat/ports/session_registry.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::node {

class session;
class shard;

/** What the registry is told of a shard's sessions and their rooms. It is not in the way of any message: nobody waits for it, and what
    fails is noted by the membership, which has all registered again.
    Thread safety: for the shard's thread. */
class registration {
public:
    explicit registration(shard& home) noexcept : shard_(home) {}
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;

    STOMPCHAT_DECL void announce(std::string_view session, std::string_view user);
    STOMPCHAT_DECL void forget(std::string_view session, std::string_view user);
    STOMPCHAT_DECL void mark_leaving(std::string_view session, std::string_view user);
    STOMPCHAT_DECL void join(std::string_view session, std::string_view user, std::string_view room);
    STOMPCHAT_DECL void leave(std::string_view session, std::string_view user, std::string_view room);

    /** Registers all sessions and their rooms under the present incarnation, a few at a time; `done` is called with how many they were,
       also when it was given up, because something failed or there is a later incarnation. A second call replaces the first. Of a session
       that comes or goes meanwhile the registry is told as always, and in the right order. */
    STOMPCHAT_DECL void register_again(std::function<void(std::size_t)> done);

private:
    /// Sessions that wait for the registry at once.
    static constexpr std::size_t sessions_at_once = 16;
    /// With more of all kinds no further session is begun. One session may have very many rooms.
    static constexpr std::size_t operations_at_once = 256;

    session_record record(std::string_view session, std::string_view user) const;
    auto noted(const char* what) const;
    void go_on();
    void again(session& whom);
    template <class Then>
    auto in_round(const char* what, Then then);

    shard& shard_;
    // Registering again.
    std::uint64_t round_ = 0;
    std::uint64_t incarnation_ = 0;
    std::size_t next_place_ = 0;
    bool more_places_ = false;
    std::size_t adding_ = 0;
    std::size_t joining_ = 0;
    std::size_t sessions_ = 0;
    std::function<void(std::size_t)> done_; // empty when nothing is under way
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
