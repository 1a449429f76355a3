// Boost Software License 1.0, see LICENSE

#include "crowd.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t digits = 16;

std::uint64_t read_hex(std::string_view text) noexcept {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return value;
}

} // namespace

std::uint64_t number_of(std::string_view body) {
    if (body.size() < 2 * digits) throw std::runtime_error("a message that nobody sent has arrived");
    return read_hex(body.substr(0, digits));
}

void crowd::add_room(std::size_t members, publisher from, std::string_view prefix) {
    room added;
    added.destination = fmt::format("/topic/{}-{}", prefix, rooms_.size());
    const auto add_client = [&](std::string destination, const client_options& options) {
        clients_.push_back(std::make_unique<client>(loop_, options, *this, std::move(destination)));
        clients_.back()->room = static_cast<std::uint32_t>(rooms_.size());
        return clients_.back().get();
    };
    for (std::size_t i = 0; i != members; ++i) added.members.push_back(add_client(added.destination, options_));
    if (from == publisher::member) added.publisher = added.members.front();
    if (from == publisher::outsider) added.publisher = add_client({}, outsiders_);
    rooms_.push_back(std::move(added));
}

void crowd::connect() {
    constexpr std::size_t at_once = 128;
    const clock::time_point deadline = clock::now() + std::chrono::minutes(2);
    while (opened_ != clients_.size()) {
        while (begun_ != clients_.size() && begun_ - opened_ < at_once) clients_[begun_++]->open();
        if (clock::now() > deadline) throw std::runtime_error(fmt::format("only {} of {} clients connected", opened_, clients_.size()));
        loop_.turn(std::chrono::milliseconds(100));
    }
}

void crowd::publish(room& to, std::size_t size, std::size_t count) {
    for (std::size_t i = 0; i != count; ++i) {
        body_.clear();
        fmt::format_to(std::back_inserter(body_), "{:016x}{:016x}", to.sent++, now_nanoseconds());
        if (body_.size() < size) body_.append(size - body_.size(), 'x');
        to.publisher->send(to.destination, body_);
    }
    expected_ += count * to.members.size();
    to.publisher->flush();
}

bool crowd::settle(clock::duration patience) {
    return loop_.run([this] { return settled(); }, clock::now() + patience);
}

void crowd::reset() {
    expected_ = arrived_ = 0;
    tally_ = {};
}

tally crowd::result() const {
    tally result = tally_;
    // A gap was seen only if something came behind it.
    result.lost = expected_ - std::min(expected_, arrived_);
    return result;
}

void crowd::on_open(client&) { ++opened_; }

void crowd::on_message(client& who, std::string_view body) {
    const std::uint64_t at = now_nanoseconds();
    const std::uint64_t number = number_of(body);
    if (number < who.next_number) {
        ++tally_.repeated;
        return;
    }
    who.next_number = number + 1;
    ++arrived_;
    ++tally_.deliveries;
    tally_.latency.record(at - read_hex(body.substr(digits, digits)));
    room& in = rooms_[who.room];
    ++in.arrived;
    if (on_arrival) on_arrival(in);
}

void crowd::on_closed(client& who, std::string_view reason) {
    if (on_end) return on_end(who, reason);
    throw std::runtime_error(fmt::format("a client of {} lost its connection: {}", rooms_[who.room].destination, reason));
}

} // namespace bench
