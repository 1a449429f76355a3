// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_CLOSE_CODE_HPP
#define STOMPCHAT_NODE_DETAIL_CLOSE_CODE_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/websocket/frame.hpp>

#include <cstdint>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** The WebSocket close code of a session that ends for this reason: what the framing layer says of its own errors, and of STOMP's:
    1002 for a violation, 1007 for text that is none, 1008 for what a policy forbids, 1009 for what is too big, 1012 for what another
    connection may cure, 1011 for the rest. */
inline std::uint16_t close_code_of(const error_code& reason) noexcept {
    if (reason.category() != error_category()) return websocket::close_code_for(reason);
    switch (static_cast<error>(reason.value())) {
    case error::bad_utf8: return websocket::close_bad_data;
    case error::header_line_too_long:
    case error::too_many_headers:
    case error::body_too_long:
    case error::transaction_too_long:
    case error::message_too_large: return websocket::close_too_big;
    case error::too_many_subscriptions:
    case error::too_many_transactions:
    case error::destination_too_long:
    case error::durable_name_too_long:
    case error::too_many_durables:
    case error::idempotency_key_too_long:
    case error::connect_timeout:
    case error::handshake_timeout:
    case error::heart_beat_timeout:
    case error::no_progress:
    case error::not_authenticated:
    case error::not_authorized:
    case error::unknown_destination:
    case error::rejected:
    case error::taken_over:
    case error::disconnected: return websocket::close_policy;
    case error::broker_unavailable:
    case error::outcome_unknown:
    case error::messages_lost:
    case error::registry_unavailable:
    case error::stopped: return websocket::close_restart;
    default: break;
    }
    if (reason == condition::protocol_violation && reason.value() < 200) return websocket::close_protocol_error;
    return websocket::close_code_for(reason);
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
