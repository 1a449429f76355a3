// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_CLIENT_FRAMES_HPP
#define STOMPCHAT_TESTS_UNIT_CLIENT_FRAMES_HPP

#include <stompchat/client/message.hpp>
#include <stompchat/stomp/decoder.hpp>
#include <stompchat/stomp/encoder.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace client_test {

namespace stomp = stompchat::stomp;
namespace client = stompchat::client;

/// A frame of the server, encoded.
inline std::string server_frame(stomp::command cmd, const client::header_list& fields, std::string_view body = {},
                                stomp::version version = stomp::version::v1_2) {
    std::vector<stomp::header> views;
    for (const auto& [name, value] : fields) views.push_back({name, value});
    std::string octets;
    stomp::encode(octets, cmd, views, body, version);
    return octets;
}

/// A frame that owns what it refers to.
struct written_frame {
    stomp::command cmd = stomp::command::error;
    client::header_list fields;
    std::string body;

    std::string operator[](std::string_view name) const {
        for (const auto& [key, value] : fields) {
            if (key == name) return value;
        }
        return "(absent)";
    }
};

/// What a client wrote; heart-beats are passed over.
inline std::vector<written_frame> client_frames(std::string_view octets, stomp::version version = stomp::version::v1_2) {
    const stomp::decode_limits limits;
    stomp::parse_scratch scratch;
    stomp::decoder decoder(stomp::peer::client, limits);
    decoder.set_version(version);
    decoder.feed(octets, scratch);
    std::vector<written_frame> all;
    for (;;) {
        stomp::frame_view frame;
        const auto status = decoder.next(frame);
        if (status == stomp::decode_status::need_more) return all;
        if (status == stomp::decode_status::heart_beat) continue;
        REQUIRE(status == stomp::decode_status::frame);
        written_frame one;
        one.cmd = frame.cmd;
        for (const stomp::header& field : frame.headers) one.fields.emplace_back(field.name, field.value);
        one.body = frame.body;
        all.push_back(std::move(one));
    }
}

} // namespace client_test

#endif
