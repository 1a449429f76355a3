// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_APP_TARGET_HPP
#define STOMPCHAT_NODE_DETAIL_APP_TARGET_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/reserved_header.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard_link.hpp>
#include <stompchat/ports/app_handler.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** What an application's answer does: everything goes to the session's shard, in order.
    Thread safety: one object is for one thread at a time, any thread. Lifetime: may outlive the session and the node. */
class app_target final : public app_reply::target {
public:
    app_target(std::shared_ptr<shard_link> home, connection_id session, std::shared_ptr<publish_group> group)
        : home_(std::move(home)), session_(session), group_(std::move(group)) {}

    // Filled by the session before the application sees it.
    std::string destination;
    std::string correlation_id;
    std::string reply_to = "/session/queue/replies";
    std::string subscription_id;
    std::uint32_t subscription_number = 0;
    std::string by_destination; // of a 1.0 client that gave no id
    bool for_subscribe = false;

    void publish(std::string destination, std::string headers, std::string body) override {
        // The application is trusted, but a message for nobody would be a silent loss.
        const delivery::destination_kind kind = delivery::kind_of(destination);
        if ((kind != delivery::destination_kind::topic && kind != delivery::destination_kind::to_user)
            || destination.size() > delivery::max_destination_length || !delivery::log_destination(destination, {})) {
            refused_ = std::move(destination);
            return;
        }
        on_session([group = group_, destination = std::move(destination), headers = without_reserved_headers(std::move(headers)),
                    body = std::move(body)](session& to) { to.on_app_publish(group, destination, header_block(headers), body); });
    }

    void reply(std::string headers, std::string body) override {
        if (for_subscribe) {
            on_session([id = subscription_id, name = by_destination, number = subscription_number,
                        headers = without_reserved_headers(std::move(headers)), body = std::move(body)](session& to) {
                if (subscription* const whom = to.find_app_subscription(id, name, number))
                    to.on_app_answer(*whom, header_block(headers), body);
            });
            return;
        }
        on_session([queue = reply_to, correlation = correlation_id, headers = without_reserved_headers(std::move(headers)),
                    body = std::move(body)](session& to) { to.on_app_reply(queue, correlation, header_block(headers), body); });
    }

    void finish(error_code outcome, std::string reason) override {
        if (!outcome && !refused_.empty()) {
            outcome = error::unknown_destination;
            reason = "the application published to " + refused_ + ", which is neither a topic nor a user's queue";
        }
        on_session([group = std::move(group_), where = std::move(destination), for_subscribe = for_subscribe, id = subscription_id,
                    name = by_destination, number = subscription_number, outcome, reason = std::move(reason)](session& to) {
            subscription* const whom = for_subscribe ? to.find_app_subscription(id, name, number) : nullptr;
            // Nobody is left to be told that a subscription was refused which is not there any more.
            const bool told = !for_subscribe || whom != nullptr;
            to.on_app_finished(group, where, whom, told ? outcome : error_code(), reason);
        });
    }

private:
    template <class Action>
    void on_session(Action action) {
        home_->post([home = home_, id = session_, action = std::move(action)] {
            if (session* const to = home->find(id)) action(*to);
        });
    }

    std::shared_ptr<shard_link> home_;
    connection_id session_;
    std::shared_ptr<publish_group> group_;
    std::string refused_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
