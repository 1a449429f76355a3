// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/detail/copies.hpp>
#include <stompchat/kafka/detail/epoch_marker.hpp>
#include <stompchat/kafka/detail/past_reader.hpp>
#include <stompchat/kafka/impl/handle.ipp>
#include <stompchat/kafka/impl/kafka_options.ipp>
#include <stompchat/kafka/impl/partition_copies.ipp>
#include <stompchat/kafka/impl/record.ipp>
