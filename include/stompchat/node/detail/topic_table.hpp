// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_TOPIC_TABLE_HPP
#define STOMPCHAT_NODE_DETAIL_TOPIC_TABLE_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/topic_table.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/node/detail/reader.hpp>
#include <stompchat/node/detail/subscription.hpp>

namespace stompchat::inline STOMPCHAT_ABI::node {

using topic_table = delivery::topic_table<subscription, frame_ref, reader>;

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
