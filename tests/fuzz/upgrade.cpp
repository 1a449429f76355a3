// Boost Software License 1.0, see LICENSE

/*  What stands before a session: HTTP requests and the upgrade to WebSocket, cut anyhow (octet 1 cuts). The node answers with well-formed
    responses only, switches protocols only for a request that RFC 6455 allows, and gets rid of the connection when the client has gone.  */

#include "scripted_node.hpp"

#include <stompchat/net/websocket_accept.hpp>
#include <stompchat/websocket/decoder.hpp>
#include <stompchat/websocket/handshake.hpp>

#include <charconv>

using namespace stompchat_fuzz;

namespace {

std::string_view line_of(std::string_view head, std::string_view name) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) return {};
    head.remove_prefix(at + name.size());
    return head.substr(0, head.find("\r\n"));
}

void check_answers(std::string_view answers) {
    while (!answers.empty()) {
        FUZZ_CHECK(answers.starts_with("HTTP/1.1 "));
        const auto end = answers.find("\r\n\r\n");
        FUZZ_CHECK(end != std::string_view::npos);
        const std::string_view head = answers.substr(0, end + 2);
        answers.remove_prefix(end + 4);
        if (head.starts_with("HTTP/1.1 101 ")) {
            const std::string_view protocol = line_of(head, "\r\nSec-WebSocket-Protocol: ");
            FUZZ_CHECK(protocol.empty() || stompchat::websocket::choose_subprotocol(protocol) == protocol);
            FUZZ_CHECK(line_of(head, "\r\nSec-WebSocket-Accept: ").size() == 28);
            stompchat::websocket::decoder_options options;
            stompchat::websocket::decoder frames(stompchat::websocket::role::client, options);
            block rest(answers);
            frames.feed({rest.data(), rest.size()});
            for (auto ev = frames.next(); ev.type != stompchat::websocket::event_type::need_more; ev = frames.next()) {
                FUZZ_CHECK(ev.type != stompchat::websocket::event_type::error);
            }
            return;
        }
        const std::string_view length = line_of(head, "\r\nContent-Length: ");
        std::size_t size = 0;
        FUZZ_CHECK(!length.empty());
        std::from_chars(length.data(), length.data() + length.size(), size);
        // The answer to HEAD tells the length of what it leaves out; every text of ours ends with LF, so it can be told apart.
        if (answers.size() >= size && !answers.starts_with("HTTP/1.1 ")) answers.remove_prefix(size);
        if (line_of(head, "\r\nConnection: ") == "close") FUZZ_CHECK(answers.empty());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    scripted_node node;
    const auto wire = node.connect(stompchat::transport::websocket);
    while (!rest.empty()) {
        const std::size_t cut = std::min(rest.find('\1'), rest.size());
        wire->to_node.append(rest.substr(0, cut));
        rest.remove_prefix(std::min(cut + 1, rest.size()));
        node.settle();
    }
    wire->ended = true;
    node.settle();
    check_answers(wire->from_node);
    FUZZ_CHECK(node.connections() == 0 && !wire->open);
    return 0;
}
