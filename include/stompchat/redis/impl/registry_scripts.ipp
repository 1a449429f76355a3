// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REGISTRY_SCRIPTS_IPP
#define STOMPCHAT_REDIS_IMPL_REGISTRY_SCRIPTS_IPP

#include <stompchat/redis/detail/registry_scripts.hpp>

#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::redis {
namespace lua {

// Numbers are doubles: exact below 2^53, which milliseconds, microseconds and versions are. Run numbers are not, and are compared as 16
// hexadecimal digits.

/// Redis's time; and the end of a script that comes too late. ARGV: deadline, ...
inline constexpr std::string_view clock = R"lua(
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
)lua";
inline constexpr std::string_view in_time = R"lua(
if now > tonumber(ARGV[1]) then return {-1, now} end
)lua";

// {cluster} --------------------------------------------------------------------------------------------------------------------------

/** KEYS: nodes, status, dead, generation, latest run of this node.
    ARGV: deadline, node/run, run, lease, status, first (0 or 1), generation (a new one at the first time), may bury (0 or 1), node/, own
   earlier runs...
   Answers: 1 or, for all that wrote into the same data, 2, and why: stale; 0, now, end of the lease, generation, those just declared
   dead... */
inline constexpr std::string_view hold = R"lua(
local nodes, status, dead, generation, latest_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local me, run, lease, first, node = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[6] == '1', ARGV[9]
local known = redis.call('GET', generation)
local latest = redis.call('GET', latest_key)
local held = redis.call('ZSCORE', nodes, me)
-- Nobody clears up before what was registered can be registered again, nor while a dead run could still write.
local patience = now + math.min(lease, 5000)
if not first then
    if known ~= ARGV[7] then return {2, 'Redis has lost its data'} end
    if latest ~= run then return {1, 'replaced by a later run of the node'} end
    if not held then return {1, 'declared dead'} end
else
    if not known then
        known = ARGV[7]
        redis.call('SET', generation, known)
    end
    if latest == run then
        if not held then return {1, 'declared dead'} end
    elseif latest then
        local lease_end = redis.call('ZSCORE', nodes, node .. latest)
        -- A clock that was set back must not keep a node out for ever: where nobody is, whoever comes is the latest.
        if lease_end and latest > run then return {1, 'replaced by a later run of the node'} end
        if lease_end then
            redis.call('ZADD', dead, math.max(tonumber(lease_end), patience), node .. latest)
            redis.call('ZREM', nodes, node .. latest)
            redis.call('HDEL', status, node .. latest)
        end
    end
    redis.call('SET', latest_key, run)
    for i = 10, #ARGV do
        if not redis.call('ZSCORE', nodes, ARGV[i]) then redis.call('ZADD', dead, 'NX', patience, ARGV[i]) end
    end
end
redis.call('ZADD', nodes, now + lease, me)
redis.call('HSET', status, me, ARGV[5])
redis.call('PEXPIRE', latest_key, 24 * 3600 * 1000)
local answer = {0, now, now + lease, known}
if ARGV[8] == '1' then
    for _, one in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', '(' .. now, 'LIMIT', 0, 64)) do
        redis.call('ZREM', nodes, one)
        redis.call('HDEL', status, one)
        redis.call('ZADD', dead, now, one)
        answer[#answer + 1] = one
    end
end
return answer
)lua";

/** KEYS: nodes, status, dead, latest run of this node. ARGV: deadline, node/run, run, claim time: 0 leaves the clearing up to others, when
   its lease has ended. Answers 1 when the run is not the latest, else 0. */
inline constexpr std::string_view release = R"lua(
if redis.call('GET', KEYS[4]) ~= ARGV[3] then return {1} end
local lease_end = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not lease_end then return {0} end
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[2])
local claim = tonumber(ARGV[4])
redis.call('ZADD', KEYS[3], claim > 0 and now + claim or lease_end, ARGV[2])
return {0}
)lua";

/// KEYS: dead. ARGV: deadline, claim time. Answers 0 and the dead incarnation that the caller clears up behind, if one is due.
inline constexpr std::string_view claim_dead = R"lua(
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)[1]
if not due then return {0} end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), due)
return {0, due}
)lua";

/// KEYS: dead. ARGV: deadline, node/run, claim time: 0 when nothing is left of it.
inline constexpr std::string_view extend = R"lua(
if ARGV[3] == '0' then
    redis.call('ZREM', KEYS[1], ARGV[2])
