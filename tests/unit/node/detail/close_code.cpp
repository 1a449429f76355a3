// Boost Software License 1.0, see LICENSE

#include <stompchat/node/detail/close_code.hpp>

#include <boost/asio/error.hpp>
#include <doctest/doctest.h>

#include <utility>

using namespace stompchat;

TEST_CASE("the close code tells what kind of reason ended the session") {
    const std::pair<error, int> expected[] = {
        {error::bad_command, 1002},
        {error::bad_header, 1002},
        {error::bad_escape, 1002},
        {error::not_connected, 1002},
        {error::no_common_version, 1002},
        {error::missing_header, 1002},
        {error::bad_header_value, 1002},
        {error::duplicate_subscription, 1002},
        {error::unknown_subscription, 1002},
        {error::unknown_ack, 1002},
        {error::unknown_transaction, 1002},
        {error::heart_beat_timeout, 1008},
        {error::bad_utf8, 1007},
        {error::websocket_reserved_bits, 1002},
        {error::websocket_bad_opcode, 1002},
        {error::websocket_not_masked, 1002},
        {error::websocket_bad_utf8, 1007},
        {error::websocket_message_too_long, 1009},
        {error::header_line_too_long, 1009},
        {error::too_many_headers, 1009},
        {error::body_too_long, 1009},
        {error::transaction_too_long, 1009},
        {error::message_too_large, 1009},
        {error::too_many_subscriptions, 1008},
        {error::too_many_transactions, 1008},
        {error::destination_too_long, 1008},
        {error::connect_timeout, 1008},
        {error::handshake_timeout, 1008},
        {error::no_progress, 1008},
        {error::not_authenticated, 1008},
        {error::not_authorized, 1008},
        {error::unknown_destination, 1008},
        {error::rejected, 1008},
        {error::broker_unavailable, 1012},
        {error::outcome_unknown, 1012},
        {error::messages_lost, 1012},
        {error::registry_unavailable, 1012},
        {error::stopped, 1012},
        {error::bad_option, 1011},
        {error::stale_incarnation, 1012},
    };
    for (const auto& one : expected) {
        const auto reason = one.first;
        const auto code = one.second;
        CAPTURE(make_error_code(reason).message());
        CHECK(node::close_code_of(reason) == code);
    }
}

TEST_CASE("a normal end and an error from elsewhere have their codes too") {
    CHECK(node::close_code_of({}) == 1000);
    CHECK(node::close_code_of(boost::asio::error::connection_reset) == 1011);
}
