// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_PAST_READER_HPP
#define STOMPCHAT_KAFKA_DETAIL_PAST_READER_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/kafka/detail/copies.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/ports/broker.hpp>

#include <functional>
#include <memory>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** Reads what is in the log already: answers broker::async_read() and async_end(), and reads back for the rule of copies.
    Thread safety: for the executor. Nothing is called back inside a call. */
class past_reader : public std::enable_shared_from_this<past_reader> {
public:
    using read_done = stompchat::detail::completion<void(error_code, read_result)>;
    using end_done = stompchat::detail::completion<void(error_code, position)>;

    explicit past_reader(environment_ptr environment) : environment_(std::move(environment)) {}

    /// The topic is there, and this is its epoch. Called again when the epoch changes: reads under the old one are `lost`.
    void start(log_epoch epoch) { epoch_ = std::move(epoch); }
    /// Whether the broker answers, as far as the broker's core knows: while it does not, reads fail with error::broker_unavailable.
    void set_available(bool available) { available_ = available; }

    void read(std::string /*destination*/, position /*from*/, read_bounds /*bounds*/, read_done done) {
        done(make_error_code(error::broker_unavailable), {});
    }
    void end(partition /*of*/, end_done done) { done(make_error_code(error::broker_unavailable), {}); }

    /** Reads what copies::needed() asked for. `done` is given a failure when the broker did not answer, and the caller tries again. What
        the log no longer has counts as read. */
    void look_back(partition /*of*/, const kafka::look_back& range, std::function<void(error_code, looked_back)> done) {
        done({}, looked_back(range));
    }

    /** A record of ours that may be a copy has been acknowledged at `at`: finds where the first copy of it stands, at or above `base` and
        up to `at`. It reads the log: copies::find() is asked first. */
    void first_copy(position at, record_id /*id*/, position /*base*/, std::function<void(error_code, offset)> done) { done({}, at.offset); }

    /// Answers what waits with error::stopped. Behind `done` nothing is called any more, and the handle is closed.
    void stop(std::function<void()> done) { done(); }

private:
    environment_ptr environment_;
    log_epoch epoch_;
    bool available_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
