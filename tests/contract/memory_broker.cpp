// Boost Software License 1.0, see LICENSE

#include "broker_contract.hpp"

#include <stompchat/memory/memory_broker.hpp>

#include <doctest/doctest.h>

namespace {

using namespace stompchat;

class memory_subject final : public contract::broker_subject {
public:
    memory_subject(boost::asio::io_context& context, const memory_broker_options& options)
        : broker_(context.get_executor(), options), too_long_(options.max_message_length + 1) {}

    stompchat::broker& broker() override { return broker_; }
    std::optional<std::size_t> too_long() override { return too_long_; }
    std::optional<std::uint64_t> physical_reads() override { return broker_.physical_reads(); }
    bool set_available(bool available) override {
        broker_.inject_available(available);
        return true;
    }
    bool repeat(partition of, offset from) override {
        broker_.inject_repeat(of, from);
        return true;
    }
    bool lose(partition of, offset end) override {
        broker_.inject_loss(of, end);
        return true;
    }
    bool make_new_log() override {
        broker_.inject_new_log();
        return true;
    }

private:
    memory_broker broker_;
    std::size_t too_long_;
};

void each_kind(void (*check)(const contract::make_broker&)) {
    const auto run = [check](const memory_broker_options& options) {
        check([options](boost::asio::io_context& context) { return std::make_unique<memory_subject>(context, options); });
    };
    memory_broker_options options;
    SUBCASE("plain") { run(options); }
    SUBCASE("two partitions, offsets with holes, late results") {
        options.partitions = 2;
        options.largest_offset_step = 9;
        options.result_delay = std::chrono::milliseconds(1);
        run(options);
    }
}

} // namespace

TEST_CASE("the memory broker publishes as the contract says") { each_kind(contract::check_broker_publishing); }
TEST_CASE("the memory broker reads as the contract says") { each_kind(contract::check_broker_reading); }
TEST_CASE("the memory broker starts, changes and stops as the contract says") { each_kind(contract::check_broker_life); }
TEST_CASE("the memory broker shows one copy of a message as the contract says") { each_kind(contract::check_broker_copies); }
TEST_CASE("the memory broker passes ephemeral messages on as the contract says") { each_kind(contract::check_broker_ephemeral); }
