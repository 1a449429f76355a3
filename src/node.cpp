// Boost Software License 1.0, see LICENSE

#include <stompchat/node/impl/chat_node.ipp>
#include <stompchat/node/impl/disconnects.ipp>
#include <stompchat/node/impl/durables.ipp>
#include <stompchat/node/impl/frame.ipp>
#include <stompchat/node/impl/gather.ipp>
#include <stompchat/node/impl/http_connection.ipp>
#include <stompchat/node/impl/interceptions.ipp>
#include <stompchat/node/impl/keyed_sends.ipp>
#include <stompchat/node/impl/own_publishes.ipp>
#include <stompchat/node/impl/presence_hub.ipp>
#include <stompchat/node/impl/reader.ipp>
#include <stompchat/node/impl/session.ipp>
#include <stompchat/node/impl/session_delivery.ipp>
#include <stompchat/node/impl/session_durable.ipp>
#include <stompchat/node/impl/session_frames.ipp>
#include <stompchat/node/impl/session_input.ipp>
#include <stompchat/node/impl/session_intercept.ipp>
#include <stompchat/node/impl/session_keyed.ipp>
#include <stompchat/node/impl/session_output.ipp>
#include <stompchat/node/impl/session_start.ipp>
#include <stompchat/node/impl/session_subscribe.ipp>
#include <stompchat/node/impl/shard.ipp>
#include <stompchat/node/impl/shard_delivery.ipp>
#include <stompchat/node/impl/shard_subscriptions.ipp>
#include <stompchat/node/impl/shard_sweep.ipp>
#include <stompchat/node/impl/upgrade.ipp>
