// Boost Software License 1.0, see LICENSE

/*  A whole session of the server with virtual time. The octets are what the client writes; those below 8 are what happens meanwhile:
    1 the network cuts here, 2 half a second passes, 3 CONNECT is answered, 4 back-pressure behind the next event, 5 it ends, 6 soft errors,
    7 the caller fails the session. Choice: bit 0 CONNECT is answered at once, bit 1 small limits.

    The rules: every receipt asked for is told to the caller or answered, in order and once, until the session ends; subscriptions are those
    that SUBSCRIBE made and nothing took away; one ERROR, and nothing behind it; every answer is one well-formed frame; memory is bounded.
 */

#include "fuzz.hpp"

#include <stompchat/stomp/escape.hpp>
#include <stompchat/stomp/server_session.hpp>
#include <stompchat/utf8.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace stompchat::stomp;
using namespace stompchat_fuzz;

namespace {

session_options small() {
    session_options o;
    o.limits = {60, 6, 80, 30};
    o.max_destination = 12;
    o.max_subscriptions = 3;
    o.max_transactions = 2;
    o.max_transaction_frames = 3;
    o.max_transaction_octets = 700;
    o.max_transactions_octets = 1000;
    return o;
}

class run {
public:
    run(const session_options& options, bool answer_at_once) : options_(options), at_once_(answer_at_once), session_(options, now_) {}

    void feed(std::string_view octets) {
        if (octets.empty()) return;
        fed_.append(octets);
        input_ = std::make_unique<block>(octets);
        session_.feed(*input_, scratch_, now_);
        if (held_) {
            session_.hold(); // back-pressure: what the socket had already given is kept
            input_.reset();
        } else {
            drain();
        }
    }

    void happens(char what) {
        switch (what) {
        case 2: pass_time(); break;
        case 3:
            if (waits_) accept();
            break;
        case 4: hold_next_ = true; break;
        case 5:
            if (!std::exchange(held_, false)) break;
            session_.resume(scratch_);
            drain();
            break;
        case 6: session_.set_soft_errors(true); break;
        case 7: fail(); break;
        default: break;
        }
    }

    void end() {
        if (waits_) accept();
        while (std::exchange(held_, false)) {
            session_.resume(scratch_);
            drain();
        }
        check_receipts();
    }

private:
    void drain() {
        for (std::size_t events = 0;; ++events) {
            FUZZ_CHECK(events <= fed_.size() + 2);
            const event ev = session_.next();
            FUZZ_CHECK(!ended_ || ev.kind == event_kind::closed);
            switch (ev.kind) {
            case event_kind::need_more:
            case event_kind::waiting: check_memory(); return;
            case event_kind::closed: FUZZ_CHECK(ended_ || leaving_); return;
            case event_kind::failed:
                // What the version cannot write is left out; before CONNECTED that is what 1.0 cannot.
                if (expressible("receipt-id", ev.receipt, negotiated_ ? session_.version() : version::v1_0)) error_receipt_ = ev.receipt;
                got_error(ev.octets);
                return;
            default: on_event(ev);
            }
            if (ended_) return;
            if (std::exchange(hold_next_, false)) {
                session_.hold();
                input_.reset();
                held_ = held_before_ = true;
                return;
            }
        }
    }

    void on_event(const event& ev) {
        FUZZ_CHECK(!leaving_);
        switch (ev.kind) {
        case event_kind::connect:
            FUZZ_CHECK(!session_.connected() && ev.receipt.empty());
            waits_ = true;
            connect_seen_ = true;
            if (at_once_) accept();
            return;
        case event_kind::subscribe:
            FUZZ_CHECK(ev.sub != nullptr && live_.insert(ev.sub).second);
            if (ev.sub->id.empty()) {
                FUZZ_CHECK(session_.version() == version::v1_0 && session_.find_destination(*ev.sub->destination_if_no_id) == ev.sub);
            } else {
                FUZZ_CHECK(session_.find(ev.sub->id) == ev.sub);
            }
            break;
        case event_kind::unsubscribe: FUZZ_CHECK(live_.erase(ev.sub) == 1); break;
        case event_kind::ack:
            FUZZ_CHECK(ev.sub == nullptr || live_.contains(ev.sub));
            FUZZ_CHECK(!ev.id.empty() && (session_.version() != version::v1_1 || ev.sub != nullptr));
            break;
        case event_kind::commit:
            FUZZ_CHECK(ev.frames.size() <= options_.max_transaction_frames);
            for (const transaction_frame& one : ev.frames) {
                FUZZ_CHECK(one.sub == nullptr || live_.contains(one.sub));
                FUZZ_CHECK(one.kind == event_kind::send ? present(one.destination) : !one.id.empty());
                touch(one.frame);
            }
            break;
        case event_kind::reply:
            receipts_.push_back(read(ev.octets, command::receipt));
            FUZZ_CHECK(receipts_.back() == ev.receipt);
            return;
        case event_kind::disconnect: leaving_ = true; break;
        case event_kind::send:
        case event_kind::refused: break;
        default: FUZZ_CHECK(false);
        }
        touch(ev.frame);
        FUZZ_CHECK(session_.subscriptions() == live_.size() && live_.size() <= options_.max_subscriptions);
        if (ev.receipt.empty()) return;
        receipts_.emplace_back(ev.receipt);
        FUZZ_CHECK(read(session_.receipt(receipts_.back()), command::receipt) == receipts_.back());
    }

    void accept() {
        waits_ = false;
        const std::string answer(session_.accept("s-1", "ann", {}, now_));
        FUZZ_CHECK(session_.connected());
        read(answer, command::connected);
        session_.resume(scratch_);
        if (!at_once_) drain();
    }

