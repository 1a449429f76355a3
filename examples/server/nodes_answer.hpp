// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_NODES_ANSWER_HPP
#define STOMPCHAT_SERVER_NODES_ANSWER_HPP

#include <stompchat/node/cluster_view.hpp>
#include <stompchat/node/options.hpp>

#include <span>
#include <string>
#include <string_view>

namespace stompchat_server {

/** Answers `GET /nodes`: which nodes there are, in JSON, as the node knew it at its last heart-beat. `origin` is the request's; a page of
    one of the allowed origins, which may connect here, may also read this. */
stompchat::http_response nodes_answer(const stompchat::cluster_view& view, std::string_view origin,
                                      std::span<const std::string> allowed_origins);

} // namespace stompchat_server

#endif