else
    redis.call('ZADD', KEYS[1], 'XX', now + tonumber(ARGV[3]), ARGV[2])
end
return {0}
)lua";

/// KEYS: nodes, status. Answers: node/run, status, ...
inline constexpr std::string_view live = R"lua(
local answer = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')
local count = #answer
for i = count, 1, -1 do
    answer[2 * i] = redis.call('HGET', KEYS[2], answer[i]) or ''
    answer[2 * i - 1] = answer[i]
end
return answer
)lua";

/// KEYS: nodes, dead. ARGV: node/run, ... Answers for each: 1 alive, 2 its lease has ended, 3 dead and not cleared up, 0 unknown.
inline constexpr std::string_view alive = R"lua(
local answer = {}
for i, one in ipairs(ARGV) do
    local lease_end = redis.call('ZSCORE', KEYS[1], one)
    if lease_end then
        answer[i] = tonumber(lease_end) > now and 1 or 2
    else
        answer[i] = redis.call('ZSCORE', KEYS[2], one) and 3 or 0
    end
end
return answer
)lua";

// {node/run} -------------------------------------------------------------------------------------------------------------------------

/// KEYS: hash session -> "version user". ARGV: deadline, session, version, user.
inline constexpr std::string_view note_session = R"lua(
local entry = redis.call('HGET', KEYS[1], ARGV[2])
if not entry or tonumber(string.match(entry, '^%d+')) < tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[1], ARGV[2], ARGV[3] .. ' ' .. ARGV[4])
end
return {0}
)lua";

/// KEYS: the same. ARGV: deadline, session, version.
inline constexpr std::string_view drop_session = R"lua(
local entry = redis.call('HGET', KEYS[1], ARGV[2])
if entry and tonumber(string.match(entry, '^%d+')) < tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], ARGV[2]) end
return {0}
)lua";

// {session} --------------------------------------------------------------------------------------------------------------------------
// KEYS: one hash: n = node/run, v = version since when it is there, a = that of the latest repetition of that, u = user, l = its connection
// was lost, g = it is being forgotten; and r<room> = version of the place there. A place that is older than v is of an earlier run.

/// ARGV: deadline, node/run, version, user. Answers 2, user, node/run when it is another user's, which must be forgotten first.
inline constexpr std::string_view claim_session = R"lua(
local entry = redis.call('HMGET', KEYS[1], 'n', 'v', 'a', 'u')
local version = tonumber(ARGV[3])
if not entry[1] then
    redis.call('HSET', KEYS[1], 'n', ARGV[2], 'v', ARGV[3], 'u', ARGV[4])
    return {0}
end
local latest = tonumber(entry[3] or entry[2])
if latest >= version then return {0} end
if entry[4] ~= ARGV[4] then return {2, entry[4], entry[1]} end
if entry[1] == ARGV[2] then
    redis.call('HSET', KEYS[1], 'a', ARGV[3])
    redis.call('HDEL', KEYS[1], 'l', 'g')
else
    redis.call('HSET', KEYS[1], 'n', ARGV[2], 'v', ARGV[3])
    redis.call('HDEL', KEYS[1], 'a', 'l', 'g')
end
return {0}
)lua";

/// ARGV: deadline, node/run, version, user. Answers 1 when there is no such session, else 0, room, ...
inline constexpr std::string_view lose_session = R"lua(
local entry = redis.call('HMGET', KEYS[1], 'n', 'v', 'a', 'u', 'g')
if entry[1] ~= ARGV[2] or entry[4] ~= ARGV[4] or entry[5] or tonumber(entry[3] or entry[2]) > tonumber(ARGV[3]) then return {1} end
redis.call('HSET', KEYS[1], 'l', 1)
local answer = {0}
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(name, 1, 1) == 'r' then answer[#answer + 1] = string.sub(name, 2) end
end
return answer
)lua";

/// ARGV: deadline, node/run, version, user, room. Answers 1 when there is no such session.
inline constexpr std::string_view note_place = R"lua(
local entry = redis.call('HMGET', KEYS[1], 'n', 'u', 'g')
if entry[1] ~= ARGV[2] or entry[2] ~= ARGV[4] or entry[3] then return {1} end
redis.call('HSET', KEYS[1], 'r' .. ARGV[5], ARGV[3])
return {0}
)lua";

