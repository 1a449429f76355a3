// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_DETAIL_COMPLETION_HPP
#define STOMPCHAT_PORTS_DETAIL_COMPLETION_HPP

#include <stompchat/detail/completion.hpp>

#endif
