// Boost Software License 1.0, see LICENSE

#include <stompchat/node/impl/http_head.ipp>
