// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_REGISTRY_SCRIPTS_HPP
#define STOMPCHAT_REDIS_DETAIL_REGISTRY_SCRIPTS_HPP

#include <stompchat/config.hpp>
#include <stompchat/redis/detail/command.hpp>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** What runs inside Redis for a registry.

    Each script touches the keys of one hash tag, so that all of them are on one server of a Redis Cluster. An operation on several tags is
    several scripts: what a later clean-up finds its way by is written before the entry it leads to, and removed after it.

    All that write begin with a time in milliseconds, and do nothing (`-1, now`) when Redis's clock is past it. A node passes the end of its
    lease, or less: so nothing that it wrote in its lease takes effect after somebody else has declared it dead, and no command after its
    sender has given it up. Versions are numbers of the sender that grow with each operation; what stands in Redis with a greater or equal
    version was written later, or by the same operation before its answer was lost, and stays. */
struct registry_scripts {
    STOMPCHAT_DECL registry_scripts();

    // {cluster}: nodes, status, dead, generation, latest run of the node.
    const script hold;       ///< takes or renews a lease; declares dead whose lease has ended
    const script release;    ///< gives a lease back
    const script claim_dead; ///< hands out a dead incarnation to clear up behind
    const script extend;     ///< keeps that claim, or ends it: nothing is left of the incarnation
    const script live;       ///< who holds a lease
    const script alive;      ///< which of those named hold a lease, or are dead but not cleared up yet

    // {node/incarnation}: its sessions.
    const script note_session;
    const script drop_session;

    // {session}: its user, where it is, its rooms.
    const script claim_session;
    const script lose_session; ///< marks it as leaving
    const script note_place;
    const script drop_place;
    const script begin_forget; ///< the session is not found any more and joins nothing; tells its rooms
    const script end_forget;   ///< forgets those rooms, and the session when it has no more

    // {user}: the sessions.
    const script add_to_user;
    const script remove_from_user;

    // {room}: places, users, nodes, places of lost sessions.
    const script enter;
    const script exit;
    const script mark; ///< the session of a place is lost
    const script view;
};

/// The same for all.
STOMPCHAT_DECL const registry_scripts& scripts();

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/registry_scripts.ipp>
#endif

#endif
