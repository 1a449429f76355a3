// Boost Software License 1.0, see LICENSE

#include "recorder.hpp"

#include "body.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/read_until.hpp>

#include <algorithm>
#include <iostream>
#include <istream>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace faults {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto tick_time = std::chrono::milliseconds(10);
// What is injected is done to the delivery with this number.
constexpr std::uint64_t spoilt_delivery = 100;

asio::ip::tcp::endpoint parse_endpoint(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) throw std::invalid_argument("no host:port: " + text);
    return {asio::ip::make_address(text.substr(0, colon)), static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

} // namespace

recorder::recorder(asio::io_context& context, recorder_options options)
    : context_(context),
      options_(std::move(options)), world_{context, eye_, {}, options_.urls, options_.run, options_.seed, options_.filler, {}, {}},
      timer_(context), input_(context, ::dup(STDIN_FILENO)) {
    for (const std::string& one : options_.tcp) world_.tcp.push_back(parse_endpoint(one));
    world_.deliver = [this](subscriber_id to, std::string_view body, std::string_view id) { deliver(to, body, id); };
    world_.say = [](const std::string& text) { std::cerr << text << std::endl; };
    cast();
}

// Who is there.

void recorder::cast() {
    std::vector<std::pair<room_id, std::string>> rooms;
    for (std::size_t i = 0; i < options_.rooms; ++i) {
        const std::string destination = "/topic/faults-" + options_.run + "-" + std::to_string(i);
        const room_id room = eye_.add_room(destination);
        rooms.emplace_back(room, destination);
        add_subscribers(room, i, destination, {});
    }
    for (std::size_t i = 0; i < options_.users; ++i) {
        const std::string user = "user-" + options_.run + "-" + std::to_string(i);
        const std::string queue = "/user/" + user + "/queue/faults";
        const room_id room = eye_.add_room(queue);
        rooms.emplace_back(room, queue);
        add_subscribers(room, options_.rooms + i, "/user/queue/faults", user);
    }
    add_senders(rooms);
}

void recorder::add_senders(const std::vector<std::pair<room_id, std::string>>& rooms) {
    const auto targets = [&] {
        std::vector<target> all;
        for (const auto& [room, destination] : rooms) all.push_back({eye_.add_stream(room), destination});
        return all;
    };
    last_ = targets();
    senders_.push_back(make_raw_sender(world_, 0, care::keyed, last_));
    senders_.push_back(make_raw_sender(world_, 1, care::keyed, targets()));
    senders_.push_back(make_raw_sender(world_, 2, care::none, targets()));
    senders_.push_back(make_raw_sender(world_, 3, care::transaction, targets()));
    if (!options_.library) return;
    for (std::size_t i = 0; i < 3; ++i) senders_.push_back(make_library_sender(world_, i, targets()));
}

void recorder::add_subscribers(room_id room, std::size_t number, const std::string& destination, const std::string& login) {
    const auto place_of = [&](std::string_view kind) {
        const std::string where = login.empty() ? destination : destination + " of " + login;
        return std::vector<place>{{eye_.add_subscriber(room, std::string(kind) + " in " + where), destination}};
    };
    const std::size_t at = subscribers_.size();
    subscribers_.push_back(make_raw_subscriber(world_, at, login, memory::token, place_of("raw")));
    subscribers_.push_back(make_raw_subscriber(world_, at + 1, login, memory::durable, place_of("raw durable")));
    if (number == 0) {
        subscribers_.push_back(make_raw_subscriber(world_, at + 2, login, memory::token, place_of("raw slow"), options_.slow_octets));
        slow_.push_back(subscribers_.back().get());
        slow_ids_.push_back(static_cast<subscriber_id>(eye_.subscribers() - 1));
    }
    if (options_.library) {
        subscribers_.push_back(make_library_subscriber(world_, at + 3, login, memory::token, place_of("library")));
        // The library's own durable one has another user: a user has each name once.
        const bool durable = number % 2 == 0 && login.empty();
        subscribers_.push_back(make_library_subscriber(world_, at + 4, login, durable ? memory::durable : memory::acknowledged,
                                                       place_of(durable ? "library durable" : "library acknowledging")));
    }
    rooms_of_subscribers_.resize(eye_.subscribers(), room);
}

