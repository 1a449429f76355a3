// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_LATEST_HPP
#define STOMPCHAT_DELIVERY_LATEST_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/destination_rules.hpp>
#include <stompchat/ports/message.hpp>

#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** The key of a message where the policy is `latest`: the user who sent it, or the value of the header that the settings name. A null view
    for a message that has none: it stands for nothing but itself. Lifetime: a view into the record. */
inline std::string_view latest_key(const record_view& record, const destination_settings& settings) noexcept {
    const std::string_view key = settings.key.empty() ? record.user : record.headers.find(settings.key);
    return key.empty() ? std::string_view() : key;
}

/** Which of some messages, in the order of the log, are the newest of their key. Those without a key all are.
    Thread safety: safe to call from any thread. Memory: an entry for each key. */
inline std::vector<bool> newest_of_each(const std::vector<std::string_view>& keys) {
    std::vector<bool> newest(keys.size(), true);
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = keys.size(); i-- != 0;) {
        if (!keys[i].empty()) newest[i] = seen.insert(keys[i]).second;
    }
    return newest;
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
