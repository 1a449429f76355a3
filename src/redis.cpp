// Boost Software License 1.0, see LICENSE

#include <stompchat/redis/impl/command.ipp>
#include <stompchat/redis/impl/command_connection.ipp>
#include <stompchat/redis/impl/keeper.ipp>
#include <stompchat/redis/impl/link.ipp>
#include <stompchat/redis/impl/options.ipp>
#include <stompchat/redis/impl/redis_client.ipp>
#include <stompchat/redis/impl/redis_state_store.ipp>
#include <stompchat/redis/impl/reply_reader.ipp>
#include <stompchat/redis/impl/subscriber.ipp>