    void fail() {
        const std::string_view text = session_.fail(stompchat::error::rejected, "detail", {});
        FUZZ_CHECK(text.empty() == ended_);
        if (!ended_) got_error(text);
    }

    void pass_time() {
        now_ += std::chrono::milliseconds(500);
        const auto deadline = session_.next_deadline();
        switch (session_.on_time(now_)) {
        case server_session::due::nothing: FUZZ_CHECK(deadline > now_); break;
        case server_session::due::send_heart_beat:
            session_.note_sent(now_);
            FUZZ_CHECK(session_.on_time(now_) == server_session::due::nothing);
            break;
        case server_session::due::dead:
        case server_session::due::connect_timeout: FUZZ_CHECK(!ended_); fail();
        }
    }

    void got_error(std::string_view text) {
        FUZZ_CHECK(!std::exchange(ended_, true));
        waits_ = false;
        const std::string answer(text);
        FUZZ_CHECK(read(answer, command::error) == error_receipt_);
        FUZZ_CHECK(session_.closed() && !session_.connected() && !session_.has_held());
        FUZZ_CHECK(session_.next().kind == event_kind::closed);
        FUZZ_CHECK(session_.receipt("x").empty() && session_.fail(stompchat::error::rejected).empty());
        FUZZ_CHECK(session_.next_deadline() == server_session::time_point::max());
    }

    /// Decodes an answer as the client does; returns its receipt-id.
    std::string read(std::string_view text, command expected) {
        parse_scratch scratch;
        decode_limits roomy;
        roomy.header_line = roomy.body = roomy.body_before_connect = 1 << 20;
        decoder client(peer::server, roomy);
        if (negotiated_) client.set_version(session_.version());
        client.feed(text, scratch);
        frame_view frame;
        FUZZ_CHECK(client.next(frame) == decode_status::frame);
        FUZZ_CHECK(frame.cmd == expected);
        FUZZ_CHECK(stompchat::is_utf8(text));
        FUZZ_CHECK(expected != command::error || (frame.find("message") && !frame.body.empty()));
        if (expected == command::connected) negotiated_ = true;
        std::string receipt(frame.value_of("receipt-id"));
        FUZZ_CHECK(client.next(frame) == decode_status::need_more && client.unread() == 0);
        return receipt;
    }

    /// What the caller may read, it can read.
    static void touch(const frame_view& frame) {
        std::size_t sum = 0;
        for (const header& h : frame.headers)
            sum += static_cast<std::size_t>(std::count(h.name.begin(), h.name.end(), 'a')) + h.value.size();
        sum += static_cast<std::size_t>(std::count(frame.body.begin(), frame.body.end(), 'a'));
        volatile std::size_t used = sum;
        (void)used;
    }

    void check_memory() const {
        const auto& l = options_.limits;
        std::size_t most = 2 * ((l.headers + 2) * (l.header_line + 2) + std::max(l.body, l.body_before_connect) + 2) + 64;
        most += (options_.max_subscriptions + 1) * (sizeof(subscription) + 32 + 2 * l.header_line);
        most += options_.max_transactions_octets + options_.max_transactions * (300 + 2 * l.header_line) + 2048;
        most += ever_held() ? 2 * fed_.size() : 0;
        FUZZ_CHECK(session_.heap_octets() <= most);
    }

    bool ever_held() const { return !at_once_ || held_before_; }

    /// Compares with the receipts that stand in what the client wrote, decoded in one piece.
    void check_receipts() {
        std::vector<std::string> asked;
        parse_scratch scratch;
        decoder all(peer::client, options_.limits);
        all.feed(fed_, scratch);
        frame_view frame;
        bool first = true;
        bool goes_on = true;
        while (goes_on) {
            const decode_status status = all.next(frame);
            if (status == decode_status::heart_beat) continue;
            if (status != decode_status::frame) break;
            if (std::exchange(first, false)) {
                if (!connect_seen_) break;
                all.set_version(session_.version());
                continue;
            }
            if (const auto receipt = frame.value_of("receipt"); !receipt.empty()) asked.emplace_back(receipt);
            goes_on = frame.cmd != command::disconnect;
        }
        FUZZ_CHECK(receipts_.size() <= asked.size());
        FUZZ_CHECK(std::equal(receipts_.begin(), receipts_.end(), asked.begin()));
        if (!ended_) FUZZ_CHECK(receipts_.size() == asked.size());
    }

    const session_options& options_;
    bool at_once_;
    server_session::time_point now_{std::chrono::hours(1)};
    parse_scratch scratch_;
    server_session session_;
    std::unique_ptr<block> input_;
    std::string fed_;
    std::set<const subscription*> live_;
    std::vector<std::string> receipts_;
    std::string error_receipt_;
    bool waits_ = false;
    bool connect_seen_ = false;
    bool negotiated_ = false;
    bool hold_next_ = false;
    bool held_ = false;
    bool held_before_ = false;
    bool leaving_ = false;
    bool ended_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const session_options options[] = {session_options(), small()};
    const input in(data, size);
    run session(options[in.choice >> 1 & 1], (in.choice & 1) != 0);
    std::string_view rest = in.octets;
    while (!rest.empty()) {
        const auto happens =
            static_cast<std::size_t>(std::find_if(rest.begin(), rest.end(), [](char c) { return c > 0 && c < 8; }) - rest.begin());
        session.feed(rest.substr(0, happens));
        if (happens == rest.size()) break;
        session.happens(rest[happens]);
        rest.remove_prefix(happens + 1);
    }
    session.end();
    return 0;
}
