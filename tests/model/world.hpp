// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_MODEL_WORLD_HPP
#define STOMPCHAT_TESTS_MODEL_WORLD_HPP

#include "shard.hpp"
#include "story.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace model {

/** A cluster with everybody who uses it: a log, nodes, clients, and the trouble they have. A storm, in which anything may happen at any
   time, is followed by a calm, at whose end nobody may be behind.

    Memory: everything that was ever published, until the world ends. */
class world {
public:
    explicit world(std::uint64_t seed);
    ~world();

    /// Throws `broken` when a promise was.
    void run();

    std::uint64_t step() const noexcept { return clock_.steps(); }
    const tally& counts() const noexcept { return counts_; }

private:
    struct membership {
        std::uint32_t room = 0;
        std::optional<position> token;
        std::unique_ptr<story> now;
    };
    /// A client, which comes and goes.
    struct client {
        std::uint32_t number = 0;
        std::vector<membership> rooms;
        std::vector<std::unique_ptr<story>> past; // subscriptions of this session that are over, whose messages may still come
        node* at = nullptr;                       // null = not connected
        std::uint32_t shard = 0;
        std::uint64_t session = 0;
        std::uint64_t visit = 0; // so that what is planned for one session does not happen to the next
        std::uint32_t laziness = 1;
        bool writes = false;
        bool comes = false;
    };

    node_shape shape();
    void storm();
    void calm();

    // The clients.
    session* session_of(const client& who);
    template <class What>
    void later(client& who, std::int64_t delay, What what);
    void connect_later(client& who, std::int64_t delay);
    void connect(client& who);
    void disconnect(client& who);
    void live(client& who);
    void subscribe(client& who, membership& in);
    wish wish_for(const membership& in);
    void write_later(client& who);
    void write(client& who);
    void take(client& who, const parcel& what);
    void acknowledge_later(client& who, const story& of);

    // The others.
    void publish();
    void make_trouble();
    void truncate();
    void renew();
    void restart(node& which);

    scheduler clock_;
    dice random_;
    tally counts_;
    shared_log log_;
    surroundings around_;
    std::vector<std::unique_ptr<node>> nodes_;
    std::vector<std::unique_ptr<client>> clients_;
    bool trouble_ = true;        // some worlds have none but slow clients and disconnects
    std::uint32_t renewals_ = 6; // in some worlds no log lives long
    std::int64_t storm_ends_ = 0;
};

} // namespace model

#endif
