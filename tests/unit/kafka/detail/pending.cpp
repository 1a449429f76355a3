// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/detail/pending.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace stompchat;
using namespace stompchat::kafka;

namespace {

void add(pending_queue& queue, std::uint64_t ticket) {
    pending::owner one = pending::make("header", "key", "body " + std::to_string(ticket));
    one->ticket = ticket;
    queue.push_back(std::move(one));
}

pending* give_out(pending_queue& queue) {
    pending* const one = queue.waiting();
    one->out = true;
    ++queue.out;
    queue.advance();
    return one;
}

std::vector<std::uint64_t> tickets(const pending_queue& queue) {
    std::vector<std::uint64_t> all;
    for (const pending* one = queue.first(); one; one = one->next) all.push_back(one->ticket);
    return all;
}

} // namespace

TEST_CASE("a record that is to be written keeps its parts in one block, and so does its clone") {
    pending::owner one = pending::make("h", "", std::string_view("\0x", 2));
    one->ticket = 7;
    one->id = {1, 2};
    one->out = true;
    const pending::owner again = one->clone();
    for (const pending* of : {one.get(), again.get()}) {
        CHECK(of->header_text() == "h");
        CHECK(of->key_text().empty());
        CHECK(of->body_text() == std::string_view("\0x", 2));
        CHECK(of->ticket == 7);
        CHECK(of->id == record_id{1, 2});
    }
    CHECK(!again->out);
}

TEST_CASE("records are given out in order, and leave from the front when they are answered") {
    pending_queue queue;
    CHECK(!queue.waiting());
    for (std::uint64_t i = 1; i != 5; ++i) add(queue, i);
    pending* const first = give_out(queue);
    pending* const second = give_out(queue);
    CHECK(queue.waiting()->ticket == 3);

    // The second answer comes first: it stays until the first one has come.
    second->done = true;
    second->out = false;
    queue.trim();
    CHECK(tickets(queue) == std::vector<std::uint64_t>{1, 2, 3, 4});
    first->done = true;
    queue.trim();
    CHECK(tickets(queue) == std::vector<std::uint64_t>{1, 2, 3, 4});
    first->out = false;
    queue.trim();
    CHECK(tickets(queue) == std::vector<std::uint64_t>{3, 4});
    CHECK(queue.waiting()->ticket == 3);
}

TEST_CASE("what was given out and came back is given out once more, in the old order") {
    pending_queue queue;
    for (std::uint64_t i = 1; i != 4; ++i) add(queue, i);
    give_out(queue)->out = false;
    give_out(queue)->out = false;
    queue.rewind();
    CHECK(queue.waiting()->ticket == 1);
    CHECK(tickets(queue) == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("what a lost producer has is replaced by copies in its place") {
    pending_queue queue;
    for (std::uint64_t i = 1; i != 5; ++i) add(queue, i);
    pending* const first = give_out(queue);
    give_out(queue)->out = false;
    pending* const third = give_out(queue);
    pending* chain = queue.replace_out();
    CHECK(tickets(queue) == std::vector<std::uint64_t>{1, 2, 3, 4});
    CHECK(queue.waiting()->ticket == 1);
    CHECK(queue.first() != first);
    CHECK(queue.out == 0);
    std::size_t count = 0;
    while (chain) {
        CHECK((chain == first || chain == third));
        CHECK(chain->body_text() == "body " + std::to_string(chain->ticket));
        pending* const gone = std::exchange(chain, chain->next);
        pending::deleter()(gone);
        ++count;
    }
    CHECK(count == 2);
    // The queue is whole: something can be put behind it.
    add(queue, 5);
    CHECK(tickets(queue) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
}
