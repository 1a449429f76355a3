// Boost Software License 1.0, see LICENSE

/*  A broker of one's own: the log is a file for each partition, and is still there when the program starts again.

    stompchat/ports/broker.hpp says what a broker has to do, and tests/contract checks it. How this one does it:
    - An offset is a place in the partition's file. So the end is the file's size, and a position from before a restart is good after it.
    - One thread, the disk's, does whatever touches a file, one job after the other. It alone owns the files, so they need no lock, and
      no thread of the node ever waits for a disk.
    - Durable means: on the disk. What waits is written together and synced once; only then are the results told and the records shown.
    - A crash may leave half a record at the end of a file. Nobody was told of it, and it is cut off when the log is opened again.
    - Of a message with an id there may be copies. Whoever sends one names the position below which there is none; from there the file
      is searched, and a copy is answered with the place of the first one.

    What it lacks: it never drops an old message, and the log is for one process at a time. */

#ifndef STOMPCHAT_EXAMPLES_CUSTOM_BROKER_FILE_BROKER_HPP
#define STOMPCHAT_EXAMPLES_CUSTOM_BROKER_FILE_BROKER_HPP

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <stompchat/ports/broker.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace custom {

using namespace stompchat;

class file_broker final : public broker {
public:
    /// The longest message, in octets: destination, user, headers and body.
    static constexpr std::size_t max_message = 1024 * 1024;

    /// Opens the log in that folder, or makes one of so many partitions. Throws std::system_error.
    file_broker(asio::any_io_executor executor, const std::filesystem::path& folder, std::uint32_t partitions = 8)
        : executor_(std::move(executor)), parts_(partitions) {
        std::filesystem::create_directories(folder);
        lock_ = open_file(folder / "lock");
        if (::flock(lock_.fd, LOCK_EX | LOCK_NB) != 0) fail("the log is in use");
        open_description(folder / "log");
        for (partition p = 0; p != partitions; ++p) open_partition(p, folder / ("partition-" + std::to_string(p)));
    }

    /// As for every broker: when async_stop() has completed, or nobody runs the executor's context any more.
    ~file_broker() override { disk_.join(); }

    void start(sink& to) override {
        on_disk([this, &to] {
            sink_ = &to;
            tell([&to] { to.on_state(broker_state::ready); });
            for (partition p = 0; p != partitions(); ++p) {
                if (parts_[p].wanted) begin(p);
            }
        });
    }

    void publish(std::span<const outgoing> messages) override {
        std::vector<taken> copies(messages.begin(), messages.end());
        const std::lock_guard lock(mutex_);
        if (copies.empty() || life_ == life::stopped) return;
        if (life_ == life::stopping) {
            for (taken& one : copies) one.result.error = error::stopped;
        }
        const bool first = waiting_.empty();
        std::move(copies.begin(), copies.end(), std::back_inserter(waiting_));
        // All that comes until then shares one sync.
        if (first) on_disk([this] { write_waiting(life::running); });
    }

    void set_partitions(std::span<const partition> wanted) override {
        on_disk([this, all = std::vector<partition>(wanted.begin(), wanted.end())] {
            for (partition p = 0; p != partitions(); ++p) {
                const bool before = parts_[p].wanted;
                parts_[p].wanted = std::find(all.begin(), all.end(), p) != all.end();
                if (parts_[p].wanted && !before && sink_ != nullptr) begin(p);
            }
        });
    }

    std::uint32_t partitions() const noexcept override { return static_cast<std::uint32_t>(parts_.size()); }
    asio::any_io_executor get_executor() const override { return executor_; }

private:
    struct file {
        file() = default;
        explicit file(int number) : fd(number) {}
        file(file&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
        file& operator=(file&& other) noexcept {
            std::swap(fd, other.fd);
            return *this;
        }
        ~file() {
            if (fd >= 0) ::close(fd);
        }
        int fd = -1;
    };
    struct part {
        file log;
        offset end = 0;
        bool wanted = true;
        /// Where a record begins, one for each `index_step` octets: a reader may begin anywhere, and a file of records only at one of them.
        std::vector<offset> index{0};
    };
    /// A message that waits to be written, or to be shown.
    struct taken {
        taken(const outgoing& from) // NOLINT: a whole batch is made by a vector's constructor
            : content(record_view{{}, from.destination, from.user, from.timestamp, from.headers, from.body}), ephemeral(from.ephemeral),
              id(from.id), base(from.base) {
            result.ticket = from.ticket;
            if (content.size() > max_message) result.error = error::message_too_large;
        }
        message content;
        bool ephemeral;
        record_id id;
        position base;
        publish_result result;
        bool is_copy = false;
    };
    /// In front of each record, in this machine's order of octets. The check is of all that follows it.
    struct head {
        std::uint64_t check;
        std::int64_t timestamp;
        record_id id;
        std::uint32_t destination, user, headers, body;
    };
    struct found_record {
        record_view view;
        record_id id;
    };
    struct reading {
        std::string destination;
        position from;
        read_bounds bounds;
        detail::completion<void(error_code, read_result)> done;
        read_result result{};
        offset end = -1; // of the partition when it began
        std::size_t octets = 0;
    };
    enum class life {
        running,
        stopping,
        stopped
    };

    static constexpr offset index_step = 64 * 1024;
    /// A record always fits.
    static constexpr std::size_t chunk = 2 * max_message;

    [[noreturn]] static void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

    static file open_file(const std::filesystem::path& path) {
        file opened(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (opened.fd < 0) fail(path);
        return opened;
    }

    // What the log is: a random number that stays the same as long as the log does, and the number of partitions.
    void open_description(const std::filesystem::path& path) {
        std::size_t count = 0;
        if (std::ifstream(path) >> epoch_ >> count) {
            if (count == parts_.size()) return;
            errno = EINVAL;
            fail("the log has another number of partitions");
        }
        std::random_device device;
        epoch_ = std::uint64_t{device()} << 32 | device();
        std::ofstream(path) << epoch_ << ' ' << parts_.size() << '\n';
        if (::fdatasync(open_file(path).fd) != 0) fail(path);
    }

    void open_partition(partition p, const std::filesystem::path& path) {
        part& opened = parts_[p];
        opened.log = open_file(path);
        struct stat known {};
        if (::fstat(opened.log.fd, &known) != 0) fail(path);
        opened.end = known.st_size;
        offset whole = 0;
        const auto see = [&](const found_record& one) {
            note(opened, one.view.at.offset);
            return true;
        };
        for (offset next = 0; (next = walk(p, whole, opened.end, see)) != whole;) whole = next;
        if (whole != opened.end && ::ftruncate(opened.log.fd, whole) != 0) fail(path);
        opened.end = whole;
    }

    // Everything from here on happens on the disk's thread, but for the first lines of the do_ functions.

    template <class Job>
    void on_disk(Job job) {
        // Whoever runs the context goes on while there is something to do.
        auto work = asio::prefer(executor_, asio::execution::outstanding_work.tracked);
        asio::post(disk_, [work = std::move(work), job = std::move(job)]() mutable { job(); });
    }

    template <class Call>
    void tell(Call call) {
        asio::post(executor_, std::move(call));
    }

    position place(partition p, offset at) const noexcept { return {epoch_, p, at}; }

    void begin(partition p) {
        tell([to = sink_, at = place(p, parts_[p].end)] { to->on_records({}, at); });
    }

    static void note(part& of, offset at) {
        if (at >= of.index.back() + index_step) of.index.push_back(at);
    }

    /// Shows the records of one chunk from `at` on, until `see` returns false; returns where the next one begins.
    template <class See>
    offset walk(partition p, offset at, offset end, See see) {
        buffer_.resize(std::min(chunk, static_cast<std::size_t>(std::max(end - at, offset{0}))));
        const ssize_t got = ::pread(parts_[p].log.fd, buffer_.data(), buffer_.size(), at);
        std::string_view rest(buffer_.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        while (rest.size() >= sizeof(head)) {
            head front;
            std::memcpy(&front, rest.data(), sizeof front);
            const std::size_t size = sizeof front + std::size_t{front.destination} + front.user + front.headers + front.body;
            if (rest.size() < size || front.check != fnv1a_64(rest.substr(sizeof front.check, size - sizeof front.check))) break;
            std::string_view text = rest.substr(sizeof front);
            const auto cut = [&text](std::size_t length) {
                const std::string_view first = text.substr(0, length);
                text.remove_prefix(length);
                return first;
            };
            found_record one{{place(p, at), {}, {}, front.timestamp, {}, {}}, front.id};
            one.view.destination = cut(front.destination);
            one.view.user = cut(front.user);
            one.view.headers = header_block(cut(front.headers));
            one.view.body = cut(front.body);
            if (!see(one)) break;
            at += static_cast<offset>(size);
            rest.remove_prefix(size);
        }
        return at;
    }

    /// Where the first copy of a message stands: the rule of broker.hpp.
    std::optional<position> first_copy(partition p, const taken& of) {
        if (of.id == record_id{}) return {};
        offset at = of.base.epoch == epoch_ && of.base.partition == p ? boundary(p, of.base.offset) : 0;
        std::optional<position> first;
        const auto see = [&](const found_record& one) {
            if (one.id == of.id) first = one.view.at;
            return !first;
        };
        for (offset next = at; !first && (next = walk(p, at, parts_[p].end, see)) != at;) at = next;
        return first;
    }

    /// The beginning of a record at or a little below `from`.
    offset boundary(partition p, offset from) const {
        const auto& index = parts_[p].index;
        return *std::prev(std::upper_bound(index.begin() + 1, index.end(), from));
    }

    bool append(partition p, taken& one) {
        if (const auto first = first_copy(p, one)) {
            one.is_copy = true;
            one.result.at = *first;
            return true;
        }
        const record_view what = one.content.view();
        const auto length = [](std::string_view of) { return static_cast<std::uint32_t>(of.size()); };
        head front{
            0, what.timestamp, one.id, length(what.destination), length(what.user), length(what.headers.octets()), length(what.body)};
        std::string octets(reinterpret_cast<const char*>(&front), sizeof front);
        octets.append(what.destination).append(what.user).append(what.headers.octets()).append(what.body);
        front.check = fnv1a_64(std::string_view(octets).substr(sizeof front.check));
        std::memcpy(octets.data(), &front.check, sizeof front.check);
        part& to = parts_[p];
        if (::pwrite(to.log.fd, octets.data(), octets.size(), to.end) != static_cast<ssize_t>(octets.size())) return false;
        note(to, to.end);
        one.result.at = place(p, to.end);
        to.end += static_cast<offset>(octets.size());
        return true;
    }

    /// Writes all of the batch that is for a partition. What cannot be made durable is taken back, as if it had never been there.
    void append_all(partition p, std::vector<taken>& batch) {
        const offset before = parts_[p].end;
        bool durable = true;
        const auto mine = [&](const taken& one) {
            return !one.ephemeral && !one.result.error && partition_of(one.content.view().destination, partitions()) == p;
        };
        for (taken& one : batch) {
            if (durable && mine(one)) durable = append(p, one);
        }
        if (durable && (parts_[p].end == before || ::fdatasync(parts_[p].log.fd) == 0)) return;
        const bool taken_back = ::ftruncate(parts_[p].log.fd, before) == 0;
        parts_[p].end = before;
        while (parts_[p].index.size() > 1 && parts_[p].index.back() >= before) parts_[p].index.pop_back();
        for (taken& one : batch) {
            if (mine(one)) one.result = {one.result.ticket, taken_back ? error::broker_unavailable : error::outcome_unknown, {}};
        }
    }

    void write_waiting(life after) {
        std::vector<taken> batch;
        {
            const std::lock_guard lock(mutex_);
            batch.swap(waiting_);
            life_ = std::max(life_, after);
        }
        for (partition p = 0; p != partitions(); ++p) append_all(p, batch);
        if (batch.empty() || sink_ == nullptr) return;
        std::vector<position> ends(partitions());
        for (partition p = 0; p != partitions(); ++p) ends[p] = place(p, parts_[p].wanted ? parts_[p].end : -1);
        tell([to = sink_, batch = std::move(batch), ends = std::move(ends)] { show(*to, batch, ends); });
    }

    /// On the executor. The end of a partition that is not wanted is -1.
    static void show(sink& to, const std::vector<taken>& batch, const std::vector<position>& ends) {
        std::vector<publish_result> results;
        std::vector<record_view> records;
        std::vector<record_view> ephemeral;
        const auto partition_in = [&](const taken& one) {
            return partition_of(one.content.view().destination, static_cast<std::uint32_t>(ends.size()));
        };
        for (const taken& one : batch) {
            results.push_back(one.result);
            if (one.ephemeral && !one.result.error && ends[partition_in(one)].offset >= 0) ephemeral.push_back(one.content.view());
        }
        to.on_published(results);
        for (const position& end : ends) {
            records.clear();
            for (const taken& one : batch) {
                if (one.ephemeral || one.result.error || one.is_copy || one.result.at.partition != end.partition) continue;
                records.push_back(one.content.view());
                records.back().at = one.result.at;
            }
            if (end.offset >= 0 && !records.empty()) to.on_records(records, end);
        }
        if (!ephemeral.empty()) to.on_ephemeral(ephemeral);
    }

    bool is_over() {
        const std::lock_guard lock(mutex_);
        return life_ != life::running;
    }

    void do_read(std::string destination, position from, read_bounds bounds,
                 detail::completion<void(error_code, read_result)> done) override {
        if (is_over()) return done(error::stopped, {});
        reading begun{std::move(destination), from, bounds, std::move(done)};
        on_disk([this, begun = std::move(begun)]() mutable { read_on(std::move(begun)); });
    }

    void read_on(reading one) {
        const partition p = partition_of(one.destination, partitions());
        offset at = one.result.next.offset;
        if (one.end < 0) {
            one.end = parts_[p].end;
            const bool foreign = one.from.epoch != epoch_ || one.from.partition != p;
            if (foreign) one.result.status = read_status::lost;
            if (foreign) one.from.offset = 0;
            at = boundary(p, std::min(one.from.offset, one.end));
        }
        bool full = false;
        const auto see = [&](const found_record& found) {
            const std::chrono::system_clock::time_point sent{std::chrono::milliseconds(found.view.timestamp)};
            if (found.view.at.offset < one.from.offset || found.view.destination != one.destination
                || (one.bounds.not_before && sent < *one.bounds.not_before))
                return true;
            auto& messages = one.result.messages;
            message next(found.view);
            full = !messages.empty() && (messages.size() >= one.bounds.messages || one.octets + next.size() > one.bounds.octets);
            if (full) return false;
            one.octets += next.size();
            messages.push_back(std::move(next));
            return true;
        };
        const offset reached = walk(p, at, one.end, see);
        one.result.next = place(p, reached);
        if (full && one.result.status == read_status::complete) one.result.status = read_status::more;
        if (full || reached == one.end) return one.done({}, std::move(one.result));
        if (reached == at) return one.done(error::broker_unavailable, {}); // the file cannot be read, or is no longer what was written
        // The rest behind what came meanwhile: a long search must not hold up those who publish.
        on_disk([this, one = std::move(one)]() mutable { read_on(std::move(one)); });
    }

    void do_end(partition of, detail::completion<void(error_code, position)> done) override {
        if (is_over()) return done(error::stopped, {});
        on_disk([this, of, done = std::move(done)]() mutable { done({}, place(of, parts_[of].end)); });
    }

    // A disk has no outages that could be waited for, so nothing tries the caller's patience.
    void do_stop(std::chrono::milliseconds, detail::completion<void(error_code)> done) override {
        {
            const std::lock_guard lock(mutex_);
            life_ = std::max(life_, life::stopping);
        }
        on_disk([this, done = std::move(done)]() mutable {
            write_waiting(life::stopped);
            if (sink* const to = std::exchange(sink_, nullptr)) tell([to] { to->on_state(broker_state::stopped); });
            tell([done = std::move(done)]() mutable { done({}); });
        });
    }

    const asio::any_io_executor executor_;
    file lock_;
    std::uint64_t epoch_ = 0;

    std::mutex mutex_;
    std::vector<taken> waiting_;
    life life_ = life::running;

    // The disk's.
    std::vector<part> parts_;
    sink* sink_ = nullptr;
    std::string buffer_;
    asio::thread_pool disk_{1};
};

} // namespace custom

#endif
