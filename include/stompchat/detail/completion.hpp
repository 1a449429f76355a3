// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DETAIL_COMPLETION_HPP
#define STOMPCHAT_DETAIL_COMPLETION_HPP

#include <stompchat/config.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <optional>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {

namespace asio = boost::asio;

namespace detail {

template <class Signature>
class completion;

/** A completion handler that waits outside Asio. It keeps both executors working until it is completed, and completes through a
   post: never inside the initiating function, never on a foreign thread. Destroying it without completing it destroys the handler. Thread
   safety: distinct objects are independent; one object is for one thread at a time. */
template <class... Args>
class completion<void(Args...)> {
public:
    using handler_type = asio::any_completion_handler<void(Args...)>;

    completion() = default;

    /// `fallback` runs the handler when that has no executor of its own.
    completion(handler_type handler, const asio::any_io_executor& fallback)
        : handler_(std::move(handler)),
          // Without tracked work run() would return while the operation is pending: on the context that the completion passes through, and
          // on that of the handler, which may be another one.
          fallback_(asio::prefer(fallback, asio::execution::outstanding_work.tracked)),
          work_(asio::prefer(asio::get_associated_executor(handler_, asio::any_completion_executor(fallback)),
                             asio::execution::outstanding_work.tracked)) {}

    completion(completion&&) noexcept = default;
    completion& operator=(completion&& other) noexcept {
        // Boost 1.81: the move assignment of any_completion_handler recurses without end, swap() does not.
        completion moved(std::move(other));
        handler_.swap(moved.handler_);
        std::swap(fallback_, moved.fallback_);
        std::swap(work_, moved.work_);
        return *this;
    }
    ~completion() = default;

    explicit operator bool() const noexcept { return static_cast<bool>(handler_); }

    /// Precondition: the object holds a handler. Afterwards it holds none.
    void operator()(Args... args) {
        const asio::any_io_executor via = std::move(fallback_);
        // Asio runs this on `via` and dispatches from there to the handler's own executor.
        asio::post(via, asio::append(std::move(handler_), std::move(args)...));
        work_ = {};
    }

private:
    handler_type handler_;
    asio::any_io_executor fallback_;
    asio::any_completion_executor work_;
};

/** Starts an operation whose virtual hook is `initiate(completion)`: turns any completion token into a completion object. */
template <class Signature, class Token, class Initiate>
auto async_initiate_on(const asio::any_io_executor& fallback, Token&& token, Initiate&& initiate) {
    return asio::async_initiate<Token, Signature>(
        [fallback](auto handler, auto begin) {
            begin(completion<Signature>(asio::any_completion_handler<Signature>(std::move(handler)), fallback));
        },
        token, std::forward<Initiate>(initiate));
}

} // namespace detail
} // namespace stompchat::inline STOMPCHAT_ABI

#endif
