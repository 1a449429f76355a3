// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_EPHEMERAL_PRODUCER_IPP
#define STOMPCHAT_KAFKA_IMPL_EPHEMERAL_PRODUCER_IPP

#include <stompchat/kafka/detail/ephemeral_producer.hpp>
#include <stompchat/kafka/detail/topics.hpp>
#include <stompchat/kafka/impl/handle.ipp>
#include <stompchat/kafka/impl/produce.ipp>
#include <stompchat/kafka/record.hpp>

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

STOMPCHAT_DECL boost::system::result<std::shared_ptr<ephemeral_producer>, kafka_failure>
ephemeral_producer::make(environment_ptr environment) {
    std::shared_ptr<ephemeral_producer> made(new ephemeral_producer(std::move(environment)));
    const std::size_t longest = detail::longest_record(made->environment_->options);
    const handle::settings special = {
        {"acks", "1"},
        {"message.timeout.ms", "2000"},
        // Repeating could change the order, and nobody waits for it.
        {"message.send.max.retries", "0"},
        {"message.max.bytes", std::to_string(longest)},
        {"linger.ms", "0"},
        {"queue.buffering.max.messages", "10000"},
        {"queue.buffering.max.kbytes", std::to_string(std::max<std::size_t>(2 * longest / 1024, 16 * 1024))},
    };
    auto handle = handle::make(made->environment_, handle::kind::producer, special);
    if (!handle) return handle.error();
    made->handle_ = *handle;
    made->handle_->watch_events([](rd_kafka_op_s*) {});
    return made;
}

STOMPCHAT_DECL ephemeral_producer::~ephemeral_producer() { stop({}); }

STOMPCHAT_DECL void ephemeral_producer::open() {
    const std::lock_guard held(mutex_);
    if (!handle_ || topic_) return;
    topic_ = rd_kafka_topic_new(handle_->get(), ephemeral_topic(environment_->options).c_str(), nullptr);
}

STOMPCHAT_DECL void ephemeral_producer::pass_on(const outgoing& one) {
    thread_local std::string header;
    header.clear();
    encode_record_header(header, record_type::ephemeral, one);
    const std::string_view key = partition_key(one.destination);
    const auto text = [](std::string_view part) { return const_cast<char*>(part.data()); };
    rd_kafka_vu_t parts[6];
    parts[0].vtype = RD_KAFKA_VTYPE_RKT;
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = static_cast<std::int32_t>(partition_of(one.destination, environment_->options.partitions));
    parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[2].u.i = RD_KAFKA_MSG_F_COPY;
    parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[3].u.mem.ptr = text(one.body);
    parts[3].u.mem.size = one.body.size();
    parts[4].vtype = RD_KAFKA_VTYPE_KEY;
    parts[4].u.mem.ptr = text(key);
    parts[4].u.mem.size = key.size();
    const std::lock_guard held(mutex_);
    if (!topic_) return;
    parts[0].u.rkt = topic_;
    detail::produce(handle_->get(), parts, header);
}

STOMPCHAT_DECL void ephemeral_producer::stop(std::function<void()> done) {
    std::shared_ptr<handle> closed;
    {
        const std::lock_guard held(mutex_);
        if (topic_) rd_kafka_topic_destroy(std::exchange(topic_, nullptr));
        closed.swap(handle_);
    }
    if (closed)
        closed->close(std::move(done));
    else if (done)
        asio::post(environment_->executor, std::move(done));
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
