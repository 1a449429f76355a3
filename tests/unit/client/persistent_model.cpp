// Boost Software License 1.0, see LICENSE

// A client session and a server with a log, in one thread and in virtual time. The network between them is cut at random octets, the
// application acts at random, and at the end everything must be there once and in order.

#include "frames.hpp"

#include <stompchat/client/persistent_session.hpp>
#include <support/seed.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>

using namespace client_test;
using client::action_kind;
using client::persistent_session;
using stomp::command;
using namespace std::chrono_literals;

namespace {

/// Just as much of a server as the contract says, with all that outlives a connection.
class log_server {
public:
    struct entry {
        std::string id;
        std::string body;
    };

    void disconnect() {
        decoder_.emplace(stomp::peer::client, limits_);
        subscriptions_.clear();
        down.clear();
    }
    void feed(std::string octets) {
        up_ = std::move(octets);
        decoder_->feed(up_, scratch_);
        stomp::frame_view frame;
        for (;;) {
            const auto status = decoder_->next(frame);
            REQUIRE(status != stomp::decode_status::error);
            if (status == stomp::decode_status::need_more) break;
            if (status == stomp::decode_status::frame) take(frame);
        }
        deliver();
    }
    void publish(std::string body) {
        log.push_back({"m" + std::to_string(log.size() + 1), std::move(body)});
        deliver();
    }

    std::vector<entry> log;
    std::string down; ///< octets for the client
    std::size_t window = 4;
    std::size_t most_unsettled = 0;

private:
    struct subscription {
        std::size_t next = 0; // in the log
        bool acks = false;
        bool cumulative = false;
        std::deque<std::string> unsettled;
    };

    void answer(const stomp::frame_view& frame, client::header_list more = {}) {
        const auto receipt = frame.find("receipt");
        if (!receipt) return;
        more.emplace_back("receipt-id", *receipt);
        down += server_frame(command::receipt, more);
    }
    void take(const stomp::frame_view& frame) {
        switch (frame.cmd) {
        case command::connect:
            decoder_->set_version(stomp::version::v1_2);
            down += server_frame(command::connected, {{"version", "1.2"}});
            return;
        case command::send: {
            const std::string key(frame.value_of("idempotency-key"));
            REQUIRE_FALSE(key.empty());
            auto known = keys_.find(key);
            if (known == keys_.end()) {
                publish(std::string(frame.body));
                known = keys_.emplace(key, log.back().id).first;
            }
            return answer(frame, {{"message-id", known->second}});
        }
        case command::subscribe: {
            subscription& made = subscriptions_[std::string(frame.value_of("id"))];
            made.next = log.size();
            made.acks = frame.find("ack").has_value();
            made.cumulative = frame.value_of("ack") == "client";
            client::header_list fields;
            if (const auto token = frame.find("resume-after")) {
                made.next = std::stoul(std::string(token->substr(1)));
                fields.emplace_back("recovered", "true");
            }
            fields.emplace_back("position", "m" + std::to_string(made.next));
            return answer(frame, fields);
        }
        case command::ack: {
            // What this connection has not delivered, or is acknowledged, is an ERROR: the client must know.
            const std::string named(frame.value_of("id"));
            subscription& only = subscriptions_.begin()->second;
            const auto found = std::find(only.unsettled.begin(), only.unsettled.end(), named);
            REQUIRE(found != only.unsettled.end());
            only.unsettled.erase(only.cumulative ? only.unsettled.begin() : found, found + 1);
            return;
        }
        case command::disconnect: return answer(frame);
        default: FAIL("a frame that the model does not know");
        }
    }
    void deliver() {
        for (auto& [id, one] : subscriptions_) {
            while (one.next < log.size() && (!one.acks || one.unsettled.size() < window)) {
                const entry& next = log[one.next++];
                const std::string ack = next.id + "/" + std::to_string(++acks_);
                if (one.acks) one.unsettled.push_back(ack);
                most_unsettled = std::max(most_unsettled, one.unsettled.size());
                down += server_frame(command::message, {{"subscription", id}, {"message-id", next.id}, {"ack", ack}}, next.body);
            }
        }
    }

    stomp::decode_limits limits_;
    stomp::parse_scratch scratch_;
    std::optional<stomp::decoder> decoder_;
    std::string up_;
    std::map<std::string, subscription> subscriptions_;
    std::map<std::string, std::string> keys_;
    int acks_ = 0;
};

class world {
public:
    world(std::uint32_t seed, stomp::ack_mode mode) : random(seed), mode_(mode), session_(options(), {"test"}, seed, "key-") {
        session_.start(now);
        client::subscribe_options how(mode);
        subscription_ = *session_.subscribe("/topic/a", how);
        run();
    }

    static const client::persistent_options& options() {
        static const client::persistent_options only = [] {
            client::persistent_options made({"stomp://test"});
            made.outbox_messages = 5;
            return made;
        }();
        return only;
    }

    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }

