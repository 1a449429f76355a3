// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_REPLY_HANDLER_HPP
#define STOMPCHAT_REDIS_DETAIL_REPLY_HANDLER_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/redis/detail/reply.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** What to do with an answer: any callable `void(error_code, reply&)`, also one that can only be moved. */
class reply_handler {
public:
    reply_handler() = default;
    template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, reply_handler> && std::invocable<F&, error_code, reply&>) reply_handler(F&& f)
        : held_(std::make_unique<holder<std::remove_cvref_t<F>>>(std::forward<F>(f))) {}

    /// Precondition: it holds something.
    void operator()(error_code ec, reply& answer) { held_->call(ec, answer); }

private:
    struct base {
        virtual ~base() = default;
        virtual void call(error_code ec, reply& answer) = 0;
    };
    template <class F>
    struct holder final : base {
        template <class G>
        explicit holder(G&& g) : f(std::forward<G>(g)) {}
        void call(error_code ec, reply& answer) override { f(ec, answer); }
        F f;
    };

    std::unique_ptr<base> held_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
