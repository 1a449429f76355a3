// Boost Software License 1.0, see LICENSE

// What the Kafka adapter costs: publishes messages to a broker, waits until each was acknowledged and shown, and prints the processor time
// of the whole process for each message, and how long it took from publish() to the sink.
// usage: stompchat-bench-kafka HOST:PORT [MESSAGES] [OCTETS] [IN FLIGHT]

#include <stompchat/kafka/kafka_broker.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace {

using namespace stompchat;
using clock_type = std::chrono::steady_clock;

/// Keeps `window` messages on their way.
class load final : public broker::sink {
public:
    load(kafka_broker& to, std::size_t count, std::size_t octets, std::size_t window)
        : broker_(to), count_(count), window_(window), body_(octets, 'x'), sent_(count + 1), took_(count + 1) {}

    void on_records(std::span<const record_view> records, const position&) override {
        const auto now = clock_type::now();
        for (const record_view& one : records)
            took_[static_cast<std::size_t>(one.timestamp)] = now - sent_[static_cast<std::size_t>(one.timestamp)];
        shown_ += records.size();
        go_on();
    }
    void on_published(std::span<const publish_result> results) override {
        answered_ += results.size();
        go_on();
    }
    void on_state(broker_state state) override {
        if (state != broker_state::ready || ready_) return;
        ready_ = true;
        began_ = clock_type::now();
        cpu_ = std::clock();
        go_on();
    }

    bool done() const { return answered_ == count_ && shown_ == count_; }

    void print() {
        const double cpu = static_cast<double>(std::clock() - cpu_) / CLOCKS_PER_SEC;
        const double seconds = std::chrono::duration<double>(clock_type::now() - began_).count();
        std::sort(took_.begin() + 1, took_.end());
        const auto at = [&](double share) {
            return std::chrono::duration<double, std::milli>(took_[1 + static_cast<std::size_t>(share * static_cast<double>(count_ - 1))])
                .count();
        };
        const auto count = static_cast<double>(count_);
        std::printf(
            "%zu messages of %zu octets, %zu in flight: %.0f/s, %.2f us of processor time each, shown after %.2f ms (median), %.2f ms "
            "(99 of 100)\n",
            count_, body_.size(), window_, count / seconds, cpu / count * 1e6, at(0.5), at(0.99));
    }

private:
    void go_on() {
        while (ready_ && published_ != count_ && published_ < std::min(answered_, shown_) + window_) {
            const std::size_t number = ++published_;
            const std::string room = "/topic/room-" + std::to_string(number % 100);
            outgoing one{number, room, "user", static_cast<std::int64_t>(number), {}, body_};
            sent_[number] = clock_type::now();
            broker_.publish({&one, 1});
        }
    }

    kafka_broker& broker_;
    const std::size_t count_;
    const std::size_t window_;
    const std::string body_;
    std::vector<clock_type::time_point> sent_;
    std::vector<clock_type::duration> took_;
    std::size_t published_ = 0;
    std::size_t answered_ = 0;
    std::size_t shown_ = 0;
    bool ready_ = false;
    clock_type::time_point began_;
    std::clock_t cpu_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s HOST:PORT [MESSAGES] [OCTETS] [IN FLIGHT]\n", argv[0]);
        return 2;
    }
    const auto number = [&](int i, std::size_t otherwise) { return argc > i ? std::stoul(argv[i]) : otherwise; };
    kafka_broker_options options;
    options.brokers = argv[1];
    options.topic = "bench.log";
    options.partitions = 16;
    boost::asio::io_context context;
    kafka_broker broker(context.get_executor(), options);
    load sink(broker, number(2, 200'000), number(3, 300), number(4, 200));
    broker.start(sink);
    while (!sink.done()) context.run_one();
    sink.print();
    broker.async_stop(std::chrono::seconds(5), [](error_code) {});
    context.run();
}