    /// One thing happens.
    void step() {
        switch (below(8)) {
        case 0: server.publish("other " + std::to_string(++others_)); break;
        case 1: send(); break;
        case 2:
        case 3: move_up(below(200)); break;
        case 4:
        case 5: move_down(below(200)); break;
        case 6:
            if (below(6) == 0) cut();
            break;
        case 7: settle(); break;
        }
        run();
    }

    void finish() {
        for (int i = 0; i != 10'000; ++i) {
            move_up(100'000);
            move_down(100'000);
            settle();
            run();
            if (!open_ && session_.deadline() != persistent_session::time_point::max()) {
                now = std::max(now, session_.deadline());
                session_.on_time(now);
                run();
            }
            if (session_.outbox_messages() == 0 && seen.size() == server.log.size() - began_.value_or(0) && held_.empty()) break;
        }
    }

    void send() {
        const std::string body = "mine " + std::to_string(mine_ + 1);
        const auto tag = session_.send({"/topic/a", body}, now);
        if (!tag) {
            CHECK(tag.error() == stompchat::error::outbox_full);
            return;
        }
        ++mine_;
    }

    void settle() {
        if (held_.empty()) return;
        const std::size_t which = mode_ == stomp::ack_mode::client ? held_.size() - 1 : below(static_cast<std::uint32_t>(held_.size()));
        CHECK_FALSE(session_.settle(subscription_, held_[which], false));
        if (mode_ == stomp::ack_mode::client)
            held_.clear();
        else
            held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    void move_up(std::size_t octets) {
        if (!open_) return;
        up_ += session_.output();
        session_.took_output(now);
        const std::string part = up_.substr(0, octets);
        up_.erase(0, part.size());
        server.feed(part);
    }
    void move_down(std::size_t octets) {
        if (!open_) return;
        const std::string part = server.down.substr(0, octets);
        server.down.erase(0, part.size());
        session_.feed(part, now);
        run();
    }
    void cut() {
        if (open_) {
            open_ = false;
            ++cuts;
            session_.closed({stompchat::error::connection_lost, "cut", {}}, now);
        } else if (session_.deadline() != persistent_session::time_point::max()) {
            now = std::max(now, session_.deadline());
            session_.on_time(now);
        }
    }

    void run() {
        for (;;) {
            const client::action what = session_.next(now);
            switch (what.kind) {
            case action_kind::nothing: return;
            case action_kind::open:
                server.disconnect();
                up_.clear();
                open_ = true;
                session_.opened(now);
                break;
            case action_kind::message:
                seen.emplace_back(what.message.body);
                if (mode_ != stomp::ack_mode::auto_) held_.emplace_back(what.message.id);
                break;
            case action_kind::subscribed:
                CHECK_FALSE(what.ec);
                began_ = std::stoul(what.subscription.position.substr(1));
                break;
            case action_kind::sent:
                CHECK_FALSE(what.ec);
                sent_ids.insert(what.message_id);
                ++answered;
                break;
            case action_kind::resumed: CHECK(what.subscription.recovered == true); break;
            case action_kind::connected:
            case action_kind::lost: break;
            default: FAIL("an action that the model does not expect: " << static_cast<int>(what.kind));
            }
        }
    }

    void check() {
        REQUIRE(began_.has_value());
        std::vector<std::string> wanted;
        for (std::size_t i = *began_; i < server.log.size(); ++i) wanted.push_back(server.log[i].body);
        CHECK(seen == wanted);
        // What this client sent stands in the log once, and in order.
        int next = 1;
        for (const auto& one : server.log) {
            if (one.body.starts_with("mine ")) CHECK(one.body == "mine " + std::to_string(next++));
        }
        CHECK(next == mine_ + 1);
        CHECK(answered == mine_);
        CHECK(sent_ids.size() == static_cast<std::size_t>(mine_));
    }

    std::mt19937 random;
    persistent_session::time_point now{1000s};
    log_server server;
    std::vector<std::string> seen;
    std::set<std::string> sent_ids;
    int cuts = 0;
    int answered = 0;

private:
    stomp::ack_mode mode_;
    persistent_session session_;
    client::subscription_id subscription_ = 0;
    std::optional<std::size_t> began_;
    std::vector<std::string> held_;
    std::string up_;
    bool open_ = false;
    int others_ = 0;
    int mine_ = 0;
};

} // namespace

TEST_CASE("whatever is cut wherever, each message is seen once and in order, and each SEND is published once and in order") {
    for (const stomp::ack_mode mode : {stomp::ack_mode::auto_, stomp::ack_mode::client, stomp::ack_mode::client_individual}) {
        CAPTURE(static_cast<int>(mode));
        int cuts = 0;
        stompchat_test::for_each_seed(300, [&](std::uint32_t seed) {
            CAPTURE(seed);
            world all(seed, mode);
            for (int i = 0; i != 400; ++i) all.step();
            all.finish();
            all.check();
            cuts += all.cuts;
            if (mode != stomp::ack_mode::auto_) CHECK(all.server.most_unsettled <= all.server.window);
        });
        CHECK(cuts > 300);
    }
}
