// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/impl/record.ipp>
