// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_EPOCH_MARKER_HPP
#define STOMPCHAT_KAFKA_DETAIL_EPOCH_MARKER_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/kafka/detail/epoch_chain.hpp>
#include <stompchat/kafka/detail/log_epoch.hpp>
#include <stompchat/kafka/detail/past_reader.hpp>
#include <stompchat/ports/position.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** Writes a record that is no message, through the broker's producer, so that it has the producer's guarantees.
    Called on the executor; `done(failure, offset)` comes there, never inside the call. */
using write_record =
    std::function<void(std::string topic, partition, std::string key, std::string value, std::function<void(error_code, offset)> done)>;

/** Finds the epoch of the log, and makes a new one: see epoch_chain. The topics are there when it is asked; `past` lives as long.

    - An end below what was known is looked at again for a while before it makes a new epoch: a new leader may not know yet how much of what
      it has is committed.
    - How far the partitions reach is written down when the epoch was found, and every `record_every`, if it has changed.
    - One question at a time: a later one takes the place of the one before, which is not answered any more.

    Thread safety: for the executor. */
class epoch_marker : public std::enable_shared_from_this<epoch_marker> {
public:
    using found = std::function<void(error_code, log_epoch)>;

    static constexpr const char* meta_topic = "stompchat.meta";
    static constexpr std::chrono::seconds record_every{60};
    /// How often, and with which pauses, an end that is too low is asked for again.
    static constexpr int most_doubts = 5;
    static constexpr std::chrono::milliseconds pause_of_doubt{500};

    epoch_marker(environment_ptr environment, write_record write, std::shared_ptr<past_reader> past)
        : environment_(std::move(environment)), write_(std::move(write)), past_(std::move(past)), doubt_timer_(environment_->executor),
          record_timer_(environment_->executor) {}

    /// `done` comes once, with an epoch or a failure; the caller tries again.
    STOMPCHAT_DECL void find(found done);
    /// The log was truncated or made anew, as this node saw it under epoch `seen`: the epoch that holds now, another one than `seen`.
    STOMPCHAT_DECL void renew(std::uint64_t seen, found done);
    /// All below `next` has been seen in the log under the present epoch.
    void reached(partition of, offset next) {
        if (of < known_.size() && known_[of] < next) {
            known_[of] = next;
            changed_ = true;
        }
    }
    /// Nothing is called back any more.
    STOMPCHAT_DECL void stop();

private:
    void begin(std::uint64_t seen, found done);
    void look();
    void compare(const epoch_chain& chain, const std::vector<offset>& ends);
    void make(std::uint64_t follows, const std::vector<offset>& ends);
    void answer(error_code failure, log_epoch epoch = {});
    void record();
    void record_later();
    template <class Then>
    auto current(Then then);

    environment_ptr environment_;
    write_record write_;
    std::shared_ptr<past_reader> past_;
    found done_;
    std::uint64_t question_ = 0; // counts them
    std::uint64_t seen_ = 0;
    int doubts_ = 0;
    int made_ = 0;
    std::string cluster_id_;
    std::uint64_t nonce_ = 0;
    std::vector<offset> known_;
    bool changed_ = false;
    bool recording_ = false;
    bool stopped_ = false;
    asio::steady_timer doubt_timer_;
    asio::steady_timer record_timer_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/epoch_marker.ipp>
#endif

#endif
