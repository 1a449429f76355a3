#include "greeting.hpp"

#include <stompchat/stomp/decoder.hpp>
#include <stompchat/utf8.hpp>
#include <stompchat/version.hpp>

#include <cstdio>

int main() {
    namespace stomp = stompchat::stomp;

    const auto frame = greeting("caf\xC3\xA9: open");
    const stomp::decode_limits limits;
    stomp::decoder decoder(stomp::peer::client, limits);
    decoder.set_version(stomp::version::v1_2);
    stomp::parse_scratch scratch;
    stomp::frame_view view;
    decoder.feed(frame.value(), scratch);
    if (decoder.next(view) != stomp::decode_status::frame || view.value_of("destination") != "/topic/caf\xC3\xA9: open"
        || view.body != "hello") {
        std::fprintf(stderr, "the frame came back changed\n");
        return 1;
    }

    // This code was made in the other unit: both must know one and the same category.
    const auto failed = greeting("caf\xE9");
    if (!failed.has_error() || failed.error() != stompchat::error::bad_utf8 || failed.error() != stompchat::condition::protocol_violation) {
        std::fprintf(stderr, "unexpected result: %s\n", failed.error().message().c_str());
        return 1;
    }
    std::printf("stompchat %s\n", stompchat::version_text);
}