/// ARGV: deadline, node/run, version, room.
inline constexpr std::string_view drop_place = R"lua(
local name = 'r' .. ARGV[4]
local entry = redis.call('HMGET', KEYS[1], 'n', 'v', name)
if not entry[3] or not entry[1] then return {0} end
local before = entry[1] == ARGV[2] and ARGV[3] or entry[2]
if tonumber(entry[3]) < tonumber(before) then redis.call('HDEL', KEYS[1], name) end
return {0}
)lua";

/// ARGV: deadline, node/run, version. Answers 0, room, its version, ...: of this run, or of earlier ones when the session is elsewhere.
inline constexpr std::string_view begin_forget = R"lua(
local fields = redis.call('HGETALL', KEYS[1])
local meta, rooms = {}, {}
for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 1) == 'r' then
        rooms[#rooms + 1] = {string.sub(fields[i], 2), fields[i + 1]}
    else
        meta[fields[i]] = fields[i + 1]
    end
end
local answer = {0}
if not meta.n then return answer end
local before = math.huge
if meta.n == ARGV[2] then
    if tonumber(meta.a or meta.v) > tonumber(ARGV[3]) then return answer end
    redis.call('HSET', KEYS[1], 'g', 1)
else
    before = tonumber(meta.v)
end
for _, room in ipairs(rooms) do
    if tonumber(room[2]) < before then
        answer[#answer + 1] = room[1]
        answer[#answer + 1] = room[2]
    end
end
return answer
)lua";

/// ARGV: deadline, node/run, version, room, its version, ...
inline constexpr std::string_view end_forget = R"lua(
for i = 4, #ARGV, 2 do
    local name = 'r' .. ARGV[i]
    if redis.call('HGET', KEYS[1], name) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], name) end
end
local entry = redis.call('HMGET', KEYS[1], 'n', 'v', 'a', 'g')
if entry[1] ~= ARGV[2] or not entry[4] or tonumber(entry[3] or entry[2]) > tonumber(ARGV[3]) then return {0} end
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(name, 1, 1) == 'r' then return {0} end
end
redis.call('DEL', KEYS[1])
return {0}
)lua";

// {user} -----------------------------------------------------------------------------------------------------------------------------

/// KEYS: hash session -> "node/run version". ARGV: deadline, session, node/run, version.
inline constexpr std::string_view add_to_user = R"lua(
local entry = redis.call('HGET', KEYS[1], ARGV[2])
if not entry or tonumber(string.match(entry, '%d+$')) < tonumber(ARGV[4]) then
    redis.call('HSET', KEYS[1], ARGV[2], ARGV[3] .. ' ' .. ARGV[4])
end
return {0}
)lua";

/// KEYS and ARGV: the same.
inline constexpr std::string_view remove_from_user = R"lua(
local entry = redis.call('HGET', KEYS[1], ARGV[2])
if not entry then return {0} end
local inc, version = string.match(entry, '^(%S+) (%d+)$')
if inc == ARGV[3] and tonumber(version) < tonumber(ARGV[4]) then redis.call('HDEL', KEYS[1], ARGV[2]) end
return {0}
)lua";

// {room} -----------------------------------------------------------------------------------------------------------------------------
// KEYS: places (session -> "node/run version user"), users (user -> count), nodes (node/run -> count, and v = the room's version), lost
// (user -> sessions of places whose connection was lost). ARGV: deadline, channel, session, node/run, version, ...

inline constexpr std::string_view room = R"lua(
local places, users, nodes, lost, channel = KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[2]
local function entry_of(session)
    local entry = redis.call('HGET', places, session)
    if entry then return string.match(entry, '^(%S+) (%d+) (.*)$') end
end
local function count_node(inc, by)
    if redis.call('HINCRBY', nodes, inc, by) <= 0 then redis.call('HDEL', nodes, inc) end
end
-- The room's version is kept as long as there is somebody in it. Then it begins by the clock, which by then shows more.
local function tell(user, sign)
    local version
    if redis.call('HEXISTS', nodes, 'v') == 1 then
        version = redis.call('HINCRBY', nodes, 'v', 1)
    else
        version = clock[1] * 1000000 + clock[2]
        redis.call('HSET', nodes, 'v', string.format('%.0f', version))
    end
    redis.call('PUBLISH', channel, string.format('%.0f %d %s', version, redis.call('HLEN', users), sign) .. user)
end
local function take_out(session, inc, user)
    redis.call('HDEL', places, session)
    count_node(inc, -1)
    if redis.call('HINCRBY', users, user, -1) <= 0 then
        redis.call('HDEL', users, user)
        tell(user, '-')
    end
    if redis.call('EXISTS', places) == 0 then redis.call('DEL', users, nodes, lost) end
