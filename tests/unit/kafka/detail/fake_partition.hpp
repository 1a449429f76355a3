// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_KAFKA_DETAIL_FAKE_PARTITION_HPP
#define STOMPCHAT_TESTS_UNIT_KAFKA_DETAIL_FAKE_PARTITION_HPP

#include <stompchat/kafka/detail/pass.hpp>
#include <stompchat/kafka/record.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fake {

using namespace stompchat;

/// One partition of a log of one partition, in memory: what a pass reads.
class partition_of_one {
public:
    static constexpr std::uint64_t epoch = 77;

    struct record {
        offset at;
        std::string key;
        std::optional<std::string> header;
        std::string body;
        record_id id;
        offset base;
        std::string destination;
        std::int64_t timestamp;
    };

    record& append(const std::string& destination, std::string body, const record_id& id = {}, offset base = -1, std::int64_t timestamp = 0,
                   kafka::record_type type = kafka::record_type::message) {
        outgoing one;
        one.destination = destination;
        one.timestamp = timestamp;
        one.id = id;
        one.base = {epoch, 0, base};
        std::string header;
        kafka::encode_record_header(header, type, one);
        records.push_back(
            {end++, std::string(partition_key(destination)), std::move(header), std::move(body), id, base, destination, timestamp});
        return records.back();
    }

    kafka::raw_record raw(const record& from) const {
        kafka::raw_record made;
        made.at = {epoch, 0, from.at};
        made.key = from.key;
        if (from.header) made.header = *from.header;
        made.body = from.body;
        return made;
    }

    void drop_below(offset at) {
        begin = at;
        std::erase_if(records, [at](const record& one) { return one.at < at; });
    }

    /// Does what the pass says, until it is done. Returns how often it went to a place.
    int run(kafka::pass& what) const {
        int seeks = 0;
        for (auto step = what.begin(); step != kafka::pass::step::done;) {
            if (++seeks == 1'000) return -1;
            const offset from = what.position();
            step = kafka::pass::step::go_on;
            for (const record& one : records) {
                if (one.at < from || step != kafka::pass::step::go_on) continue;
                step = what.on_record(raw(one), one.body.size());
            }
            if (step == kafka::pass::step::go_on) step = what.on_end(end);
            if (step == kafka::pass::step::go_on) return -1; // it waits for what will never come
        }
        return seeks;
    }

    offset begin = 0;
    offset end = 0;
    std::vector<record> records;
};

} // namespace fake

#endif
