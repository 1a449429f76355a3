// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_DISCONNECTS_IPP
#define STOMPCHAT_NODE_IMPL_DISCONNECTS_IPP

#include <stompchat/node/detail/disconnects.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

struct disconnects::work {
    work(const disconnects& from, std::string whom, bool user, farewell told, done then)
        : registry(from.registry_), self(from.self_), shards(from.shards_), name(std::move(whom)), is_user(user), why(std::move(told)),
          finished(std::move(then)) {}

    /// The number in that shard of the session, if it can be there.
    std::optional<std::uint64_t> number_in(const shard& home) const {
        std::uint64_t number = 0;
        const char* const end = name.data() + name.size();
        const char* const digits = name.data() + name.rfind('-') + 1; // npos + 1 is 0
        if (std::from_chars(digits, end, number, 16).ptr != end || home.session_name(number) != name) return std::nullopt;
        return number;
    }

    /// A name is that of one session.
    bool complete() const noexcept { return next_shard == shards.size() || (!is_user && result.here != 0); }

    session_registry& registry;
    const node_incarnation self;
    const std::vector<std::shared_ptr<shard_link>> shards;
    const std::string name;
    const bool is_user;
    const farewell why;
    done finished;
    disconnect_result result;
    std::size_t next_shard = 0;
    std::size_t next_place = 0;
};

STOMPCHAT_DECL void disconnects::of_session(std::string session, farewell why, done finished) const {
    go_on(std::make_shared<work>(*this, std::move(session), false, std::move(why), std::move(finished)));
}

STOMPCHAT_DECL void disconnects::of_user(std::string user, farewell why, done finished) const {
    go_on(std::make_shared<work>(*this, std::move(user), true, std::move(why), std::move(finished)));
}

STOMPCHAT_DECL void disconnects::go_on(std::shared_ptr<work> under_way) {
    if (under_way->complete()) return ask_registry(std::move(under_way));
    shard_link& home = *under_way->shards[under_way->next_shard];
    const bool posted = home.post([&home, under_way] {
        work& now = *under_way;
        shard* const here = home.get();
        if (here == nullptr) return now.finished(error::stopped, std::move(now.result));
        const std::optional<std::uint64_t> number = now.is_user ? std::nullopt : now.number_in(*here);
        const bool more = (now.is_user || number) && here->for_sessions(now.next_place, at_once, [&](session& one) {
            const bool concerned = now.is_user ? one.who().user == now.name : one.number() == *number;
            if (concerned && one.cut_off(now.why)) ++now.result.here;
        });
        now.next_place += at_once;
        if (!more) {
            ++now.next_shard;
            now.next_place = 0;
        }
        go_on(under_way);
    });
    if (!posted) under_way->finished(error::stopped, std::move(under_way->result));
}

STOMPCHAT_DECL void disconnects::ask_registry(std::shared_ptr<work> under_way) {
    work& now = *under_way;
    if (!now.is_user && now.result.here != 0) return now.finished({}, std::move(now.result));
    auto answered = [under_way = std::move(under_way)](error_code ec, std::vector<session_record> found) {
        std::erase_if(found, [&](const session_record& one) { return one.where.node == under_way->self.node; });
        under_way->result.elsewhere = std::move(found);
        under_way->finished(ec, std::move(under_way->result));
    };
    if (now.is_user)
        now.registry.async_sessions_of(now.name, std::move(answered));
    else
        now.registry.async_session(now.name, std::move(answered));
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