end
local function lost_of(user)
    local packed = redis.call('HGET', lost, user)
    return packed and cmsgpack.unpack(packed) or {}
end
local function set_lost(user, session, is_lost)
    local kept = {}
    for _, one in ipairs(lost_of(user)) do
        if one ~= session then kept[#kept + 1] = one end
    end
    if is_lost then kept[#kept + 1] = session end
    if #kept > 0 then
        redis.call('HSET', lost, user, cmsgpack.pack(kept))
    else
        redis.call('HDEL', lost, user)
    end
end
)lua";

/// ARGV: ..., user.
inline constexpr std::string_view enter = R"lua(
local session, inc, version, user = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local was_inc, was_version, was_user = entry_of(session)
if was_inc then
    if tonumber(was_version) >= tonumber(version) then return {0} end
    if was_user ~= user then
        set_lost(was_user, session, false)
        take_out(session, was_inc, was_user)
        was_inc = nil
    end
end
redis.call('HSET', places, session, inc .. ' ' .. version .. ' ' .. user)
if was_inc ~= inc then
    count_node(inc, 1)
    if was_inc then count_node(was_inc, -1) end
end
if not was_inc and redis.call('HINCRBY', users, user, 1) == 1 then tell(user, '+') end
if redis.call('HEXISTS', lost, user) == 1 then
    local sessions = lost_of(user)
    redis.call('HDEL', lost, user)
    for _, one in ipairs(sessions) do
        local on, _, _ = entry_of(one)
        if on and one ~= session then take_out(one, on, user) end
    end
end
return {0}
)lua";

/// ARGV: ..., the version of the place: that one is taken out whosever it is.
inline constexpr std::string_view exit = R"lua(
local session = ARGV[3]
local inc, version, user = entry_of(session)
if not inc then return {0} end
if version ~= ARGV[6] and (inc ~= ARGV[4] or tonumber(version) >= tonumber(ARGV[5])) then return {0} end
set_lost(user, session, false)
take_out(session, inc, user)
return {0}
)lua";

inline constexpr std::string_view mark = R"lua(
local session = ARGV[3]
local inc, version, user = entry_of(session)
if inc ~= ARGV[4] or tonumber(version) >= tonumber(ARGV[5]) then return {0} end
set_lost(user, session, true)
return {0}
)lua";

/// KEYS: users, nodes. ARGV: most. Answers: version, count, and the users unless they are more.
inline constexpr std::string_view view = R"lua(
local count = redis.call('HLEN', KEYS[1])
local version = redis.call('HGET', KEYS[2], 'v') or string.format('%.0f', clock[1] * 1000000 + clock[2])
return {version, count, count <= tonumber(ARGV[1]) and redis.call('HKEYS', KEYS[1]) or {}}
)lua";

template <class... Parts>
std::string joined(const Parts&... parts) {
    std::string text(clock);
    (text.append(parts), ...);
    return text;
}

} // namespace lua

STOMPCHAT_DECL registry_scripts::registry_scripts()
    : hold(lua::joined(lua::in_time, lua::hold)), release(lua::joined(lua::in_time, lua::release)),
      claim_dead(lua::joined(lua::in_time, lua::claim_dead)), extend(lua::joined(lua::in_time, lua::extend)), live(lua::joined(lua::live)),
      alive(lua::joined(lua::alive)), note_session(lua::joined(lua::in_time, lua::note_session)),
      drop_session(lua::joined(lua::in_time, lua::drop_session)), claim_session(lua::joined(lua::in_time, lua::claim_session)),
      lose_session(lua::joined(lua::in_time, lua::lose_session)), note_place(lua::joined(lua::in_time, lua::note_place)),
      drop_place(lua::joined(lua::in_time, lua::drop_place)), begin_forget(lua::joined(lua::in_time, lua::begin_forget)),
      end_forget(lua::joined(lua::in_time, lua::end_forget)), add_to_user(lua::joined(lua::in_time, lua::add_to_user)),
      remove_from_user(lua::joined(lua::in_time, lua::remove_from_user)), enter(lua::joined(lua::in_time, lua::room, lua::enter)),
      exit(lua::joined(lua::in_time, lua::room, lua::exit)), mark(lua::joined(lua::in_time, lua::room, lua::mark)),
      view(lua::joined(lua::view)) {}

STOMPCHAT_DECL const registry_scripts& scripts() {
    static const registry_scripts all;
    return all;
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
