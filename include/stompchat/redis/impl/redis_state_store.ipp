// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REDIS_STATE_STORE_IPP
#define STOMPCHAT_REDIS_IMPL_REDIS_STATE_STORE_IPP

#include <stompchat/redis/detail/command_connection.hpp>
#include <stompchat/redis/detail/key_name.hpp>
#include <stompchat/redis/redis_state_store.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {
namespace redis {

// ARGV: whether one is expected, it, whether one is desired, it, seconds to live.
inline const script& compare_and_set_script() {
    static const script made(R"(
local found = redis.call('GET', KEYS[1])
local expected = ARGV[1] == '1' and ARGV[2]
if found ~= expected then return {0, found} end
if ARGV[3] == '1' and tonumber(ARGV[5]) > 0 then
    redis.call('SET', KEYS[1], ARGV[4], 'EX', ARGV[5])
elseif found then
    redis.call('DEL', KEYS[1])
end
return {1, found}
)");
    return made;
}

/// As Redis takes it: it adds the time to its own, in milliseconds and 64 bits.
inline std::int64_t seconds_to_live(std::chrono::seconds time) noexcept {
    constexpr std::int64_t longest = 10'000'000'000; // 317 years
    return std::clamp<std::int64_t>(time.count(), 0, longest);
}

inline state_store::value take_value(reply& answer) {
    if (answer.type() != reply_type::string) return {};
    return answer.take_text();
}

} // namespace redis

STOMPCHAT_DECL redis_state_store::redis_state_store(redis_client& client, const redis_state_store_options& options)
    : executor_(client.get_executor()), commands_(client.commands()), prefix_("sc:" + redis::key_name(options.cluster) + ':') {}

STOMPCHAT_DECL void redis_state_store::do_get(std::string key, detail::completion<void(error_code, value)> finished) {
    commands_->send({"GET", prefix_ + key}, [finished = std::move(finished)](error_code ec, redis::reply& answer) mutable {
        finished(ec, ec ? value() : redis::take_value(answer));
    });
}

STOMPCHAT_DECL void redis_state_store::do_compare_and_set(std::string key, value expected, value desired, std::chrono::seconds time_to_live,
                                                          detail::completion<void(error_code, bool, value)> finished) {
    redis::command call{"1", prefix_ + key};
    call.add(expected ? "1" : "0").add(expected.value_or("")).add(desired ? "1" : "0").add(desired.value_or(""));
    call.add(redis::seconds_to_live(time_to_live));
    commands_->run(redis::compare_and_set_script(), std::move(call),
                   [finished = std::move(finished)](error_code ec, redis::reply& answer) mutable {
                       if (ec || answer.elements().size() != 2) return finished(ec ? ec : error::registry_unavailable, false, {});
                       finished({}, answer[0].integer() == 1, redis::take_value(answer.elements()[1]));
                   });
}

STOMPCHAT_DECL void redis_state_store::do_set(std::string key, std::string new_value, std::chrono::seconds time_to_live,
                                              detail::completion<void(error_code)> finished) {
    const std::int64_t seconds = redis::seconds_to_live(time_to_live);
    // One that lives for no time is not there. EX takes no 0.
    redis::command call = seconds == 0 ? redis::command{"DEL", prefix_ + key} : redis::command{"SET", prefix_ + key, new_value, "EX"};
    if (seconds != 0) call.add(seconds);
    commands_->send(std::move(call), [finished = std::move(finished)](error_code ec, redis::reply&) mutable { finished(ec); });
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
