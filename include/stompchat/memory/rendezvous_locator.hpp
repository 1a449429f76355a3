// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_RENDEZVOUS_LOCATOR_HPP
#define STOMPCHAT_MEMORY_RENDEZVOUS_LOCATOR_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/node_locator.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** Distributes users over nodes by rendezvous hashing: a user belongs on the node with the highest weight for him.

    Whoever knows the names of the nodes finds the same, in whatever order they are given. When a node goes, only its users move, and they
    spread over all others; when one comes, it takes its share from all. Nodes have equal shares. Takes a few nanoseconds for each node.
    Thread safety: an object does not change; another list of nodes is another object. Memory: the names. */
class rendezvous_locator final : public node_locator {
public:
    /// Of these nodes. A name that is there twice counts once.
    explicit rendezvous_locator(std::vector<std::string> nodes) {
        nodes_.reserve(nodes.size());
        for (std::string& one : nodes) {
            const std::uint64_t hash = hash_of(one);
            nodes_.emplace_back(std::move(one), hash);
        }
    }

    std::string node_of(std::string_view user) const override {
        const std::uint64_t hash = hash_of(user);
        const std::pair<std::string, std::uint64_t>* best = nullptr;
        std::uint64_t most = 0;
        for (const auto& one : nodes_) {
            const std::uint64_t weight = mixed(hash ^ one.second);
            // Equal weights are as rare as they are harmless, but all must decide in the same way.
            if (best != nullptr && (weight < most || (weight == most && one.first >= best->first))) continue;
            best = &one;
            most = weight;
        }
        return best != nullptr ? best->first : std::string();
    }

    /** How much a node wants a user, so that a load balancer can come to the same result: mix(mix(fnv1a(user)) xor mix(fnv1a(node))) with
        64-bit FNV-1a over the octets, and the finalizer of splitmix64 as mix. */
    static std::uint64_t weight(std::string_view user, std::string_view node) noexcept { return mixed(hash_of(user) ^ hash_of(node)); }

private:
    static std::uint64_t mixed(std::uint64_t x) noexcept {
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
        x = (x ^ x >> 27) * 0x94D049BB133111EBu;
        return x ^ x >> 31;
    }
    static std::uint64_t hash_of(std::string_view text) noexcept {
        std::uint64_t hash = 0xCBF29CE484222325u;
        for (const char one : text) hash = (hash ^ static_cast<unsigned char>(one)) * 0x100000001B3u;
        return mixed(hash);
    }

    std::vector<std::pair<std::string, std::uint64_t>> nodes_; // and their hashes
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
