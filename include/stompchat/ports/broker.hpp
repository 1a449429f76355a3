// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_BROKER_HPP
#define STOMPCHAT_PORTS_BROKER_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/// What became of one `outgoing`.
struct publish_result {
    /// Of the `outgoing`.
    std::uint64_t ticket = 0;
    /// Why it was not published, or `error::outcome_unknown`; clear when it is durable.
    error_code error;
    /// Where the message stands when there is no error; of a copy, where the first one does. An ephemeral message has the offset -1.
    position at;
};

/// What a broker says of itself.
enum class broker_state {
    starting,    ///< it has not answered yet
    ready,       ///< it takes and shows messages
    unavailable, ///< the broker does not answer at the moment; messages that were taken are kept and tried again
    stopped,     ///< async_stop() has begun
    refused,     ///< what it found is not the log that the options describe, or cannot be read by this version: it does not serve until
                 ///< somebody has put that right. The adapter has logged the reason as an error just before
};

/// How far broker::async_read may go.
struct read_bounds {
    /// Messages older than this are passed over, as if they were not in the log.
    std::optional<std::chrono::system_clock::time_point> not_before;
    /// At most this many messages; at least one is returned if there is one.
    std::size_t messages = 64;
    /// At most this many octets; at least one message is returned if there is one.
    std::size_t octets = 256 * 1024;
};

/// How a read ended.
enum class read_status {
    complete, ///< the read came to the end that the partition had when it began
    more,     ///< a bound was reached; go on from `next`
    lost,     ///< the log no longer reaches back to the given position: what follows is not all there was
};

/// What a read brought.
struct read_result {
    /// Messages of the destination, in the order of the log.
    std::vector<message> messages;
    /// The offset at which the following read goes on: all before it was read.
    position next;
    /// Why it ended there.
    read_status status = read_status::complete;
};

/** The replayable log that the nodes of a cluster share.

    A broker speaks of messages, destinations and positions; it knows no frames. A destination lives on one partition. Guarantees:
    - A message is reported published only when it is durable, as the adapter documents durability.
    - All readers see the records of a partition in one order, with growing offsets.
    - Messages that one caller publishes to one destination, one call after the other, stand in the log in that order.
    - A record is never shown twice at different positions, also when the adapter had to repeat it.
    - Of several copies of a message (`outgoing::id`) only the first one in the log exists for readers and sinks: the same for all of them,
      whoever published which, and however late. The results of the others name it.
    - An ephemeral message is in no read and has no position. It is shown once to the sinks that are there, or not at all; its order among
      logged messages is not told. Its result means that the broker has passed it on, or has given it up: it is never an error that
      another try would cure.

    Thread safety: publish() may be called from any thread. The other functions may be called from any thread, one at a time.
    Lifetime: outlives the node that uses it; the sink outlives the completion of async_stop(). */
class broker {
public:
    /** Takes what the broker tells. All calls come on the broker's executor, one at a time, never from inside a function of the broker,
        and must not block. */
    struct sink {
        /** Records of one partition, in order. The views die on return. All records of that partition below `next` have now been shown;
            `next` grows from call to call within an epoch. A record's offset may repeat after a reconnect of the adapter: the receiver
           drops what is below the last `next`. Delivery of a partition begins with a call without records, whose `next` tells where: after
           start(), after set_partitions() for a partition that was not wanted before, and when the log was made anew, under another epoch.
         */
        virtual void on_records(std::span<const record_view> records, const position& next) = 0;
        /** Ephemeral messages, in order for each destination and publisher. Their positions say nothing. The views die on return. Who does
           not want them leaves it out. */
        virtual void on_ephemeral(std::span<const record_view> records) { static_cast<void>(records); }
        /// What became of messages that were given to publish(), each once, in any order.
        virtual void on_published(std::span<const publish_result> results) = 0;
        /// The broker's state has changed.
        virtual void on_state(broker_state state) = 0;

    protected:
        ~sink() = default;
    };

    virtual ~broker() = default;

    broker(const broker&) = delete;
    broker& operator=(const broker&) = delete;

    /** Begins to deliver to `to`, from the present end of each partition. Called once. */
    virtual void start(sink& to) = 0;

    /** Publishes messages in order. Takes all of them and never blocks; the views may die on return. Each ticket comes back exactly once in
        sink::on_published(), unless the broker is destroyed. A slow broker shows as late results: callers bound what is in flight.
        Once async_stop() has begun every message is answered with `error::stopped`; once it has completed none is answered. */
    virtual void publish(std::span<const outgoing> messages) = 0;

    /** Which partitions to deliver to the sink; all by default. A partition that comes in is delivered from its present end, one that stays
       is delivered without a break. Records that are on their way may still come. */
    virtual void set_partitions(std::span<const partition> wanted) = 0;

    /// How many partitions the log has. It never changes.
    virtual std::uint32_t partitions() const noexcept = 0;

    /// Where the broker calls its sink.
    virtual asio::any_io_executor get_executor() const = 0;

    /** Reads messages of one destination at or behind `from`.
        Handler signature: `void(error_code, read_result)`.
        Completes when: a bound or the partition's end was reached, or the log turned out not to reach back to `from`
        (`read_status::lost`; the messages then begin with the oldest there is).
        Errors: `error::broker_unavailable`, `error::stopped`.
        Cancellation: none; reads are bounded.
        Lifetime: `destination` is copied. */
    template <class Token>
    auto async_read(std::string destination, position from, read_bounds bounds, Token&& token) {
        return detail::async_initiate_on<void(error_code, read_result)>(
            get_executor(), std::forward<Token>(token),
            [this, destination = std::move(destination), from, bounds](detail::completion<void(error_code, read_result)> done) mutable {
                do_read(std::move(destination), from, bounds, std::move(done));
            });
    }

    /** Asks for a partition's end: the position that the next record will have at the earliest.
        Handler signature: `void(error_code, position)`.
        Completes when: the broker answered; a remembered value is never given.
        Errors: `error::broker_unavailable`, `error::stopped`.
        Cancellation: none. */
    template <class Token>
    auto async_end(partition of, Token&& token) {
        return detail::async_initiate_on<void(error_code, position)>(
            get_executor(), std::forward<Token>(token),
            [this, of](detail::completion<void(error_code, position)> done) mutable { do_end(of, std::move(done)); });
    }

    /** Stops: publishes what was taken as far as `patience` allows, then answers the rest with `error::outcome_unknown`.
        Handler signature: `void(error_code)`.
        Completes when: no further call to the sink will come.
        Errors: none at present.
        Cancellation: none. */
    template <class Token>
    auto async_stop(std::chrono::milliseconds patience, Token&& token) {
        return detail::async_initiate_on<void(error_code)>(
            get_executor(), std::forward<Token>(token),
            [this, patience](detail::completion<void(error_code)> done) mutable { do_stop(patience, std::move(done)); });
    }

protected:
    broker() = default;

private:
    virtual void do_read(std::string destination, position from, read_bounds bounds,
                         detail::completion<void(error_code, read_result)> done) = 0;
    virtual void do_end(partition of, detail::completion<void(error_code, position)> done) = 0;
    virtual void do_stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done) = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
