// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_DURABLES_HPP
#define STOMPCHAT_NODE_DETAIL_DURABLES_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/durable_position.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/position.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

namespace asio = boost::asio;

class shard;
struct subscription;

/** The durable subscriptions of a shard: brings their positions to the state store and back. What is written when is decided by
    delivery::durable_position; this does the asking.

    A subscription that ends leaves its last position to be written; if the store does not answer, that is tried again for a while.
    Thread safety: for the shard's thread.
    Memory: about 500 octets for each durable subscription, nothing for others. Of those that have ended and wait for the store there are at
    most `most_ended`; then the positions of the oldest are given up, and what was acknowledged last comes again. */
class durables {
public:
    using time_point = std::chrono::steady_clock::time_point;
    /// Told once what became of a subscription's end; `error::taken_over` when another one had it by then.
    using ended = std::function<void(error_code)>;

    STOMPCHAT_DECL explicit durables(shard& home);

    durables(const durables&) = delete;
    durables& operator=(const durables&) = delete;

    /** Makes a subscription the holder of that name. session::on_durable() follows, never from within. `start` is where it begins if there
        is no position. */
    STOMPCHAT_DECL void claim(subscription& whom, std::string_view user, std::string_view destination, std::string_view name,
                              const position& start);
    std::string_view name_of(const subscription& whom) const {
        const entry* const of = find(whom);
        return of == nullptr ? std::string_view() : std::string_view(of->name);
    }
    /// Whether claim() was answered.
    STOMPCHAT_DECL bool claimed(const subscription& whom) const;

    /// A delivery to the subscription, or an acknowledgement by it.
    STOMPCHAT_DECL void touch(const subscription& whom);
    /// A NACK.
    STOMPCHAT_DECL void hold(const subscription& whom, offset refused);

    /// The subscription ends; its position stays. `done` is called when that was written, or cannot be at the moment; perhaps from within.
    STOMPCHAT_DECL void end(subscription& whom, ended done = {});
    /// The subscription ends for good: its position is forgotten. `done` as with end().
    STOMPCHAT_DECL void forget(subscription& whom, ended done);

    /// Another subscription of this node has taken over.
    STOMPCHAT_DECL void on_taken_over(std::uint64_t serial);

    /// The shard ends: nothing is asked any more.
    STOMPCHAT_DECL void stop();

    std::size_t size() const noexcept { return all_.size(); }

private:
    static constexpr std::size_t most_ended = 10'000;
    static constexpr int most_attempts = 60;
    static constexpr std::chrono::seconds claim_limit{10};

    using number = std::uint32_t;
    using value = std::optional<std::string>;

    struct entry {
        entry(std::string holder, std::uint32_t check, const delivery::durable_timing& timing) : at(std::move(holder), check, timing) {}

        delivery::durable_position at;
        std::string user;
        std::string destination;
        std::string name;
        std::string key;
        std::uint64_t serial = 0;
        subscription* whom = nullptr; // null once it has ended
        position last;                // where it begins if there is no position; once it has ended, its last position
        time_point due = time_point::max();
        ended done;
        int attempts = 0; // to write the last position
        bool held = false;
        bool forgotten = false;
    };

    entry* find(number of) const;
    entry* find(const subscription& whom) const;
    template <class Then>
    auto answer(const entry& of, Then then);

    // Becoming the holder: the entry is read, then the user's list of names, then the entry is replaced.
    void read_entry(entry& of);
    void read_names(entry& of, value found);
    void write_claim(entry& of, value found);
    void on_held(entry& of);
    void fail_claim(entry& of, error_code ec, std::string_view why);

    position first(entry& of, bool ends) const;
    void write(entry& of);
    void on_written(entry& of, error_code ec, bool swapped, value found);
    void begin_end(subscription& whom, bool forgotten, ended done);
    void finish(entry& of, error_code ec);
    void leave_names(const entry& of);
    void lose(entry& of);
    ended erase(entry& of);

    void plan(entry& of);
    void arm();
    void on_timer();

    shard& shard_;
    const delivery::durable_timing timing_;
    asio::steady_timer timer_;
    time_point timer_at_ = time_point::max();
    std::unordered_map<number, std::unique_ptr<entry>> all_;
    std::set<std::pair<time_point, number>> due_;
    std::set<std::uint64_t> ended_; // serials, the oldest first
    std::uint64_t last_serial_ = 0;
    bool stopped_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
