#ifndef CHAT_HPP
#define CHAT_HPP

#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/node/chat_node.hpp>

namespace asio = boost::asio;

class guests final : public stompchat::authenticator {
    void do_authenticate(stompchat::credentials,
                         stompchat::detail::completion<void(stompchat::error_code, stompchat::identity)> done) override;
};

/// A node for guests on one io_context.
class chat {
public:
    explicit chat(asio::io_context& context);

    /// Listens for STOMP over TCP on a port that the system chooses.
    asio::ip::tcp::endpoint start();
    void stop();

    /// An error made in chat.cpp.
    static stompchat::error_code problem();

private:
    stompchat::memory_broker broker_;
    stompchat::local_registry registry_;
    stompchat::local_state_store store_;
    guests guests_;
    stompchat::allow_all rights_;
    stompchat::chat_node node_;
};

#endif
