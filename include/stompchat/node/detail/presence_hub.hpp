// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_PRESENCE_HUB_HPP
#define STOMPCHAT_NODE_DETAIL_PRESENCE_HUB_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/presence.hpp>
#include <stompchat/delivery/sweep.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/node/detail/subscription.hpp>
#include <stompchat/ports/session_registry.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

class shard;
class presence_relay;

/** Presence on one shard: its subscriptions to `/presence/...`, and the places in rooms of users whose connection was lost.

    A room is watched in the registry as long as it has a subscription here. What is told goes out in frames that all of the room's
    subscriptions share: at once when there are few, else some in each turn (delivery::sweep). A subscription that has no room, because its
    client does not read or does not acknowledge, misses what there is, and gets what is current when it has room again: nothing queues up.
    Thread safety: for the shard's thread. Memory: what delivery::presence_room holds for each room that is subscribed to; one record for
   each session that was lost in the last `presence_grace`. */
class presence_hub {
public:
    using time_point = std::chrono::steady_clock::time_point;

    STOMPCHAT_DECL explicit presence_hub(shard& home);
    STOMPCHAT_DECL ~presence_hub();
    presence_hub(const presence_hub&) = delete;
    presence_hub& operator=(const presence_hub&) = delete;

    /// Its RECEIPT has been queued: what is current follows, as soon as that is known.
    STOMPCHAT_DECL void add(subscription& whom, std::string room);
    STOMPCHAT_DECL void remove(subscription& whom);
    /// Whether a message of that number exists. Numbers are greater than those of what a session is told alone.
    bool was_told(std::uint64_t number) const noexcept { return number >= first_number && number <= last_number_; }

    /// A session has lost its connection: its user stays in the rooms for the time of grace.
    STOMPCHAT_DECL void keep_places(std::string_view session, std::string_view user);
    bool keeps_places() const noexcept { return !places_.empty(); }

    /// From the registry. `missed`: there were more, which are lost.
    STOMPCHAT_DECL void on_changes(std::span<const presence_change> changes, bool missed);
    STOMPCHAT_DECL void on_interrupted();
    /// Watches all rooms again, and looks at them.
    STOMPCHAT_DECL void look_again();

    /// No more timers.
    STOMPCHAT_DECL void stop();

private:
    static constexpr std::uint64_t first_number = std::uint64_t(1) << 40;
    /// Looks at the registry that are under way at once.
    static constexpr std::size_t most_looks = 32;
    /// A room with more subscriptions is told piece by piece, so many of them in a turn.
    static constexpr std::size_t turn = 128;
    /// How often it is looked whether subscriptions that missed something have room again, and whether something else can go on.
    static constexpr std::chrono::milliseconds patience{50};

    struct record {
        frame_ref what;

        std::size_t octets() const noexcept { return what->size(); }
    };
    struct room {
        room(std::string of, const delivery::presence_limits& limits, std::uint64_t which, time_point now)
            : name(std::move(of)), number(which), state(limits, now) {}

        const std::string name;
        const std::uint64_t number;
        delivery::presence_room state;
        delivery::sweep<subscription, record> subscriptions;
        std::vector<subscription*> behind;
        // What is current, once somebody has asked for it.
        frame_ref current;
        std::uint64_t current_is = 0;
        time_point due = time_point::max();
    };
    struct place {
        time_point until;
        std::string session;
        std::string user;
    };

    session_registry& registry();
    template <class Then>
    auto for_room(std::uint32_t slot, Then then);
    void drive(std::uint32_t slot, time_point now);
    void look(std::uint32_t slot, std::uint64_t number);
    void tell(std::uint32_t slot, const delivery::presence_message& message);
    frame_ref make_frame(const room& in, const delivery::presence_message& message);
    void offer(room& in, const frame_ref& what, subscription& to);
    void begin(room& in, subscription& whom);
    void serve_behind(room& in);
    void sweep_later(std::uint32_t slot);
    void sweep(std::uint32_t slot);
    void forget_places(time_point now);
    void arm_timer();
    void on_timer();

    shard& shard_;
    delivery::presence_limits limits_;
    std::shared_ptr<presence_relay> relay_;
    std::vector<std::unique_ptr<room>> rooms_; // by slot; null for a free one
    std::vector<std::uint32_t> free_;
    std::map<std::string, std::uint32_t, std::less<>> by_name_;
    std::set<std::pair<time_point, std::uint32_t>> due_;
    std::deque<place> places_;
    std::size_t looks_ = 0;
    std::uint64_t named_rooms_ = 0;
    std::uint64_t last_number_ = first_number;
    bool stopped_ = false;
    boost::asio::steady_timer timer_;
    time_point timer_at_ = time_point::max();
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
