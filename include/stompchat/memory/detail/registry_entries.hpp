// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_DETAIL_REGISTRY_ENTRIES_HPP
#define STOMPCHAT_MEMORY_DETAIL_REGISTRY_ENTRIES_HPP

#include <stompchat/config.hpp>
#include <stompchat/memory/detail/name_table.hpp>
#include <stompchat/ports/session_registry.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/*  What a local_registry keeps. Each name is kept once and everything else points to it, because there is a session_entry and a place for
    each idle client.  */

namespace stompchat::inline STOMPCHAT_ABI::memory {

struct session_entry;
struct room_entry;

struct node_entry {
    std::string name;
    std::uint64_t incarnation = 0; // that of all its sessions: those of an older one went with it
    std::chrono::steady_clock::time_point lease_end;
    bool dead = true;
    node_status status;
    std::size_t sessions = 0;
};

struct user_entry : named<user_entry> {
    session_entry* first = nullptr;
};

/** A session's place in a room. */
struct place {
    room_entry* room;
    session_entry* session;
    mutable const place* next = nullptr; // of the session
};

struct session_entry : named<session_entry> {
    session_entry(user_entry& whose, node_entry& on) noexcept : user(&whose), node(&on), next(whose.first) {
        if (next != nullptr) next->previous = this;
        whose.first = this;
        ++on.sessions;
    }
    ~session_entry() {
        (previous != nullptr ? previous->next : user->first) = next;
        if (next != nullptr) next->previous = previous;
        --node->sessions;
    }

    user_entry* user;
    node_entry* node;
    session_entry* previous = nullptr; // of the user
    session_entry* next;
    const place* places = nullptr;
    bool leaving = false;
};

/// By user, because participants are shown sorted; those of one user in no particular order.
struct by_user {
    using is_transparent = void;
    bool operator()(const place& a, const place& b) const noexcept {
        if (a.session->user == b.session->user) return std::less<>()(a.session, b.session);
        return a.session->user->name() < b.session->user->name();
    }
    bool operator()(const place& a, const user_entry* b) const noexcept {
        return a.session->user != b && a.session->user->name() < b->name();
    }
    bool operator()(const user_entry* a, const place& b) const noexcept {
        return b.session->user != a && a->name() < b.session->user->name();
    }
};

struct room_entry : named<room_entry> {
    struct share {
        node_entry* node;
        std::size_t sessions;
    };

    std::set<place, by_user> places;
    std::vector<share> nodes;
    std::size_t users = 0;
    std::uint64_t version = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::memory

#endif
