// Boost Software License 1.0, see LICENSE

/*  Tokens that clients send back: what parse_token() takes has exactly this one spelling. The same octets, taken as numbers, make a token
    that is read back.  */

#include "fuzz.hpp"

#include <stompchat/ports/position.hpp>

#include <cstring>

using namespace stompchat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const stompchat_fuzz::block text({reinterpret_cast<const char*>(data), size});
    if (const auto token = parse_token(text)) {
        FUZZ_CHECK(token->at.offset >= -1); // -1 stands before the first record
        FUZZ_CHECK(position_token(token->at, token->check).text() == std::string_view(text));
    }

    position at;
    std::uint32_t check = 0;
    if (size < sizeof at.epoch + sizeof at.partition + sizeof at.offset + sizeof check) return 0;
    const auto take = [&data](auto& value) {
        std::memcpy(&value, data, sizeof value);
        data += sizeof value;
    };
    take(at.epoch);
    take(at.partition);
    take(at.offset);
    take(check);
    const position_token made(at, check);
    const auto read = parse_token(made.text());
    FUZZ_CHECK(read.has_value() == (at.offset >= -1));
    if (read) FUZZ_CHECK(read->at == at && read->check == check);
    return 0;
}
