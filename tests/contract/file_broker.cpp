// Boost Software License 1.0, see LICENSE

// The broker of examples/custom_broker, and what it promises beyond the port: that the log outlives the program.

#include "broker_stand.hpp"

#include <examples/custom_broker/file_broker.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

namespace {

using namespace stompchat;

/// A folder that goes when the test does.
class folder {
public:
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "file-broker-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { std::filesystem::remove_all(path_); }
    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

class file_subject final : public contract::broker_subject {
public:
    file_subject(boost::asio::io_context& context, const std::filesystem::path& where, std::uint32_t partitions)
        : broker_(context.get_executor(), where, partitions) {}
    stompchat::broker& broker() override { return broker_; }
    std::optional<std::size_t> too_long() override { return custom::file_broker::max_message + 1; }

private:
    custom::file_broker broker_;
};

contract::make_broker opened(const folder& in, std::uint32_t partitions = 4) {
    return [&in, partitions](boost::asio::io_context& context) { return std::make_unique<file_subject>(context, in.path(), partitions); };
}

outgoing with_id(const record_id& id, const position& base, std::string_view body) {
    outgoing one;
    one.destination = "/topic/a";
    one.timestamp = 1'000;
    one.body = body;
    one.id = id;
    one.base = base;
    return one;
}

/// The file in which the messages of that destination are.
std::filesystem::path file_of(const folder& in, std::string_view destination, std::uint32_t partitions = 4) {
    return in.path() / ("partition-" + std::to_string(partition_of(destination, partitions)));
}

} // namespace

TEST_CASE("the file broker publishes as the contract says") {
    const folder in;
    contract::check_broker_publishing(opened(in));
}
TEST_CASE("the file broker reads as the contract says") {
    const folder in;
    contract::check_broker_reading(opened(in));
}
TEST_CASE("the file broker starts, changes and stops as the contract says") {
    const folder in;
    contract::check_broker_life(opened(in));
}
TEST_CASE("the file broker shows one copy of a message as the contract says") {
    const folder in;
    contract::check_broker_copies(opened(in));
}
TEST_CASE("the file broker passes ephemeral messages on as the contract says") {
    const folder in;
    contract::check_broker_ephemeral(opened(in));
}

TEST_CASE("a log that is opened again has its messages at their positions, and goes on behind them") {
    const folder in;
    position first;
    {
        contract::broker_stand at(opened(in));
        at.start();
        at.publish_and_wait("/topic/a", 500);
        first = at.sink.records()[0].at();
    }
    contract::broker_stand at(opened(in));
    at.start();
    CHECK(at.sink.records().empty());
    CHECK(contract::bodies(at.read_all("/topic/a", first, {})) == contract::numbers(0, 500));
    at.publish("/topic/a", "500");
    REQUIRE(at.run_until([&] { return at.sink.records().size() == 1; }));
    const std::vector<message> all = at.read_all("/topic/a", first, {});
    CHECK(contract::bodies(all) == contract::numbers(0, 501));
    CHECK(all.back().at() == at.sink.records()[0].at());
}

TEST_CASE("a reader may begin anywhere in a long log") {
    const folder in;
    contract::broker_stand at(opened(in, 2));
    at.start();
    // Several chunks of reading, and many steps of the index.
    const std::string long_text(20'000, 'x');
    for (int i = 0; i != 300; ++i) at.publish("/topic/a", std::to_string(i) + ' ' + long_text);
    REQUIRE(at.run_until([&] { return at.sink.records().size() == 300; }));
    for (const std::size_t from : {0u, 1u, 77u, 299u}) {
        position at_it = at.sink.records()[from].at();
        CHECK(at.read_all("/topic/a", at_it, {}).size() == 300 - from);
        ++at_it.offset;
        CHECK(at.read_all("/topic/a", at_it, {}).size() == 299 - from);
    }
}

TEST_CASE("a copy is known after the log was opened again") {
    const folder in;
    position base;
    position first;
    {
        contract::broker_stand at(opened(in));
        at.start();
        base = at.end(partition_of("/topic/a", 4)).value();
        const auto ticket = at.publish(with_id({7, 1}, base, "once"));
        REQUIRE(at.run_until([&] { return at.sink.results().contains(ticket); }));
        first = at.sink.results().at(ticket).at;
    }
    contract::broker_stand at(opened(in));
    at.start();
    const auto ticket = at.publish(with_id({7, 1}, base, "twice"));
    REQUIRE(at.run_until([&] { return at.sink.results().contains(ticket); }));
    CHECK(at.sink.results().at(ticket).at == first);
    CHECK(contract::bodies(at.read_all("/topic/a", base, {})) == std::vector<std::string>{"once"});
}

TEST_CASE("half a record at the end of a file, or one that was damaged, is cut off when the log is opened") {
    const folder in;
    position first;
    position last;
    {
        contract::broker_stand at(opened(in));
        at.start();
        at.publish_and_wait("/topic/a", 3);
        first = at.sink.records()[0].at();
        last = at.sink.records()[2].at();
    }
    const auto size = std::filesystem::file_size(file_of(in, "/topic/a"));
    SUBCASE("half a record") { std::filesystem::resize_file(file_of(in, "/topic/a"), size - 1); }
    SUBCASE("the beginning of a head") {
        std::filesystem::resize_file(file_of(in, "/topic/a"), static_cast<std::uintmax_t>(last.offset) + 5);
    }
    SUBCASE("a damaged one") {
        std::fstream file(file_of(in, "/topic/a"), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(size) - 1);
        file.put('?');
    }
    contract::broker_stand at(opened(in));
    at.start();
    CHECK(at.end(first.partition).value() == last);
    at.publish("/topic/a", "instead");
    REQUIRE(at.run_until([&] { return at.sink.records().size() == 1; }));
    CHECK(contract::bodies(at.read_all("/topic/a", first, {})) == std::vector<std::string>{"0", "1", "instead"});
}

TEST_CASE("a log is for one at a time, and its number of partitions stays") {
    const folder in;
    boost::asio::io_context context;
    {
        const custom::file_broker log(context.get_executor(), in.path(), 4);
        CHECK_THROWS_AS(custom::file_broker(context.get_executor(), in.path(), 4), std::system_error);
    }
    CHECK_THROWS_AS(custom::file_broker(context.get_executor(), in.path(), 5), std::system_error);
    const custom::file_broker again(context.get_executor(), in.path(), 4);
}
