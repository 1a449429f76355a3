// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_EPOCH_CHAIN_IPP
#define STOMPCHAT_KAFKA_IMPL_EPOCH_CHAIN_IPP

#include <stompchat/kafka/detail/epoch_chain.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

STOMPCHAT_DECL std::string epoch_chain::mark_key(std::string_view log, std::uint64_t nonce) {
    return fmt::format("epoch/{}/{:016x}", log, nonce);
}

STOMPCHAT_DECL std::string epoch_chain::ends_key(std::string_view log) { return fmt::format("ends/{}", log); }

STOMPCHAT_DECL std::string epoch_chain::value(std::uint64_t follows_or_nonce, const std::vector<offset>& ends) {
    std::string text = fmt::format("1 {:016x}", follows_or_nonce);
    for (const offset end : ends) text.append(" ").append(std::to_string(end));
    return text;
}

STOMPCHAT_DECL bool epoch_chain::hex(std::string_view text, std::uint64_t& number) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    return text.size() == 16 && failure == std::errc{} && end == text.data() + text.size();
}

STOMPCHAT_DECL std::optional<epoch_chain::parsed> epoch_chain::parse(std::string_view value) {
    parsed read;
    constexpr std::size_t prefix = 2 + 16;
    if (!value.starts_with("1 ") || value.size() < prefix || !hex(value.substr(2, 16), read.nonce)) return std::nullopt;
    value.remove_prefix(prefix);
    while (!value.empty()) {
        offset end = 0;
        const auto [next, failure] = std::from_chars(value.data() + 1, value.data() + value.size(), end);
        if (value.front() != ' ' || failure != std::errc{} || end < 0) return std::nullopt;
        value.remove_prefix(static_cast<std::size_t>(next - value.data()));
        read.ends.push_back(end);
    }
    return read;
}

STOMPCHAT_DECL void epoch_chain::on_record(std::string_view key, std::string_view value) {
    if (key == ends_key(log_)) {
        ends_ = parse(value);
        return;
    }
    const std::string prefix = fmt::format("epoch/{}/", log_);
    if (!key.starts_with(prefix)) return;
    std::uint64_t nonce = 0;
    auto read = parse(value);
    if (!read || !hex(key.substr(prefix.size()), nonce) || nonce == 0) {
        readable_ = false;
        return;
    }
    by_follows_.try_emplace(read->nonce, epoch_mark{nonce, read->nonce, std::move(read->ends)});
}

STOMPCHAT_DECL const epoch_mark* epoch_chain::last() const {
    const epoch_mark* found = nullptr;
    // Each mark follows one that was there before it, so there is no circle; whoever writes nonsense must not stop us all the same.
    for (std::size_t steps = 0; steps <= by_follows_.size(); ++steps) {
        const auto next = by_follows_.find(found ? found->nonce : 0);
        if (next == by_follows_.end()) break;
        found = &next->second;
    }
    return found;
}

STOMPCHAT_DECL std::vector<offset> epoch_chain::known_ends() const {
    const epoch_mark* const mark = last();
    if (!mark) return {};
    std::vector<offset> known = mark->ends;
    if (ends_ && ends_->nonce == mark->nonce) {
        known.resize(std::max(known.size(), ends_->ends.size()));
        for (std::size_t i = 0; i != ends_->ends.size(); ++i) known[i] = std::max(known[i], ends_->ends[i]);
    }
    return known;
}

STOMPCHAT_DECL std::uint64_t epoch_chain::epoch(std::string_view cluster_id) const {
    return fnv1a_64(fmt::format("{}/{}/{:016x}", cluster_id, log_, last()->nonce));
}

STOMPCHAT_DECL bool epoch_chain::shorter(const std::vector<offset>& ends, const std::vector<offset>& known) {
    for (std::size_t i = 0; i != std::min(ends.size(), known.size()); ++i)
        if (ends[i] < known[i]) return true;
    return false;
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
