// Boost Software License 1.0, see LICENSE

#include <stompchat/redis/impl/command.ipp>
#include <stompchat/redis/impl/command_connection.ipp>
#include <stompchat/redis/impl/keeper.ipp>
#include <stompchat/redis/impl/link.ipp>
#include <stompchat/redis/impl/options.ipp>
#include <stompchat/redis/impl/presence_watch.ipp>
#include <stompchat/redis/impl/redis_client.ipp>
#include <stompchat/redis/impl/redis_registry.ipp>
#include <stompchat/redis/impl/redis_state_store.ipp>
#include <stompchat/redis/impl/registry_changes.ipp>
#include <stompchat/redis/impl/registry_core.ipp>
#include <stompchat/redis/impl/registry_lease.ipp>
#include <stompchat/redis/impl/registry_looks.ipp>
#include <stompchat/redis/impl/registry_reaper.ipp>
#include <stompchat/redis/impl/registry_scripts.ipp>
#include <stompchat/redis/impl/registry_sweep.ipp>
#include <stompchat/redis/impl/reply_reader.ipp>
#include <stompchat/redis/impl/subscriber.ipp>
