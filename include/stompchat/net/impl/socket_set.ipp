// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_SOCKET_SET_IPP
#define STOMPCHAT_NET_IMPL_SOCKET_SET_IPP

#include <stompchat/net/detail/socket_set.hpp>
#include <stompchat/net/detail/socket_stream.hpp>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::net::detail {

/// Whatever happens in a turn, the next one comes.
class socket_set::turn_end {
public:
    explicit turn_end(socket_set& of) noexcept : of_(of) {}
    turn_end(const turn_end&) = delete;
    turn_end& operator=(const turn_end&) = delete;
    ~turn_end() {
        of_.told_ = nullptr;
        of_.in_turn_ = false;
        try {
            // A listener threw: its successors have their turn in another handler.
            if (of_.next_event_ != of_.event_count_)
                asio::post(of_.context_, [&set = of_] { set.turn(); });
            else if (of_.waiting_ != 0 && !of_.asked_)
                of_.wait();
        } catch (...) {
            // Out of memory: the next wait of a stream asks again.
        }
    }

private:
    socket_set& of_;
};

STOMPCHAT_DECL socket_set& socket_set::of(asio::io_context& context) {
    return asio::use_service<socket_set>(static_cast<asio::execution_context&>(context));
}

STOMPCHAT_DECL void socket_set::prepare(asio::io_context& context, error_code& ec) {
    try {
        of(context);
        ec = {};
    } catch (const boost::system::system_error& reason) {
        ec = reason.code();
    }
}

STOMPCHAT_DECL socket_set::socket_set(asio::execution_context& owner)
    : service(owner), context_(static_cast<asio::io_context&>(owner)), poll_(context_.get_executor()) {
    error_code ec;
    const int descriptor = platform::open_poll(ec);
    if (!ec) poll_.assign(descriptor, ec);
    if (ec) throw boost::system::system_error(ec, "epoll");
}

STOMPCHAT_DECL void socket_set::shutdown() {
    event_count_ = next_event_ = 0;
    waiting_ = 0;
}

STOMPCHAT_DECL void socket_set::add(socket_stream& stream, int socket, bool for_writing) {
    error_code ec;
    platform::poll_add(poll_.native_handle(), socket, &stream, for_writing, ec);
    if (ec) throw std::bad_alloc();
}

STOMPCHAT_DECL void socket_set::look_again(socket_stream& stream, int socket, bool for_writing) {
    error_code ec;
    platform::poll_change(poll_.native_handle(), socket, &stream, for_writing, ec);
    if (ec) throw std::bad_alloc();
}

STOMPCHAT_DECL void socket_set::remove(int socket) noexcept { platform::poll_remove(poll_.native_handle(), socket); }

STOMPCHAT_DECL void socket_set::wake(socket_stream& stream) {
    woken_.push_back(&stream);
    if (wake_posted_) return;
    asio::post(context_, [this] { tell_woken(); });
    wake_posted_ = true;
}

STOMPCHAT_DECL void socket_set::forget(socket_stream& stream) noexcept {
    if (told_ == &stream) told_ = nullptr;
    for (std::size_t i = next_event_; i != event_count_; ++i) {
        if (events_[i].whose == &stream) events_[i].whose = nullptr;
    }
    std::replace(woken_.begin(), woken_.end(), &stream, static_cast<socket_stream*>(nullptr));
    std::replace(telling_.begin(), telling_.end(), &stream, static_cast<socket_stream*>(nullptr));
}

STOMPCHAT_DECL void socket_set::begin_waiting() {
    ++waiting_;
    if (!in_turn_ && !asked_) wait();
}

STOMPCHAT_DECL void socket_set::end_waiting() noexcept {
    if (--waiting_ != 0 || in_turn_ || !asked_) return;
    error_code ignored;
    poll_.cancel(ignored);
}

STOMPCHAT_DECL void socket_set::wait() {
    poll_.async_wait(asio::posix::descriptor_base::wait_read, [this](error_code ec) {
        asked_ = false;
        if (!ec)
            turn();
        else if (waiting_ != 0 && !asked_)
            wait(); // it was cancelled when nobody waited, and somebody does again
    });
    asked_ = true;
}

STOMPCHAT_DECL void socket_set::turn() {
    in_turn_ = true;
    const turn_end last(*this);
    if (next_event_ == event_count_) {
        next_event_ = 0;
        event_count_ = platform::poll_take(poll_.native_handle(), events_);
    }
    while (next_event_ != event_count_) {
        const platform::socket_event what = events_[next_event_++];
        if (what.whose == nullptr) continue;
        told_ = static_cast<socket_stream*>(what.whose);
        told_->note(what);
        if (told_->is_over(socket_stream::reading, what)) told_->tell(socket_stream::reading);
        if (told_ != nullptr && told_->is_over(socket_stream::writing, what)) told_->tell(socket_stream::writing);
    }
}

STOMPCHAT_DECL void socket_set::tell_woken() {
    if (telling_.empty()) telling_.swap(woken_);
    wake_posted_ = false;
    // Should a listener throw, the rest follows.
    struct rest {
        socket_set& of;
        ~rest() {
            of.told_ = nullptr;
            if (of.next_told_ == of.telling_.size()) {
                of.telling_.clear();
                of.next_told_ = 0;
            }
            if (of.wake_posted_ || (of.telling_.empty() && of.woken_.empty())) return;
            try {
                asio::post(of.context_, [&set = of] { set.tell_woken(); });
                of.wake_posted_ = true;
            } catch (...) {
                // Out of memory: they follow with the next one that is woken.
            }
        }
    } const follows{*this};
    while (next_told_ != telling_.size()) {
        told_ = telling_[next_told_++];
        if (told_ != nullptr && told_->awaits_turn(socket_stream::reading)) told_->tell(socket_stream::reading);
        if (told_ != nullptr && told_->awaits_turn(socket_stream::writing)) told_->tell(socket_stream::writing);
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI::net::detail

#endif
