// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_RECORD_HPP
#define STOMPCHAT_KAFKA_RECORD_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/*  A record of the log. docs/kafka.md says the same to those who read the log with other programs.

    - Its key is partition_key() of the destination, its partition is partition_of() the destination, its value is the body, untouched.
    - All else stands in one Kafka header, `sc`, so that a record costs one header. All numbers are little-endian:

          offset  octets
               0       1  version: 1
               1       1  type: record_type
               2       2  flags: 0; a reader ignores those that it does not know
               4       8  id: incarnation; 0 = the record has no id
              12       8  id: sequence
              20       8  base: epoch
              28       8  base: offset, signed
              36       8  timestamp: milliseconds since 1970-01-01 UTC, signed
              44       2  length of the user
              46       2  length of the destination; 0 = it is the key
              48       4  length of the application's headers
              52          user, destination, headers (as in header_block), and what a later writer adds: a reader ignores it

    - A record without that header is a plain body; its destination is the key.
    - Within a version things are only added: flags, types, octets at the end. A reader passes over types that it does not know.
    - A new version is written only when all nodes read it. Who meets one that it does not know must not pretend that nothing is there:
      a live reader stops in front of it and is not ready, a read of the past says that messages are missing.  */

/// The name of the Kafka header.
inline constexpr char record_header_name[] = "sc";

/// The only version there is.
inline constexpr std::uint8_t record_version = 1;

/// What a record is. The values are part of the format.
enum class record_type : std::uint8_t {
    message = 0,   ///< a message of a destination
    ephemeral = 1, ///< a message for those who are there at the moment: no read gives it
    probe = 2,     ///< a node looks whether what it writes comes back: nobody is shown it
};

/// A record as Kafka hands it over. Thread safety: a view.
struct raw_record {
    /// Where it stands.
    position at;
    /// Kafka's key.
    std::string_view key;
    /// The value of the Kafka header `sc`, if there is one.
    std::optional<std::string_view> header;
    /// Kafka's value.
    std::string_view body;
    /// Kafka's timestamp, in milliseconds since 1970-01-01 UTC.
    std::int64_t timestamp = 0;
};

/// What came of reading a record.
enum class record_outcome : std::uint8_t {
    ours,         ///< a record with our header
    plain,        ///< a record of another writer: a message whose body is the record's value
    unknown_type, ///< passed over: this version has come to know more types since
    malformed,    ///< passed over: neither our header nor, without one, a key that is a destination
    misplaced,    ///< passed over: a destination of another partition
    newer,        ///< a version that is not known here: a gap
};

/// A record that was read. Thread safety: a view. Lifetime: as the octets of the raw record.
struct decoded_record {
    /// What follows is complete with `ours` and `plain` only.
    record_outcome outcome = record_outcome::malformed;
    /// Of a plain record: a message.
    record_type type = record_type::message;
    /// Its destination is empty when the type is `probe`.
    record_view view;
    /// Names the message over all of its copies, if it has one.
    record_id id;
    /// With an id: no copy of the message stands below it.
    position base;

    /// Whether it is a message or an ephemeral message.
    bool readable() const noexcept { return outcome == record_outcome::ours || outcome == record_outcome::plain; }
};

/// Whether a message's parts are short enough for the header. Thread safety: safe to call from any thread.
constexpr bool fits_record_header(const outgoing& from) noexcept {
    return from.user.size() <= UINT16_MAX && from.destination.size() <= UINT16_MAX && from.headers.octets().size() <= UINT32_MAX;
}

/** Appends the header's value to `out`. Id and base are those of `from`; a base of another partition is the caller's mistake. Nothing is
    written of destination and body, except a destination that is not the key.
    Precondition: fits_record_header(from). Thread safety: safe to call from any thread. */
STOMPCHAT_DECL void encode_record_header(std::string& out, record_type type, const outgoing& from);

/** Reads a record of a log of that many partitions. Any octets may be given.
    Thread safety: safe to call from any thread. */
STOMPCHAT_DECL decoded_record decode_record(const raw_record& from, std::uint32_t partitions) noexcept;

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/record.ipp>
#endif

#endif
