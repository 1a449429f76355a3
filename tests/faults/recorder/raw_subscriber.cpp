// Boost Software License 1.0, see LICENSE

#include "client.hpp"
#include "raw_link.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>

namespace faults {
namespace {

constexpr char nul = '\0';
// So many stay without acknowledgement, so that there is something to deliver again.
constexpr std::size_t held_back = 8;

class raw_subscriber final : public client, private raw_listener {
public:
    raw_subscriber(world& in, std::size_t number, std::string login, memory how, std::vector<place> places, std::size_t octets_per_tick)
        : in_(in), how_(how), name_(login.empty() ? "listener-" + in.run + "-" + std::to_string(number) : std::move(login)),
          random_(static_cast<std::minstd_rand::result_type>(in.seed + number)),
          link_(in.context, {in.tcp, number, name_, in.seed + number, octets_per_tick}, *this) {
        for (place& one : places) subscriptions_.push_back({std::move(one), {}, {}, false});
    }

    void open() override { link_.open(); }
    bool up() const override {
        return link_.up() && std::all_of(subscriptions_.begin(), subscriptions_.end(), [](const subscription& one) { return one.live; });
    }
    void close() override { link_.close(); }
    void vanish() override { link_.vanish(); }
    void hold() override { link_.hold(); }
    void release() override { link_.release(); }

private:
    struct subscription {
        place where;
        std::string token;
        std::vector<std::string> unacknowledged;
        bool live = false;
    };

    void on_up() override {
        for (std::size_t i = 0; i < subscriptions_.size(); ++i) {
            const subscription& one = subscriptions_[i];
            std::string frame = "SUBSCRIBE\nid:" + std::to_string(i) + "\nreceipt:" + std::to_string(i)
                                + "\ndestination:" + one.where.destination + "\nhistory:0\n";
            if (!one.token.empty()) frame.append("resume-after:").append(one.token).append("\n");
            if (how_ == memory::durable) frame += "durable:" + in_.run + "\nack:client-individual\nprefetch-count:256\n";
            link_.write(frame + "\n" + nul);
        }
    }

    void on_down() override {
        for (subscription& one : subscriptions_) {
            one.live = false;
            one.unacknowledged.clear();
        }
    }

    subscription* find(std::string_view id) {
        std::size_t index = subscriptions_.size();
        std::from_chars(id.data(), id.data() + id.size(), index);
        return index < subscriptions_.size() ? &subscriptions_[index] : nullptr;
    }

    void on_frame(const raw_frame& frame) override {
        if (frame.command == "ERROR")
            in_.say(name_ + " got an ERROR: " + std::string(frame.value_of("message")) + " " + frame.body);
        else if (frame.command == "RECEIPT")
            on_receipt(frame);
        else if (frame.command == "MESSAGE")
            on_message(frame);
    }

    void on_receipt(const raw_frame& frame) {
        subscription* const one = find(frame.value_of("receipt-id"));
        if (!one) return;
        one->live = true;
        const bool again = !one->token.empty();
        if (again && frame.value_of("recovered") != "true") {
            in_.say(name_ + " was not recovered in " + one->where.destination + " behind " + one->token);
            in_.eye.on_told(one->where.who);
        }
        if (how_ == memory::durable && again) {
            if (frame.value_of("durable") != "resumed") in_.say(name_ + ": the durable subscription has lost its position");
            in_.eye.on_durable_again(one->where.who);
        }
        if (!again) one->token = frame.value_of("position");
    }

    void on_message(const raw_frame& frame) {
        subscription* const one = find(frame.value_of("subscription"));
        if (!one) return in_.eye.on_forged("a MESSAGE for no subscription");
        if (frame.value_of("gap") == "true") return in_.eye.on_told(one->where.who);
        in_.deliver(one->where.who, frame.body, frame.value_of("message-id"));
        one->token = frame.value_of("message-id");
        if (how_ != memory::durable) return;
        one->unacknowledged.emplace_back(frame.value_of("ack"));
        if (one->unacknowledged.size() < 2 * held_back) return;
        // In another order than that in which they came.
        std::shuffle(one->unacknowledged.begin(), one->unacknowledged.end(), random_);
        while (one->unacknowledged.size() > held_back) {
            link_.write("ACK\nid:" + one->unacknowledged.back() + "\n\n" + nul);
            one->unacknowledged.pop_back();
        }
    }

    world& in_;
    const memory how_;
    const std::string name_;
    std::minstd_rand random_;
    std::vector<subscription> subscriptions_;
    raw_link link_;
};

} // namespace

client_ptr make_raw_subscriber(world& in, std::size_t number, std::string login, memory how, std::vector<place> places,
                               std::size_t octets_per_tick) {
    return std::make_unique<raw_subscriber>(in, number, std::move(login), how, std::move(places), octets_per_tick);
}

} // namespace faults
