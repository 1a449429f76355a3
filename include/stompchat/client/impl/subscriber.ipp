// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_SUBSCRIBER_IPP
#define STOMPCHAT_CLIENT_IMPL_SUBSCRIBER_IPP

#include <stompchat/client/session.hpp>
#include <stompchat/client/subscriber.hpp>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client {
namespace detail {

inline std::optional<bool> truth_of(std::optional<std::string_view> text) noexcept {
    if (!text) return std::nullopt;
    return *text == "true";
}

} // namespace detail

STOMPCHAT_DECL header_list subscriber::subscribe_headers() {
    header_list fields;
    asked_to_resume_ = !token_.empty() && (options_.resume || !asked_before_);
    asked_before_ = true;
    if (asked_to_resume_) fields.emplace_back("resume-after", token_);
    // Also with 0: who asked for a history is told of a gap, and does not lose its session for it.
    if (options_.resume || options_.history != 0) fields.emplace_back("history", std::to_string(options_.history));
    if (!options_.durable.empty()) fields.emplace_back("durable", options_.durable);
    if (options_.prefetch_count) fields.emplace_back("prefetch-count", std::to_string(*options_.prefetch_count));
    fields.insert(fields.end(), options_.headers.begin(), options_.headers.end());
    for (delivered& one : unsettled_) one.awaited = true;
    awaited_ = unsettled_.size();
    return fields;
}

STOMPCHAT_DECL subscribed subscriber::on_receipt(const stomp::frame_view& receipt) {
    subscribed result;
    result.position = receipt.value_of("position");
    result.durable = receipt.value_of("durable");
    result.complete = detail::truth_of(receipt.find("complete"));
    if (const auto history = detail::number_of(receipt.find("history"))) result.history = static_cast<std::uint32_t>(*history);
    const auto recovered = detail::truth_of(receipt.find("recovered"));
    if (asked_to_resume_)
        result.recovered = recovered.value_or(result.durable == "resumed");
    else if (recovered)
        result.recovered = recovered;

    has_tokens_ = !result.position.empty();
    const bool went_on = result.durable == "resumed" ? recovered.value_or(true) : result.recovered.value_or(false);
    if (!went_on) give_up_unsettled();
    if (has_tokens_ && result.history.value_or(0) == 0) token_ = result.position;
    return result;
}

STOMPCHAT_DECL subscriber::verdict subscriber::on_message(const stomp::frame_view& message, std::string_view ack) {
    const std::string_view id = canonical(message.value_of("message-id"));
    if (awaited_ != 0) {
        const auto again = find(id);
        if (again != unsettled_.end() && again->awaited) {
            again->awaited = false;
            --awaited_;
            again->ack = ack;
            // It was refused so that somebody has it again; without `durable` a refusal is an acknowledgement.
            if (again->settled && again->refused && !options_.durable.empty()) {
                again->settled = again->refused = false;
                return verdict::deliver;
            }
            if (!again->settled) return verdict::drop;
            advance();
            return verdict::drop_and_ack;
        }
        if (!remembers(id)) forget_awaited();
    }
    if (remembers(id)) {
        // A cumulative acknowledgement would take along what the application holds: its own will cover this one.
        const bool would_take_along = options_.ack == stomp::ack_mode::client && !unsettled_.empty();
        return acknowledges() && !would_take_along ? verdict::drop_and_ack : verdict::drop;
    }
    if (acknowledges()) {
        if (unsettled_.size() >= max_unsettled_) {
            const auto settled = std::find_if(unsettled_.begin(), unsettled_.end(), [](const delivered& one) { return one.settled; });
            unsettled_.erase(settled == unsettled_.end() ? unsettled_.begin() : settled);
        }
        unsettled_.push_back({std::string(id), std::string(ack)});
    }
    return verdict::deliver;
}

STOMPCHAT_DECL void subscriber::processed(std::string_view id) {
    if (acknowledges()) return;
    id = canonical(id);
    if (is_token(id)) token_ = id;
    remember(id);
}

STOMPCHAT_DECL std::optional<std::string> subscriber::settle(std::string_view id, bool refused) {
    const auto found = find(canonical(id));
    if (found == unsettled_.end() || found->settled) return std::nullopt;
    std::string ack = found->ack;
    if (options_.ack == stomp::ack_mode::client) {
        for (auto one = unsettled_.begin(); one != found; ++one) {
            if (!one->settled) one->settled = true, one->refused = refused;
        }
    }
    found->settled = true;
    found->refused = refused;
    advance();
    if (ack.empty()) return std::nullopt;
    return ack;
}

STOMPCHAT_DECL void subscriber::on_lost() noexcept {
    for (delivered& one : unsettled_) {
        one.ack.clear();
        one.awaited = false;
    }
    awaited_ = 0;
}

// The token moves over what is settled and will not be delivered again.
STOMPCHAT_DECL void subscriber::advance() {
    while (!unsettled_.empty() && unsettled_.front().settled && !unsettled_.front().awaited) {
        delivered& one = unsettled_.front();
        if (is_token(one.id)) token_ = one.id;
        if (!one.refused) remember(one.id);
        unsettled_.pop_front();
    }
}

STOMPCHAT_DECL void subscriber::forget_awaited() {
    for (delivered& one : unsettled_) one.awaited = false;
    awaited_ = 0;
    advance();
}

// The server begins elsewhere. What the application has must not come to it again with a history.
STOMPCHAT_DECL void subscriber::give_up_unsettled() {
    for (const delivered& one : unsettled_) remember(one.id);
    unsettled_.clear();
    awaited_ = 0;
}

STOMPCHAT_DECL std::deque<subscriber::delivered>::iterator subscriber::find(std::string_view id) {
    return std::find_if(unsettled_.begin(), unsettled_.end(), [id](const delivered& one) { return one.id == id; });
}

// Where one message is delivered twice in a session its id has a suffix before STOMP 1.2, which is no part of the position.
STOMPCHAT_DECL std::string_view subscriber::canonical(std::string_view id) const noexcept {
    if (!has_tokens_) return id;
    return id.substr(0, id.find('_'));
}

STOMPCHAT_DECL std::size_t subscriber::memory() const noexcept { return acknowledges() ? 1024 : options_.history; }

STOMPCHAT_DECL void subscriber::remember(std::string_view id) {
    if (memory() == 0 || id.empty()) return;
    const std::size_t hash = std::hash<std::string_view>()(id);
    last_ids_.push_back(hash);
    last_ids_set_.insert(hash);
    if (last_ids_.size() <= memory()) return;
    last_ids_set_.erase(last_ids_set_.find(last_ids_.front()));
    last_ids_.pop_front();
}

STOMPCHAT_DECL bool subscriber::remembers(std::string_view id) const {
    return !last_ids_set_.empty() && last_ids_set_.contains(std::hash<std::string_view>()(id));
}

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
