// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_DETAIL_DRIVER_HPP
#define STOMPCHAT_CLIENT_DETAIL_DRIVER_HPP

#include <stompchat/client/detail/link.hpp>
#include <stompchat/client/handlers.hpp>
#include <stompchat/client/message.hpp>
#include <stompchat/client/options.hpp>
#include <stompchat/client/persistent_session.hpp>
#include <stompchat/client/url.hpp>
#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/net/failure.hpp>
#include <stompchat/net/tls_context.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::client::detail {

template <class Signature>
using completion = stompchat::detail::completion<Signature>;

/** What a `connection` consists of: the persistent session, the link to the present server, a timer, and who waits for what.
    Every function that takes a completion returns the number by which cancel() knows it, zero if it is completed already. */
class driver final : private link_listener, public std::enable_shared_from_this<driver> {
public:
    using connect_done = completion<void(error_code, client::connected)>;
    using send_done = completion<void(error_code, client::sent)>;
    using subscribe_done = completion<void(error_code, client::subscribed)>;
    using done = completion<void(error_code)>;
    using commit_done = completion<void(error_code, std::string)>;

    STOMPCHAT_DECL driver(asio::io_context& context, connection_options options);
    driver(const driver&) = delete;

    const asio::io_context::executor_type& executor() const noexcept { return executor_; }
    const persistent_session& session() const noexcept { return *session_; }
    void set_state_handler(state_handler handler) { on_state_ = std::move(handler); }

    STOMPCHAT_DECL std::uint64_t connect(connect_done finished);
    STOMPCHAT_DECL std::uint64_t send(outgoing_message message, send_done finished);
    STOMPCHAT_DECL std::uint64_t subscribe(std::string destination, subscribe_options options, subscription_handlers handlers,
                                           subscribe_done finished);
    STOMPCHAT_DECL std::uint64_t unsubscribe(subscription_id id, done finished);
    STOMPCHAT_DECL error_code settle(subscription_id id, std::string_view message_id, bool refused);
    STOMPCHAT_DECL system::result<transaction_id> begin();
    STOMPCHAT_DECL error_code send_in(transaction_id id, outgoing_message message);
    STOMPCHAT_DECL std::uint64_t commit(transaction_id id, commit_done finished);
    STOMPCHAT_DECL error_code abort(transaction_id id);
    STOMPCHAT_DECL std::uint64_t disconnect(done finished);
    STOMPCHAT_DECL void close();

    /// Completes whatever waits under that number with operation_aborted.
    STOMPCHAT_DECL void cancel(std::uint64_t number);

    /// The connection goes away: all that waits is completed with operation_aborted, and no handler is called any more.
    STOMPCHAT_DECL void abandon();

private:
    using clock = std::chrono::steady_clock;

    void on_open() override;
    void on_octets(std::string_view octets) override;
    void on_drained() override;
    void on_closed(const transport_end& end) override;

    void schedule();
    void pump();
    void perform(action& what);
    void perform_subscription(action& what);
    void open(std::size_t url);
    void stop(const error_code& ec, const std::string& text);
    void write_output();
    void arm();
    std::uint64_t new_number() noexcept { return ++last_number_ | (std::uint64_t{1} << 63); }

    asio::io_context::executor_type executor_;
    connection_options options_;
    std::vector<url> urls_;
    net::failure failure_; // why the options are of no use
    std::optional<net::tls_context> tls_;
    std::optional<persistent_session> session_;
    std::shared_ptr<link> link_;
    bool link_open_ = false;
    bool pumping_ = false;
    bool scheduled_ = false;
    bool abandoned_ = false;
    asio::basic_waitable_timer<clock, asio::wait_traits<clock>, asio::io_context::executor_type> timer_;
    clock::time_point armed_ = clock::time_point::max();
    state_handler on_state_;
    client::connected server_; // the present one

    // By tag of the session, or by new_number().
    std::unordered_map<std::uint64_t, connect_done> connects_;
    std::unordered_map<std::uint64_t, send_done> sends_;
    std::unordered_map<std::uint64_t, subscribe_done> subscribes_;
    std::unordered_map<std::uint64_t, done> unsubscribes_;
    std::unordered_map<std::uint64_t, commit_done> commits_;
    std::unordered_map<std::uint64_t, done> disconnects_;
    std::unordered_map<subscription_id, std::shared_ptr<subscription_handlers>> handlers_;
    std::uint64_t last_number_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::client::detail

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/driver.ipp>
#endif

#endif
