// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_EPOCH_MARKER_HPP
#define STOMPCHAT_KAFKA_DETAIL_EPOCH_MARKER_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/kafka/detail/log_epoch.hpp>
#include <stompchat/ports/position.hpp>

#include <functional>
#include <memory>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** Writes a record that is no message, through the broker's producer, so that it has the producer's guarantees.
    Called on the executor; `done(failure, offset)` comes there, never inside the call. */
using write_record =
    std::function<void(std::string topic, partition, std::string key, std::string value, std::function<void(error_code, offset)> done)>;

/** Finds the epoch of the log, and makes a new one. The topic `stompchat.meta` is there when find() is called.
    Thread safety: for the executor. */
class epoch_marker : public std::enable_shared_from_this<epoch_marker> {
public:
    using found = std::function<void(error_code, log_epoch)>;

    epoch_marker(environment_ptr environment, write_record write) : environment_(std::move(environment)), write_(std::move(write)) {}

    /// `done` comes once, with an epoch or a failure; the caller tries again.
    void find(found done) {
        write_(meta_topic, 0, "start", "", [done = std::move(done)](error_code failure, offset) { done(failure, {1, {}}); });
    }
    /// The log was truncated or made anew, as this node saw it under epoch `seen`: the epoch that holds now, another one than `seen`.
    void renew(std::uint64_t seen, found done) { done({}, {seen + 1, {}}); }
    /// All below `next` has been seen in the log under the present epoch.
    void reached(partition, offset /*next*/) {}
    /// Nothing is called back any more.
    void stop() {}

    static constexpr const char* meta_topic = "stompchat.meta";

private:
    environment_ptr environment_;
    write_record write_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
