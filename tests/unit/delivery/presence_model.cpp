// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/presence.hpp>

#include <doctest/doctest.h>
#include <support/seed.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

// A room between a registry that loses, repeats and delays what it tells, and clients that believe what they are told.

using namespace stompchat;
using delivery::presence_message;
using delivery::presence_room;
using kind = presence_message::kind;
using std::chrono::milliseconds;

namespace {

using names = presence_room::names;

/// What the registry holds, as simple as can be.
struct model_registry {
    presence_change toggle(const std::string& user, std::mt19937& random) {
        const bool joined = users.insert(user).second;
        if (!joined) users.erase(user);
        // Nothing is kept of an empty room.
        version = joined && users.size() == 1 ? version + 1 + random() % 1'000 : version + 1;
        return {"/topic/a", user, joined, version, users.size()};
    }
    presence_view view(std::size_t most) const {
        presence_view found{version, users.size(), {}};
        if (users.size() <= most) found.users.assign(users.begin(), users.end());
        return found;
    }

    names users;
    std::uint64_t version = 1'000;
};

/// A client that trusts its eyes, and checks that what it hears makes sense.
struct client {
    void take(const presence_message& message) {
        switch (message.what) {
        case kind::unavailable:
            CHECK(!unavailable);
            unavailable = true;
            return;
        case kind::snapshot:
            CHECK(message.version >= version);
            if (message.version == version && !unavailable && begun) CHECK(message.count == count);
            if (message.users != nullptr) CHECK(message.users->size() == message.count);
            listed = message.users != nullptr;
            users = listed ? *message.users : names();
            break;
        case kind::join:
        case kind::leave: {
            const bool joined = message.what == kind::join;
            CHECK(begun);
            CHECK(!unavailable);
            CHECK(listed);
            CHECK(message.version == version + 1);
            CHECK(message.count == count + (joined ? 1 : -1));
            const std::string user(message.user);
            CHECK((joined ? users.insert(user).second : users.erase(user) == 1));
            CHECK(users.size() == message.count);
        }
        }
        begun = true;
        unavailable = false;
        version = message.version;
        count = message.count;
    }

