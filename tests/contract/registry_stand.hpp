// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CONTRACT_REGISTRY_STAND_HPP
#define STOMPCHAT_TESTS_CONTRACT_REGISTRY_STAND_HPP

#include "registry_contract.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <support/run_until.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace contract {

using namespace stompchat;

/** A registry with all that a case needs around it: each operation as a call that waits. */
struct registry_stand {
    explicit registry_stand(const make_registry& make) : subject(make(context)), registry(subject->registry()) {}

    template <class Start>
    error_code change(Start start) {
        std::optional<error_code> outcome;
        start([&](error_code failure) {
            CHECK_MESSAGE(!outcome, "completed twice");
            outcome = failure;
        });
        CHECK_MESSAGE(!outcome, "completed inside its initiation");
        REQUIRE(support::run_until(context, [&] { return outcome.has_value(); }));
        return *outcome;
    }
    template <class Result, class Start>
    std::vector<Result> look_up(Start start) {
        std::optional<std::vector<Result>> outcome;
        start([&](error_code failure, std::vector<Result> result) {
            CHECK_MESSAGE(!outcome, "completed twice");
            CHECK(!failure);
            outcome = std::move(result);
        });
        CHECK_MESSAGE(!outcome, "completed inside its initiation");
        REQUIRE(support::run_until(context, [&] { return outcome.has_value(); }));
        return *outcome;
    }

    error_code hold(const node_incarnation& node, const node_status& status = {}) {
        return change([&](auto done) { registry.async_hold_lease(node, status, subject->lease(), done); });
    }
    error_code release(const node_incarnation& node) {
        return change([&](auto done) { registry.async_release(node, done); });
    }
    error_code add(const session_record& session) {
        return change([&](auto done) { registry.async_add_session(session, done); });
    }
    error_code remove(const session_record& session) {
        return change([&](auto done) { registry.async_remove_session(session, done); });
    }
    error_code mark_leaving(const session_record& session) {
        return change([&](auto done) { registry.async_mark_leaving(session, done); });
    }
    error_code join(const std::string& room, const session_record& session) {
        return change([&](auto done) { registry.async_join(room, session, done); });
    }
    error_code leave(const std::string& room, const session_record& session) {
        return change([&](auto done) { registry.async_leave(room, session, done); });
    }
    std::vector<session_record> sessions_of(const std::string& user) {
        auto found = look_up<session_record>([&](auto done) { registry.async_sessions_of(user, done); });
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.session < b.session; });
        return found;
    }
    std::vector<session_record> session(const std::string& id) {
        return look_up<session_record>([&](auto done) { registry.async_session(id, done); });
    }
    std::vector<participant> participants(const std::string& room, std::size_t most = 1'000) {
        return look_up<participant>([&](auto done) { registry.async_participants(room, most, done); });
    }
    std::vector<node_incarnation> interested(const std::string& room) {
        return sorted(look_up<node_incarnation>([&](auto done) { registry.async_interested_nodes(room, done); }));
    }
    std::vector<live_node> live_nodes() {
        auto found = look_up<live_node>([&](auto done) { registry.async_live_nodes(done); });
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.node.node < b.node.node; });
        return found;
    }
    std::vector<node_incarnation> live() {
        std::vector<node_incarnation> found;
        for (live_node& one : live_nodes()) found.push_back(std::move(one.node));
        return found;
    }
    static std::vector<node_incarnation> sorted(std::vector<node_incarnation> nodes) {
        std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.node < b.node; });
        return nodes;
    }

    void pass_a_lease() { subject->pass(subject->lease() + std::chrono::milliseconds(1)); }

    boost::asio::io_context context;
    std::unique_ptr<registry_subject> subject;
    session_registry& registry;
};

inline const node_incarnation a1{"a", 1};
inline const node_incarnation a2{"a", 2};
inline const node_incarnation b1{"b", 1};
inline const session_record alice{"s1", "alice", a1};
inline const session_record alice_too{"s2", "alice", b1};
inline const session_record bob{"s3", "bob", b1};
inline const std::string room = "/topic/a";

inline void fill(registry_stand& at) {
    for (const auto& node : {a1, b1}) REQUIRE(!at.hold(node));
    for (const auto& session : {alice, alice_too, bob}) {
        REQUIRE(!at.add(session));
        REQUIRE(!at.join(room, session));
    }
}

/// Lets a lease end and another node find it. A registry may wait for one more lease before it believes that a node is dead.
inline void bury_a(registry_stand& at) {
    for (int i = 0; i != 8; ++i) {
        at.subject->pass(at.subject->lease() / 2);
        REQUIRE(!at.hold(b1));
    }
}

} // namespace contract

#endif
