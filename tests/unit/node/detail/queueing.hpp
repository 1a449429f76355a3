// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_NODE_DETAIL_QUEUEING_HPP
#define STOMPCHAT_TESTS_UNIT_NODE_DETAIL_QUEUEING_HPP

#include <stompchat/node/detail/output_queue.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stompchat_test {

/// A queue with its pool, emptied at the end.
struct queueing {
    ~queueing() { queue.clear(pool); }

    void push(stompchat::node::frame_ref what, stompchat::node::subscription* whom = nullptr) { queue.push(pool, std::move(what), whom); }

    stompchat::node::entry_pool pool;
    stompchat::node::output_queue queue;
};

inline stompchat::node::frame_ref make_message(stompchat::offset at, std::string_view body, std::string_view headers = {}) {
    stompchat::record_view record;
    record.at = {0xE, 1, at};
    record.destination = "/topic/x";
    record.user = "ann";
    record.timestamp = 1;
    record.headers = stompchat::header_block(headers);
    record.body = body;
    return stompchat::node::frame::make_message(record);
}

inline std::string message_id(stompchat::offset at) {
    return std::string(stompchat::position_token(stompchat::position{0xE, 1, at}, "/topic/x").text());
}

inline std::unique_ptr<stompchat::node::subscription> make_subscription(std::string_view id, stompchat::stomp::version version, bool acks,
                                                                        std::uint32_t suffix = 0) {
    auto made = std::make_unique<stompchat::node::subscription>();
    if (!id.empty()) made->head = "subscription:" + std::string(id) + "\n";
    made->version = version;
    if (acks) {
        made->acks = std::make_unique<stompchat::node::acking>();
        made->acks->prefetch = 10;
        made->acks->suffix = suffix;
    }
    return made;
}

} // namespace stompchat_test

#endif