    names users;
    std::size_t count = 0;
    std::uint64_t version = 0;
    bool listed = false;
    bool begun = false;
    bool unavailable = false;
    bool behind = false;
};

struct faults {
    unsigned lost = 0; // of 100 changes
    unsigned repeated = 0;
    unsigned failed = 0;      // of 100 looks
    unsigned interrupted = 0; // of 1000 steps
};

class simulation {
public:
    /// `most` of 0 = a small limit, which the room crosses all the time.
    simulation(std::uint32_t seed, faults what, std::size_t most = 0) : random_(seed), faults_(what) {
        limits_.most_users = most != 0 ? most : 3 + random_() % 6;
        limits_.rate = 50;
        limits_.longest_pause = milliseconds(2'000);
        room_ = std::make_unique<presence_room>(limits_, now_);
    }

    void run(int steps) {
        for (int i = 0; i != steps; ++i) step();
        settle();
    }

    std::uint64_t looks = 0;
    std::uint64_t told = 0;

private:
    bool percent(unsigned chance) { return random_() % 100 < chance; }

    void step() {
        now_ += milliseconds(random_() % 40);
        switch (random_() % 8) {
        case 0:
        case 1:
        case 2: change(); break;
        case 3:
            clients_.emplace_back(std::make_unique<client>());
            greet(*clients_.back());
            break;
        case 4:
            if (!clients_.empty()) {
                std::swap(clients_[random_() % clients_.size()], clients_.back());
                if (clients_.size() > 8 || percent(20)) clients_.pop_back();
            }
            break;
        case 5:
            // A slow one has no room for a while, and then begins anew.
            if (!clients_.empty()) {
                client& one = *clients_[random_() % clients_.size()];
                if (std::exchange(one.behind, !one.behind)) greet(one);
            }
            break;
        default: break;
        }
        if (random_() % 1000 < faults_.interrupted) {
            changes_.clear();
            room_->on_interrupted(now_);
        }
        if (!changes_.empty() && percent(60)) hear();
        if (answer_ && percent(40)) answer();
        drive();
    }

    void change() {
        const presence_change made = registry_.toggle("user" + std::to_string(random_() % 12), random_);
        if (percent(faults_.lost)) return;
        changes_.push_back(made);
        if (percent(faults_.repeated)) changes_.push_back(changes_[random_() % changes_.size()]);
    }

    void hear() {
        room_->on_change(changes_.front(), now_);
        changes_.pop_front();
    }

    void answer() {
        const auto [look, view] = *std::exchange(answer_, std::nullopt);
        if (percent(faults_.failed))
            room_->on_failed(look, now_);
        else
            room_->on_view(look, view, now_);
    }

    void drive() {
        if (const std::uint64_t look = room_->begin_look(now_)) {
            ++looks;
            answer_.emplace(look, registry_.view(limits_.most_users));
        }
        room_->flush(now_, clients_.size(), [&](const presence_message& message) {
            ++told;
            for (const auto& one : clients_)
                if (!one->behind) one->take(message);
        });
    }

    void greet(client& one) {
        one = client();
        if (const auto begin = room_->current()) one.take(*begin);
    }

    /// Nothing more happens, and all that is under way arrives, but for what is lost.
    void settle() {
        faults_ = {};
        for (const auto& one : clients_)
            if (std::exchange(one->behind, false)) greet(*one);
        const auto end = now_ + 2 * limits_.digest;
        while (now_ < end) {
            while (!changes_.empty()) hear();
            if (answer_) answer();
            drive();
            now_ = answer_ ? now_ + milliseconds(1) : std::max(now_ + milliseconds(1), std::min(end, room_->next_time()));
        }
        greet(*clients_.emplace_back(std::make_unique<client>()));
        for (const auto& one : clients_) {
            CHECK(one->begun);
            CHECK(!one->unavailable);
            CHECK(one->count == registry_.users.size());
            CHECK(one->listed == (registry_.users.size() <= limits_.most_users));
            if (one->listed) CHECK(one->users == registry_.users);
            CHECK(one->version == clients_.front()->version);
        }
    }

    std::mt19937 random_;
    faults faults_;
    delivery::presence_limits limits_;
    presence_room::time_point now_{std::chrono::hours(1)};
    std::unique_ptr<presence_room> room_;
    model_registry registry_;
    std::deque<presence_change> changes_;
    std::optional<std::pair<std::uint64_t, presence_view>> answer_;
    std::vector<std::unique_ptr<client>> clients_;
};

} // namespace

TEST_CASE("where nothing is lost every client knows who is there, and the registry is looked at for the digest alone") {
    stompchat_test::for_each_seed(200, [&](std::uint32_t seed) {
        CAPTURE(seed);
        simulation one(seed, {}, 100);
        one.run(2'000);
        // At the beginning, and once a minute of the three or less that it takes.
        CHECK(one.looks <= 4);
        CHECK(one.told > 20);
    });
}

TEST_CASE("a room that has more users than are named, then fewer, is told as what it is") {
    stompchat_test::for_each_seed(200, [](std::uint32_t seed) {
        CAPTURE(seed);
        simulation(seed, {}).run(2'000);
    });
}

TEST_CASE("what was lost or repeated heals, at the latest with the digest") {
    stompchat_test::for_each_seed(200, [](std::uint32_t seed) {
        CAPTURE(seed);
        simulation(seed, {10, 10, 0, 0}).run(2'000);
    });
}

TEST_CASE("looks that fail and interruptions leave every client with the truth in the end") {
    stompchat_test::for_each_seed(200, [](std::uint32_t seed) {
        CAPTURE(seed);
        simulation(seed, {5, 5, 30, 5}).run(2'000);
    });
}
