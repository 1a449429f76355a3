// Boost Software License 1.0, see LICENSE

/*  Records of a log that others may write to, too: any header and key can be read without leaving the octets, and what is a message is
    written and read back as the same. The first octet says how long the key is; behind the key stands the header.  */

#include "fuzz.hpp"

#include <stompchat/kafka/record.hpp>

#include <algorithm>
#include <string>

using namespace stompchat;

namespace {

constexpr std::uint32_t log_partitions = 4;

kafka::decoded_record read(std::string_view key, std::optional<std::string_view> header, partition on) {
    kafka::raw_record raw;
    raw.at = {7, on, 11};
    raw.key = key;
    raw.header = header;
    raw.body = "body";
    return kafka::decode_record(raw, log_partitions);
}

void check(const kafka::decoded_record& record) {
    if (!record.readable()) return;
    FUZZ_CHECK((record.type == kafka::record_type::probe) == record.view.destination.empty());
    if (record.type == kafka::record_type::probe) return;
    FUZZ_CHECK(partition_of(record.view.destination, log_partitions) == record.view.at.partition);

    outgoing same;
    same.destination = record.view.destination;
    same.user = record.view.user;
    same.timestamp = record.view.timestamp;
    same.headers = record.view.headers;
    same.id = record.id;
    same.base = record.base;
    FUZZ_CHECK(kafka::fits_record_header(same));
    std::string header;
    kafka::encode_record_header(header, record.type, same);
    const auto again = read(partition_key(same.destination), header, record.view.at.partition);
    FUZZ_CHECK(again.outcome == kafka::record_outcome::ours);
    FUZZ_CHECK(again.type == record.type && again.id == record.id && again.base == record.base);
    FUZZ_CHECK(again.view.destination == record.view.destination && again.view.user == record.view.user);
    FUZZ_CHECK(again.view.timestamp == record.view.timestamp);
    FUZZ_CHECK(again.view.headers.octets() == record.view.headers.octets());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const stompchat_fuzz::input from(data, size);
    const std::size_t key_length = std::min<std::size_t>(from.choice, from.octets.size());
    const stompchat_fuzz::block key(from.octets.substr(0, key_length));
    const stompchat_fuzz::block header(from.octets.substr(key_length));
    for (partition on = 0; on != log_partitions; ++on) {
        check(read(key, header, on));
        const auto plain = read(key, std::nullopt, on);
        FUZZ_CHECK(plain.outcome != kafka::record_outcome::ours && plain.outcome != kafka::record_outcome::newer);
        check(plain);
    }
    return 0;
}
