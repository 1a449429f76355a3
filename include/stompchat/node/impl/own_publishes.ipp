// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_OWN_PUBLISHES_IPP
#define STOMPCHAT_NODE_IMPL_OWN_PUBLISHES_IPP

#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/message_check.hpp>
#include <stompchat/node/detail/own_publishes.hpp>
#include <stompchat/node/detail/reader.hpp>
#include <stompchat/node/detail/reserved_header.hpp>
#include <stompchat/node/detail/timestamp.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL error_code own_publishes::problem_of(const service_message& what) const {
    const stomp::decode_limits& limits = options_.session.limits;
    const delivery::destination_kind kind = delivery::kind_of(what.destination);
    if (kind != delivery::destination_kind::topic && kind != delivery::destination_kind::to_user) return error::unknown_destination;
    if (delivery::too_long(what.destination)) return error::destination_too_long;
    if (!is_header_text(what.destination) || !is_header_text(what.user) || what.user.size() > delivery::max_destination_length)
        return error::bad_header_value;
    if (what.headers.size() > limits.headers) return error::too_many_headers;
    for (const auto& [name, value] : what.headers) {
        if (const error_code problem = header_problem(name, value, limits)) return problem;
    }
    if (what.body.size() > limits.body) return error::body_too_long;
    return {};
}

STOMPCHAT_DECL error_code own_publishes::add(entry added, std::uint64_t& ticket) {
    const std::lock_guard lock(mutex_);
    if (!open_) {
        added.finished(error::stopped, {});
        return error::stopped;
    }
    // A single message always finds room, whatever its size.
    if (!waiting_.empty()
        && (waiting_.size() >= options_.max_own_in_flight || octets_ + added.octets > options_.max_own_in_flight_octets)) {
        added.finished(error::too_many_in_flight, {});
        return error::too_many_in_flight;
    }
    octets_ += added.octets;
    ticket = ticket::make(ticket::own, ++last_);
    waiting_.emplace(ticket, std::move(added));
    return {};
}

STOMPCHAT_DECL void own_publishes::publish(service_message what, done finished) {
    if (const error_code problem = problem_of(what)) return finished(problem, {});
    const std::optional<std::string> in_log = delivery::log_destination(what.destination, {});
    if (!in_log) return finished(error::bad_header_value, {});
    std::string headers;
    for (const auto& [name, value] : what.headers) {
        if (!is_reserved_header(name)) append_header(headers, name, value);
    }
    entry added;
    added.finished = std::move(finished);
    added.octets = what.body.size() + headers.size();
    added.check = destination_check(*in_log);
    outgoing message;
    if (add(std::move(added), message.ticket)) return;
    message.destination = *in_log;
    message.user = what.user;
    message.timestamp = detail::milliseconds_since_1970();
    message.headers = header_block(headers);
    message.body = what.body;
    message.ephemeral = rules_.policy(*in_log) == destination_policy::ephemeral;
    log_.publish({&message, 1});
}

STOMPCHAT_DECL void own_publishes::on_result(const publish_result& result) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(result.ticket);
    if (found == waiting_.end()) return;
    entry answered = std::move(found->second);
    waiting_.erase(found);
    octets_ -= answered.octets;
    if (result.error || result.at.offset < 0) return answered.finished(result.error, {});
    answered.finished({}, std::string(position_token(result.at, answered.check).text()));
}

STOMPCHAT_DECL void own_publishes::give_up() {
    const std::lock_guard lock(mutex_);
    for (auto& [number, one] : waiting_) one.finished(error::outcome_unknown, {});
    waiting_.clear();
    octets_ = 0;
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
