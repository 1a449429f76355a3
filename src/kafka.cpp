// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/impl/consumed_topic.ipp>
#include <stompchat/kafka/impl/epoch_chain.ipp>
#include <stompchat/kafka/impl/epoch_marker.ipp>
#include <stompchat/kafka/impl/handle.ipp>
#include <stompchat/kafka/impl/kafka_broker.ipp>
#include <stompchat/kafka/impl/kafka_options.ipp>
#include <stompchat/kafka/impl/offset_questions.ipp>
#include <stompchat/kafka/impl/partition_copies.ipp>
#include <stompchat/kafka/impl/pass_run.ipp>
#include <stompchat/kafka/impl/past_reader.ipp>
#include <stompchat/kafka/impl/read_pass.ipp>
#include <stompchat/kafka/impl/record.ipp>
