// Boost Software License 1.0, see LICENSE

#include "transcript.hpp"

#include <boost/system/errc.hpp>

using namespace websocket_test;
using ws::opcode;

namespace {

std::string header(std::uint64_t length, bool fin = true) {
    char out[ws::max_header_size];
    return {out, ws::write_header(out, opcode::binary, length, fin)};
}

} // namespace

TEST_CASE("a header has the shortest encoding of its length") {
    CHECK(header(0) == octets({0x82, 0}));
    CHECK(header(125) == octets({0x82, 125}));
    CHECK(header(126) == octets({0x82, 126, 0, 126}));
    CHECK(header(65535) == octets({0x82, 126, 0xFF, 0xFF}));
    CHECK(header(65536) == octets({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
    CHECK(header(0x0102030405060708) == octets({0x82, 127, 1, 2, 3, 4, 5, 6, 7, 8}));
    CHECK(header(1, false) == octets({0x02, 1}));
}

TEST_CASE("a masked header carries the mask bit and the key") {
    char out[ws::max_header_size];
    const std::size_t size = ws::write_masked_header(out, opcode::text, 300, {1, 2, 3, 4}, false);
    CHECK(std::string(out, size) == octets({0x01, 0x80 | 126, 1, 44, 1, 2, 3, 4}));
}

TEST_CASE("masking is the same octet by octet and in words, from every offset") {
    std::string original(100, '\0');
    for (std::size_t i = 0; i != original.size(); ++i) original[i] = static_cast<char>(i * 7);
    for (std::size_t offset = 0; offset != 9; ++offset) {
        for (std::size_t size = 0; size <= original.size(); ++size) {
            std::string fast = original.substr(0, size);
            std::string slow = fast;
            ws::mask(fast, test_key, offset);
            for (std::size_t i = 0; i != size; ++i)
                slow[i] = static_cast<char>(static_cast<unsigned char>(slow[i]) ^ test_key[(offset + i) % 4]);
            REQUIRE(fast == slow);
        }
    }
}

TEST_CASE("a ping is a whole frame, with and without a mask") {
    CHECK(ws::encode_control(opcode::ping, "ab").view() == octets({0x89, 2, 'a', 'b'}));
    const std::string longest(125, 'x');
    CHECK(decode(ws::encode_control(opcode::pong, longest, test_key).view()).lines == lines{"pong:" + longest});
}

TEST_CASE("a close frame carries its code and its reason") {
    CHECK(ws::encode_close(ws::close_normal).view() == octets({0x88, 2, 0x03, 0xE8}));
    CHECK(ws::encode_close(ws::close_restart, "later").view() == octets({0x88, 7, 0x03, 0xF4, 'l', 'a', 't', 'e', 'r'}));
    CHECK(ws::encode_close(ws::close_no_status, "ignored").view() == octets({0x88, 0}));
    CHECK(decode(ws::encode_close(4001, "why", test_key).view()).lines == lines{"close:4001:why"});
}

TEST_CASE("a close reason that is too long is cut between two code points") {
    const std::string euro = "\xE2\x82\xAC";
    std::string reason;
    for (int i = 0; i != 50; ++i) reason += euro;
    CHECK(decode(ws::encode_close(1000, reason).view(), ws::role::client).lines == lines{"close:1000:" + reason.substr(0, 123)});
    CHECK(decode(ws::encode_close(1000, "a" + reason).view(), ws::role::client).lines == lines{"close:1000:a" + reason.substr(0, 120)});
    CHECK(decode(ws::encode_close(1000, "ab" + reason).view(), ws::role::client).lines == lines{"close:1000:ab" + reason.substr(0, 120)});
}

TEST_CASE("every reason to end a connection has a close code that may be sent") {
    CHECK(ws::close_code_for({}) == 1000);
    CHECK(ws::close_code_for(error::websocket_bad_utf8) == 1007);
    CHECK(ws::close_code_for(error::bad_utf8) == 1007);
    CHECK(ws::close_code_for(error::websocket_message_too_long) == 1009);
    CHECK(ws::close_code_for(error::body_too_long) == 1009);
    CHECK(ws::close_code_for(error::websocket_reserved_bits) == 1002);
    CHECK(ws::close_code_for(error::bad_command) == 1002);
    CHECK(ws::close_code_for(error::not_authenticated) == 1008);
    CHECK(ws::close_code_for(error::connect_timeout) == 1008);
    CHECK(ws::close_code_for(error::broker_unavailable) == 1012);
    CHECK(ws::close_code_for(error::stopped) == 1012);
    CHECK(ws::close_code_for(error::bad_option) == 1011);
    CHECK(ws::close_code_for(make_error_code(boost::system::errc::broken_pipe)) == 1011);
    for (int value = 0; value != 1000; ++value) CHECK(ws::is_wire_close_code(ws::close_code_for(static_cast<error>(value))));
}
