// Boost Software License 1.0, see LICENSE

/*  What comes from Redis, or from whoever answers in its place: read in two pieces it is the same as read in one, and no answer is larger
    than allowed. The first octet says where to cut.  */

#include "fuzz.hpp"

#include <stompchat/redis/detail/reply_reader.hpp>

#include <string>
#include <vector>

using namespace stompchat::redis;

namespace {

constexpr std::size_t max_octets = 1000;
constexpr std::size_t max_elements = 100;

void show(const reply& what, std::string& shown, std::size_t& octets, std::size_t& elements) {
    shown += std::to_string(static_cast<int>(what.type())) + ':' + std::to_string(what.integer()) + ':' + what.text() + '[';
    octets += what.text().size();
    elements += what.elements().size();
    for (const reply& one : what.elements()) show(one, shown, octets, elements);
    shown += ']';
}

std::vector<std::string> read(const std::vector<std::string_view>& pieces) {
    reply_reader reader(max_octets, max_elements);
    std::vector<std::string> found;
    for (const std::string_view piece : pieces) {
        const stompchat_fuzz::block octets(piece);
        reader.feed(octets);
        reply one;
        for (;;) {
            const auto status = reader.next(one);
            if (status == reply_reader::status::need_more) break;
            if (status == reply_reader::status::failed) {
                FUZZ_CHECK(!reader.problem().empty());
                FUZZ_CHECK(reader.next(one) == reply_reader::status::failed);
                found.emplace_back("failed");
                return found;
            }
            std::size_t size = 0;
            std::size_t elements = 0;
            show(one, found.emplace_back(), size, elements);
            FUZZ_CHECK(size <= max_octets);
            FUZZ_CHECK(elements <= max_elements);
        }
    }
    return found;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view all(reinterpret_cast<const char*>(data + 1), size - 1);
    const std::size_t cut = all.empty() ? 0 : data[0] % all.size();
    FUZZ_CHECK(read({all}) == read({all.substr(0, cut), all.substr(cut)}));
    return 0;
}
