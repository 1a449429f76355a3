// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_PRESENCE_HPP
#define STOMPCHAT_PORTS_PRESENCE_HPP

#include <stompchat/config.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** A user came into a room or left it: the first session of the user joined, or the last one left. */
struct presence_change {
    /// Names nobody.
    presence_change() = default;
    /// All of it, in the order of the members.
    presence_change(std::string in, std::string user_name, bool came, std::uint64_t new_version, std::size_t users)
        : room(std::move(in)), user(std::move(user_name)), joined(came), version(new_version), count(users) {}

    std::string room;    ///< a destination `/topic/...`
    std::string user;    ///< who came or left
    bool joined = false; ///< else left
    /// Of the room, after the change. The next change has the next number, unless the room was empty between: then it may be any greater
    /// one. It stays below 2^53, so that every JSON reader can hold it.
    std::uint64_t version = 0;
    /// Users in the room after the change.
    std::size_t count = 0;

    friend bool operator==(const presence_change&, const presence_change&) = default;
};

/** The participants of a room at one version. */
struct presence_view {
    std::uint64_t version = 0; ///< that of the last change that it contains
    std::size_t count = 0;     ///< users in the room
    /// Sorted by name; empty when there are more than were asked for.
    std::vector<std::string> users;

    friend bool operator==(const presence_view&, const presence_view&) = default;
};

/** Hears of the changes in the rooms that it watches.

    A change may be told twice, and may be lost: a hole in the versions shows that, and where nothing followed only a new look at the room.
    Thread safety: the registry calls on its own executor, one call at a time for each sink; a call must not block. */
class presence_sink {
public:
    virtual ~presence_sink() = default;
    presence_sink(const presence_sink&) = delete;
    presence_sink& operator=(const presence_sink&) = delete;

    /// Changes of one or several rooms, those of a room in order.
    virtual void on_presence(std::span<const presence_change> changes) = 0;

    /// The registry cannot be reached, and tells nothing more: whoever wants to go on watches each room again, until that succeeds.
    virtual void on_presence_interrupted() = 0;

protected:
    presence_sink() = default;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