void recorder::open() {
    for (const auto& one : subscribers_) one->open();
    for (const auto& one : senders_) one->open();
    awaiting_ = [this] { return all_up(); };
    then_ = [this] { answer({{"answer", "ready"}}); };
    read_commands();
    tick();
}

// What arrives.

void recorder::record(subscriber_id to, std::string_view body, std::string_view id) {
    const auto what = read_body(body);
    if (!what) return eye_.on_forged("a body of " + std::to_string(body.size()) + " octets: " + std::string(body.substr(0, 40)));
    eye_.on_message(to, what->first, what->second, id);
}

void recorder::deliver(subscriber_id to, std::string_view body, std::string_view id) {
    if (options_.inject.empty() || to != spoil_.who) return record(to, body, id);
    ++spoil_.seen;
    if (spoil_.seen != spoilt_delivery) {
        record(to, body, id);
        if (options_.inject == "reordered" && spoil_.seen == spoilt_delivery + 1) record(to, spoil_.body, spoil_.id);
        return;
    }
    if (options_.inject == "lost") return;
    if (options_.inject == "reordered") {
        spoil_.body = body;
        spoil_.id = id;
        return;
    }
    record(to, body, id);
    record(to, body, id);
}

// Time.

void recorder::tick() {
    if (awaiting_ && awaiting_()) {
        awaiting_ = nullptr;
        // It may begin another one.
        if (const auto then = std::exchange(then_, nullptr)) then();
    }
    if (going_) {
        due_ += options_.rate * static_cast<std::size_t>(tick_time.count());
        for (; due_ >= 1000; due_ -= 1000) senders_[next_sender_++ % senders_.size()]->send(1);
    }
    timer_.expires_after(tick_time);
    timer_.async_wait([this](error_code ec) {
        if (!ec) tick();
    });
}

// Commands.

void recorder::read_commands() {
    asio::async_read_until(input_, line_, '\n', [this](error_code ec, std::size_t) {
        if (ec) return context_.stop(); // nobody is there any more
        std::istream input(&line_);
        std::string line;
        std::getline(input, line);
        on_command(line);
        read_commands();
    });
}

void recorder::on_command(const std::string& line) {
    const auto ok = [this] { answer({{"answer", "ok"}}); };
    if (line == "go" || line == "pause") {
        going_ = line == "go";
        due_ = 0;
        ok();
    } else if (line == "progress")
        answer(counts());
    else if (line.starts_with("await "))
        begin_await(std::stoul(line.substr(6)));
    else if (line == "await-up") {
        awaiting_ = [this] { return all_up(); };
        then_ = ok;
    } else if (line == "keys-may-be-lost") {
        eye_.begin_key_loss();
        ok();
    } else if (line == "keys-are-kept") {
        eye_.end_key_loss();
        ok();
    } else if (line == "vanish") {
        for (const auto& one : senders_) one->vanish();
        for (const auto& one : subscribers_) one->vanish();
        ok();
    } else if (line == "hold" || line == "release") {
        holding_ = line == "hold";
        for (client* one : slow_) holding_ ? one->hold() : one->release();
        ok();
    } else if (line == "finish") {
        going_ = false;
        awaiting_ = [this] { return eye_.unanswered() == 0 && all_up(); };
        then_ = [this] { say_last(); };
    } else if (line == "give-up")
        finish(false);
    else
        answer({{"answer", "unknown command"}, {"command", line}});
}

