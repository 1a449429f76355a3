// Boost Software License 1.0, see LICENSE

#include <stompchat/ports/message.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace stompchat;

namespace {

using fields = std::vector<std::pair<std::string, std::string>>;

std::string pack(const fields& of) {
    std::string block;
    for (const auto& [name, value] : of) append_header(block, name, value);
    return block;
}

fields unpack(const header_block& block) {
    fields all;
    for (const header_field field : block) all.emplace_back(field.name, field.value);
    return all;
}

std::string all_octets() {
    std::string all;
    for (int i = 0; i != 256; ++i) all.push_back(static_cast<char>(i));
    return all;
}

const fields example = {{"a", ""}, {"content-type", "text/plain"}, {"a", "second"}, {all_octets(), all_octets()}};

/// valid() in memory that ends where the octets end, so that a sanitizer sees a look behind them.
bool valid_exactly(std::string_view octets) {
    const auto copy = std::make_unique<char[]>(octets.size());
    std::copy(octets.begin(), octets.end(), copy.get());
    return header_block::valid({copy.get(), octets.size()});
}

} // namespace

TEST_CASE("header fields keep their order and octets") {
    const std::string octets = pack(example);
    CHECK(valid_exactly(octets));
    CHECK(unpack(header_block(octets)) == example);
    CHECK(header_block(octets).octets() == octets);
    CHECK(!header_block(octets).empty());
}

TEST_CASE("the first field of a name is found") {
    const std::string octets = pack(example);
    const header_block block(octets);
    CHECK(block.find("content-type") == "text/plain");
    CHECK(block.find("a") == "");
    CHECK(block.find("a").data() != nullptr);
    CHECK(block.find("b").data() == nullptr);
    CHECK(block.find("").data() == nullptr);
    CHECK(block.find(all_octets()) == all_octets());
}

TEST_CASE("an empty block has no fields") {
    const header_block block;
    CHECK(block.empty());
    CHECK(block.begin() == block.end());
    CHECK(block.find("a").data() == nullptr);
    CHECK(header_block::valid(""));
}

TEST_CASE("long names and values fit") {
    const std::string name(65'535, 'n');
    const std::string value(70'000, 'v');
    const std::string octets = pack({{name, value}, {"last", "x"}});
    CHECK(valid_exactly(octets));
    CHECK(header_block(octets).find(name) == value);
    CHECK(header_block(octets).find("last") == "x");
}

TEST_CASE("a block that is cut anywhere but between fields is not valid") {
    const std::string octets = pack(example);
    std::vector<std::size_t> ends = {0};
    for (const auto& [name, value] : example) ends.push_back(ends.back() + header_block::prefix + name.size() + value.size());
    for (std::size_t length = 0; length <= octets.size(); ++length) {
        CAPTURE(length);
        const bool between = std::find(ends.begin(), ends.end(), length) != ends.end();
        CHECK(valid_exactly(std::string_view(octets).substr(0, length)) == between);
    }
}

TEST_CASE("hostile lengths are not valid") {
    CHECK(!valid_exactly(std::string("\xff\xff\xff\xff\xff\xff", 6)));
    CHECK(!valid_exactly(std::string("\x01\x00\xff\xff\xff\xff", 6) + "n"));
    CHECK(!valid_exactly(std::string("\x01\x00\xfe\xff\xff\xff", 6) + "nv"));
    CHECK(!valid_exactly(std::string("\x01\x00\x00\x00\x00\x80", 6) + "nv"));
    CHECK(!valid_exactly(std::string("\x02\x00\x00\x00\x00\x00", 6) + "n"));
    // A field without a name could not be written back as a header line.
    CHECK(!valid_exactly(std::string("\x00\x00\x01\x00\x00\x00", 6) + "v"));
    CHECK(!valid_exactly(std::string(6, '\0')));
    CHECK(valid_exactly(std::string("\x01\x00\x01\x00\x00\x00", 6) + "nv"));
}

TEST_CASE("whatever is valid can be walked to its end, whatever its octets") {
    std::mt19937 random(1);
    const std::string good = pack(example);
    std::size_t valid = 0;
    for (int round = 0; round != 100'000; ++round) {
        std::string octets = good;
        if (round % 2) {
            octets.resize(random() % 24);
            for (char& c : octets) c = static_cast<char>(random() % 4 ? random() % 3 : random());
        } else {
            for (int i = 0; i != 1 + round % 3; ++i) octets[random() % 60] = static_cast<char>(random());
        }
        if (!valid_exactly(octets)) continue;
        ++valid;
        const header_block block(octets);
        std::size_t total = 0;
        for (const header_field field : block) total += header_block::prefix + field.name.size() + field.value.size();
        CHECK(total == octets.size());
    }
    CHECK(valid > 1'000);
}

TEST_CASE("a message owns a copy of every part") {
    std::string headers = pack(example);
    std::string destination = "/topic/a";
    std::string user = "alice";
    std::string body = all_octets();
    const position at{7, 3, 99};
    const message subject(record_view{at, destination, user, 1'700'000'000'123, header_block(headers), body});
    const std::size_t size = destination.size() + user.size() + headers.size() + body.size();
    for (std::string* part : {&headers, &destination, &user, &body}) part->assign(part->size(), '?');

    const message moved = message(subject);
    for (const message* one : {&subject, &moved}) {
        const record_view view = one->view();
        CHECK(view.at == at);
        CHECK(one->at() == at);
        CHECK(view.destination == "/topic/a");
        CHECK(view.user == "alice");
        CHECK(view.timestamp == 1'700'000'000'123);
        CHECK(unpack(view.headers) == example);
        CHECK(view.body == all_octets());
        CHECK(one->size() == size);
    }
}

TEST_CASE("a message may be empty, in whole or in part") {
    CHECK(message().size() == 0);
    CHECK(message().view().body.empty());
    const message subject(record_view{{}, "", "u", 0, {}, ""});
    CHECK(subject.view().user == "u");
    CHECK(subject.view().destination.empty());
    CHECK(subject.view().headers.empty());
    CHECK(subject.view().body.empty());
}
