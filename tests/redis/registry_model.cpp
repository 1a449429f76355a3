// Boost Software License 1.0, see LICENSE

#include "registry_stand.hpp"

#include <support/seed.hpp>

#include <map>
#include <random>
#include <set>

namespace {

using namespace registry_tests;

constexpr auto lease = 800ms;

/** A node whose connections break off at any octet, or are cut for longer than its lease. It does what a node does: tells the registry of
   its sessions without waiting, and registers all of them again when it must. */
class model_node {
public:
    model_node(boost::asio::io_context& context, const redis_registry_options& options, std::string name, std::minstd_rand& random)
        : name_(std::move(name)), random_(random), on_(context, options, 300ms) {
        on_.connect();
        on_.network.octets_up = [this] { return breaks_ ? 200 + random_() % 6000 : std::size_t(-1); };
    }
    void beat() {
        on_.registry.async_hold_lease(self_, node_status(), lease, [this, asked = self_](error_code ec) {
            if (ec != error::stale_incarnation || asked != self_) return;
            self_.incarnation += 1;
            ++renewals;
            beat();
            // After the lease, as the order of one connection goes; refused ones are made up for by the next run.
            on_.registry.async_hold_lease(self_, node_status(), lease, [this](error_code failed) {
                if (failed) return;
                for (const auto& [id, rooms] : sessions_) {
                    on_.registry.async_add_session(record(id), [](error_code) {});
                    for (const std::string& room : rooms) on_.registry.async_join(room, record(id), [](error_code) {});
                }
            });
        });
    }
    void step() {
        const std::string id = name_ + std::to_string(random_() % 6);
        const std::string room = "/topic/" + std::to_string(random_() % 3);
        const auto known = sessions_.find(id);
        if (known == sessions_.end()) {
            sessions_[id];
            on_.registry.async_add_session(record(id), [](error_code) {});
        } else if (random_() % 5 == 0) {
            sessions_.erase(known);
            on_.registry.async_remove_session(record(id), [](error_code) {});
        } else if (known->second.erase(room) != 0) {
            on_.registry.async_leave(room, record(id), [](error_code) {});
        } else {
            known->second.insert(room);
            on_.registry.async_join(room, record(id), [](error_code) {});
        }
        if (breaks_ && random_() % 10 == 0) on_.network.cut();
    }
    void cut_off(bool off) {
        on_.network.refuse = off;
        if (off) on_.network.cut();
    }
    void heal() {
        breaks_ = false;
        cut_off(false);
        on_.network.cut(); // connections that have few octets left
    }
    void end_all() {
        for (const auto& [id, rooms] : sessions_) on_.registry.async_remove_session(record(id), [](error_code) {});
        sessions_.clear();
    }
    session_record record(const std::string& id) const { return {id, "user" + std::to_string(id.back() % 2), self_}; }
    const std::map<std::string, std::set<std::string>>& sessions() const { return sessions_; }
    process& on() { return on_; }

    int renewals = 0;

private:
    const std::string name_;
    std::minstd_rand& random_;
    bool breaks_ = true;
    node_incarnation self_{name_, 1};
    std::map<std::string, std::set<std::string>> sessions_;
    process on_;
};

} // namespace

TEST_CASE("whatever breaks off, in the end Redis knows what the nodes know, and nothing is left of what is gone") {
    int renewals = 0;
    stompchat_test::for_each_seed(4, [&](std::uint32_t seed) {
        CAPTURE(seed);
        std::minstd_rand random(seed);
        boost::asio::io_context context;
        const redis_registry_options options = options_for_test();
        redis_console console(context);
        model_node a(context, options, "a", random);
        model_node b(context, options, "b", random);
        auto next_beat = std::chrono::steady_clock::now();
        const auto turn = [&] {
            if (std::chrono::steady_clock::now() >= next_beat) {
                next_beat = std::chrono::steady_clock::now() + lease / 5;
                a.beat();
                b.beat();
            }
            pass(context, 5ms);
        };
        for (int i = 0; i != 400; ++i) {
            a.step();
            b.step();
            // a is away for longer than its lease once, and for a moment another time.
            if (i == 100 || i == 300) a.cut_off(true);
            if (i == 100) b.heal(); // who declares others dead has unbroken contact himself
            if (i == 310) a.cut_off(false);
            if (i == 100)
                for (int wait = 0; wait != 300; ++wait) turn();
            if (i == 110) a.cut_off(false);
            turn();
        }
        a.heal();
        b.heal();
        const auto settled = [&] {
            for (int number = 0; number != 3; ++number) {
                const std::string room = "/topic/" + std::to_string(number);
                std::map<std::string, std::uint32_t> wanted;
                for (model_node* const node : {&a, &b}) {
                    for (const auto& [id, rooms] : node->sessions())
                        if (rooms.contains(room)) ++wanted[node->record(id).user];
                }
                std::vector<participant> expected;
                for (const auto& [user, count] : wanted) expected.emplace_back(user, count);
                if (b.on().participants(room) != expected || b.on().view(room).count != expected.size()) return false;
            }
            return true;
        };
        const auto reached = [&](auto condition) {
            const auto end = std::chrono::steady_clock::now() + 15s;
            for (; std::chrono::steady_clock::now() < end; turn())
                if (condition()) return true;
            return false;
        };
        b.on().connect();
        CHECK(reached(settled));
        a.end_all();
        b.end_all();
        CHECK(reached([&] { return console.keys(options.cluster).empty(); }));
        renewals += a.renewals;
    });
    CHECK(renewals > 0);
}
