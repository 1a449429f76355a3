// Boost Software License 1.0, see LICENSE

#include "body.hpp"
#include "client.hpp"

#include <stompchat/client/connection.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace faults {
namespace {

using stompchat::error_code;
namespace library = stompchat::client;

constexpr std::size_t window = 32;

library::connection_options options_of(const world& in, std::size_t number, std::string login) {
    library::connection_options options(in.urls);
    std::rotate(options.urls.begin(), options.urls.begin() + static_cast<std::ptrdiff_t>(number % in.urls.size()), options.urls.end());
    options.login = std::move(login);
    options.backoff.first = std::chrono::milliseconds(100);
    options.backoff.longest = std::chrono::milliseconds(500);
    options.connect_timeout = std::chrono::milliseconds(4000);
    // A node that is held says nothing: two of these are awaited.
    options.session.heart_beat_send = options.session.heart_beat_receive = std::chrono::milliseconds(2000);
    return options;
}

class library_sender final : public sender {
public:
    library_sender(world& in, std::size_t number, std::vector<target> targets)
        : in_(in), targets_(std::move(targets)), name_("author-" + in.run + "-" + std::to_string(number)),
          link_(in.context, options_of(in, number, name_)) {}

    void open() override {
        link_.on_state([this](const library::state_change& change) {
            using kind = library::state_change::kind;
            if (change.what == kind::stopped) in_.say(name_ + " has stopped: " + change.text);
            if (change.what != kind::connected) return;
            // Which of them were written only the library knows.
            for (const auto& [to, which] : waiting_) in_.eye.on_repeat(targets_[to].stream, which, true);
        });
        link_.async_connect([](error_code, const library::connected&) {});
    }
    bool up() const override { return link_.online(); }
    void close() override { link_.close(); }

    void send(std::size_t count) override {
        for (; count > 0 && waiting_.size() < window; --count) send_to(next_++ % targets_.size());
    }
    void send_to(std::size_t to) override {
        const stream_id stream = targets_[to].stream;
        const number which = in_.eye.on_send(stream);
        waiting_.emplace(to, which);
        library::outgoing_message message(targets_[to].destination, make_body(stream, which, in_.filler));
        link_.async_send(std::move(message), [this, to, stream, which](error_code ec, const library::sent& result) {
            if (ec == boost::asio::error::operation_aborted) return;
            waiting_.erase({to, which});
            if (ec) {
                in_.say(name_ + " does not know what became of a SEND: " + ec.message() + ' ' + result.reason);
                return in_.eye.on_unknown(stream, which);
            }
            in_.eye.on_receipt(stream, which, result.message_id);
            ++receipts;
        });
    }

private:
    world& in_;
    const std::vector<target> targets_;
    const std::string name_;
    std::set<std::pair<std::size_t, number>> waiting_;
    std::size_t next_ = 0;
    library::connection link_;
};

class library_subscriber final : public client {
public:
    library_subscriber(world& in, std::size_t number, std::string login, memory how, std::vector<place> places)
        : in_(in), how_(how), name_(login.empty() ? "reader-" + in.run + "-" + std::to_string(number) : std::move(login)),
          places_(std::move(places)), ids_(places_.size()), link_(in.context, options_of(in, number, name_)) {}

    void open() override {
        link_.on_state([this](const library::state_change& change) {
            if (change.what == library::state_change::kind::stopped) in_.say(name_ + " has stopped: " + change.text);
        });
        link_.async_connect([](error_code, const library::connected&) {});
        for (std::size_t i = 0; i < places_.size(); ++i) subscribe(i);
    }
    bool up() const override { return link_.online() && live_ == places_.size(); }
    void close() override { link_.close(); }

private:
    void subscribe(std::size_t i) {
        library::subscribe_options how;
        if (how_ != memory::token) how.ack = stompchat::stomp::ack_mode::client_individual;
        if (how_ == memory::durable) how.durable = in_.run;
        library::subscription_handlers handlers([this, i](const library::incoming_message& message) {
            if (message.gap) return in_.eye.on_told(places_[i].who);
            in_.deliver(places_[i].who, message.body, message.id);
            if (how_ != memory::token) link_.ack(ids_[i], message.id);
        });
        handlers.resumed = [this, i](const library::subscribed& where) {
            if (how_ == memory::durable) {
                if (where.durable != "resumed") in_.say(name_ + ": the durable subscription has lost its position");
                in_.eye.on_durable_again(places_[i].who);
            }
            if (where.recovered.value_or(false)) return;
            in_.say(name_ + " was not recovered in " + places_[i].destination);
            in_.eye.on_told(places_[i].who);
        };
        handlers.ended = [this, i](error_code ec, const std::string& text) {
            --live_;
            in_.say(name_ + " is no longer subscribed to " + places_[i].destination + ": " + ec.message() + ' ' + text);
        };
        link_.async_subscribe(places_[i].destination, how, handlers, [this, i](error_code ec, const library::subscribed& where) {
            ids_[i] = where.id;
            if (ec) return in_.say(name_ + " cannot subscribe to " + places_[i].destination + ": " + ec.message() + ' ' + where.reason);
            ++live_;
        });
    }

    world& in_;
    const memory how_;
    const std::string name_;
    const std::vector<place> places_;
    std::vector<library::subscription_id> ids_;
    std::size_t live_ = 0;
    library::connection link_;
};

} // namespace

sender_ptr make_library_sender(world& in, std::size_t number, std::vector<target> targets) {
    return std::make_unique<library_sender>(in, number, std::move(targets));
}

client_ptr make_library_subscriber(world& in, std::size_t number, std::string login, memory how, std::vector<place> places) {
    return std::make_unique<library_subscriber>(in, number, std::move(login), how, std::move(places));
}

} // namespace faults