void recorder::begin_await(std::size_t count) {
    std::vector<std::uint64_t> receipts, messages;
    for (const auto& one : senders_) receipts.push_back(one->receipts + count);
    for (subscriber_id id = 0; id < eye_.subscribers(); ++id) messages.push_back(eye_.counts_of(id).delivered + count);
    awaiting_ = [this, receipts = std::move(receipts), messages = std::move(messages)] {
        for (std::size_t i = 0; i < receipts.size(); ++i) {
            if (senders_[i]->receipts < receipts[i]) return false;
        }
        for (subscriber_id id = 0; id < messages.size(); ++id) {
            const bool held = holding_ && std::find(slow_ids_.begin(), slow_ids_.end(), id) != slow_ids_.end();
            if (!held && eye_.counts_of(id).delivered < messages[id]) return false;
        }
        return true;
    };
    then_ = [this] { answer({{"answer", "ok"}}); };
}

bool recorder::all_up() const {
    const auto up = [](const auto& one) { return one->up(); };
    return std::all_of(senders_.begin(), senders_.end(), up) && std::all_of(subscribers_.begin(), subscribers_.end(), up);
}

// A last message in each room: whoever has it has everything before it, or has lost it.
void recorder::say_last() {
    for (std::size_t i = 0; i < last_.size(); ++i) {
        senders_.front()->send_to(i);
        last_numbers_.push_back(eye_.last_sent(last_[i].stream));
    }
    awaiting_ = [this] { return eye_.unanswered() == 0 && all_have_last(); };
    then_ = [this] { finish(true); };
}

bool recorder::all_have_last() const {
    for (subscriber_id id = 0; id < eye_.subscribers(); ++id) {
        const room_id room = rooms_of_subscribers_[id];
        if (!eye_.has_seen(id, last_[room].stream, last_numbers_[room])) return false;
    }
    return true;
}

void recorder::finish(bool complete) {
    awaiting_ = nullptr;
    eye_.finish();
    nlohmann::json all = report();
    all["complete"] = complete;
    exit_code_ = complete && !eye_.sums().wrong() ? 0 : 1;
    answer(all);
    for (const auto& one : senders_) one->close();
    for (const auto& one : subscribers_) one->close();
    context_.stop();
}

// Answers.

nlohmann::json recorder::counts() const {
    const totals all = eye_.sums();
    std::size_t up = 0;
    for (const auto& one : senders_) up += one->up();
    for (const auto& one : subscribers_) up += one->up();
    return {{"answer", "counts"},
            {"clients", senders_.size() + subscribers_.size()},
            {"up", up},
            {"unanswered", eye_.unanswered()},
            {"sent", all.sent},
            {"receipted", all.receipted},
            {"delivered", all.delivered},
            {"receipted_deliveries", all.receipted_deliveries},
            {"lost", all.lost},
            {"duplicated", all.duplicated},
            {"reordered", all.reordered},
            {"gaps", all.gaps},
            {"told", all.told},
            {"misnamed", all.misnamed},
            {"forged", all.forged},
            {"repeated", all.repeated},
            {"late", all.late},
            {"unknown", all.unknown},
            {"redelivered", all.redelivered}};
}

nlohmann::json recorder::report() const {
    nlohmann::json all = counts();
    all["answer"] = "report";
    all["findings"] = eye_.findings();
    auto& each = all["subscribers"] = nlohmann::json::array();
    for (subscriber_id id = 0; id < eye_.subscribers(); ++id) {
        const tally& one = eye_.counts_of(id);
        each.push_back({{"name", eye_.name_of(id)},
                        {"delivered", one.delivered},
                        {"lost", one.lost},
                        {"duplicated", one.duplicated},
                        {"reordered", one.reordered},
                        {"gaps", one.gaps},
                        {"told", one.told},
                        {"redelivered", one.redelivered}});
    }
    return all;
}

void recorder::answer(const nlohmann::json& what) const { std::cout << what.dump() << std::endl; }

} // namespace faults
