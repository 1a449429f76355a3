// Boost Software License 1.0, see LICENSE

/*  Header blocks from outside the process: what valid() lets through can be read without leaving the octets, and is what append_header()
    would have made of the same fields.  */

#include "fuzz.hpp"

#include <stompchat/ports/message.hpp>

#include <string>

using namespace stompchat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const stompchat_fuzz::block octets({reinterpret_cast<const char*>(data), size});
    if (!header_block::valid(octets)) return 0;
    const header_block block(octets);
    std::string again;
    for (const header_field field : block) {
        FUZZ_CHECK(!field.name.empty());
        FUZZ_CHECK(block.find(field.name).data() != nullptr);
        append_header(again, field.name, field.value);
    }
    FUZZ_CHECK(again == std::string_view(octets));
    return 0;
}
