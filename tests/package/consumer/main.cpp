#include "rooms.hpp"

#include <stompchat/utf8.hpp>
#include <stompchat/version.hpp>

#include <cstdio>

int main() {
    const auto good = destination_of("caf\xC3\xA9");
    const auto bad = destination_of("caf\xE9");
    // The code was made in the other unit: both must know one and the same category.
    if (!good || bad || bad.error() != stompchat::error::bad_header_value || bad.error() != stompchat::condition::protocol_violation) {
        std::fprintf(stderr, "unexpected result: %s\n", bad.error().message().c_str());
        return 1;
    }
    std::printf("stompchat %s\n", stompchat::version_text);
}
