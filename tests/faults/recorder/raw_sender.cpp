// Boost Software License 1.0, see LICENSE

#include "body.hpp"
#include "client.hpp"
#include "raw_link.hpp"

#include <deque>
#include <utility>

namespace faults {
namespace {

// SENDs without an answer.
constexpr std::size_t window = 32;
constexpr std::size_t transaction_length = 4;
constexpr char nul = '\0';

class raw_sender final : public sender, private raw_listener {
public:
    raw_sender(world& in, std::size_t number, care how, std::vector<target> targets)
        : in_(in), how_(how), targets_(std::move(targets)), name_("sender-" + in.run + "-" + std::to_string(number)),
          link_(in.context, {in.tcp, number, name_, in.seed + number, 0}, *this) {}

    void open() override { link_.open(); }
    bool up() const override { return link_.up(); }
    void close() override { link_.close(); }

    void send(std::size_t count) override {
        if (how_ == care::transaction) {
            // One at a time, so that their order is the order of the COMMITs.
            wanted_ += count;
            if (!waiting_.empty() || wanted_ < transaction_length) return;
            wanted_ = 0;
            // All to one place: those to several would only be several of these.
            const std::size_t to = next_++ % targets_.size();
            for (std::size_t i = 0; i < transaction_length; ++i) add(to);
            write_transaction();
            return;
        }
        for (; count > 0 && waiting_.size() < window; --count) send_to(next_++ % targets_.size());
    }
    void send_to(std::size_t to) override {
        add(to);
        if (how_ == care::transaction)
            write_transaction();
        else
            write(waiting_.back());
    }

    void vanish() override {
        // In the middle of a SEND that nobody may ever see.
        const std::string& to = targets_.front().destination;
        link_.vanish("SEND\ndestination:" + to + "\ncontent-length:500\n\nhalf a message");
    }

private:
    struct waiting {
        std::size_t to;
        number which;
        bool written = false;
    };

    void add(std::size_t to) { waiting_.push_back({to, in_.eye.on_send(targets_[to].stream), false}); }

    std::string label(const waiting& one) const { return std::to_string(targets_[one.to].stream) + "." + std::to_string(one.which); }

    std::string frame_of(const waiting& one, std::string_view transaction) const {
        const std::string body = make_body(targets_[one.to].stream, one.which, in_.filler);
        std::string frame = "SEND\ndestination:" + targets_[one.to].destination;
        if (transaction.empty())
            frame.append("\nreceipt:").append(label(one));
        else
            frame.append("\ntransaction:").append(transaction);
        if (how_ != care::none) frame.append("\nidempotency-key:").append(in_.run).append("-").append(label(one));
        frame.append("\ncontent-length:").append(std::to_string(body.size())).append("\n\n").append(body).append(1, nul);
        return frame;
    }

    void note_written(waiting& one) {
        if (one.written) in_.eye.on_repeat(targets_[one.to].stream, one.which, how_ != care::none);
        one.written = true;
    }

    void write(waiting& one) {
        if (!link_.up()) return;
        note_written(one);
        link_.write(frame_of(one, {}));
    }

    void write_transaction() {
        if (!link_.up()) return;
        const std::string name = label(waiting_.front());
        std::string frames = "BEGIN\ntransaction:" + name + "\n\n" + nul;
        for (waiting& one : waiting_) {
            note_written(one);
            frames += frame_of(one, name);
        }
        frames += "COMMIT\ntransaction:" + name + "\nreceipt:" + name + "\n\n" + nul;
        link_.write(frames);
    }

    void on_up() override {
        if (waiting_.empty()) return;
        if (how_ == care::transaction) return write_transaction();
        for (waiting& one : waiting_) write(one);
    }

    void on_down() override {}

    void on_frame(const raw_frame& frame) override {
        if (frame.command == "ERROR") {
            in_.say(name_ + " got an ERROR: " + std::string(frame.value_of("message")) + " " + frame.body);
            return;
        }
        if (frame.command != "RECEIPT") return;
        const std::string_view id = frame.value_of("receipt-id");
        if (how_ == care::transaction) {
            if (waiting_.empty() || id != label(waiting_.front())) return;
            for (const waiting& one : waiting_) in_.eye.on_receipt(targets_[one.to].stream, one.which, {});
            receipts += waiting_.size();
            waiting_.clear();
            return;
        }
        for (auto one = waiting_.begin(); one != waiting_.end(); ++one) {
            if (label(*one) != id) continue;
            in_.eye.on_receipt(targets_[one->to].stream, one->which, frame.value_of("message-id"));
            ++receipts;
            waiting_.erase(one);
            return;
        }
    }

    world& in_;
    const care how_;
    const std::vector<target> targets_;
    const std::string name_;
    std::deque<waiting> waiting_;
    std::size_t next_ = 0;
    std::size_t wanted_ = 0;
    raw_link link_;
};

} // namespace

sender_ptr make_raw_sender(world& in, std::size_t number, care how, std::vector<target> targets) {
    return std::make_unique<raw_sender>(in, number, how, std::move(targets));
}

} // namespace faults
