// Boost Software License 1.0, see LICENSE

#include "raw_link.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <charconv>

namespace faults {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

constexpr auto tick_time = 100ms;
// Both sides promise an octet a second. Also how long a node may take to answer CONNECT.
constexpr auto longest_silence = 4s;

std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            plain += text[i];
            continue;
        }
        const char code = text[++i];
        plain += code == 'n' ? '\n' : code == 'r' ? '\r' : code == 'c' ? ':' : code;
    }
    return plain;
}

} // namespace

std::string_view raw_frame::value_of(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

bool take_frame(std::string& octets, raw_frame& into) {
    const std::size_t begin = octets.find_first_not_of('\n');
    if (begin == std::string::npos) return octets.clear(), false;
    const std::size_t head = octets.find("\n\n", begin);
    if (head == std::string::npos) return false;
    into.headers.clear();
    std::size_t at = octets.find('\n', begin);
    into.command = octets.substr(begin, at - begin);
    std::size_t length = std::string::npos;
    while (at < head) {
        const std::size_t end = octets.find('\n', at + 1);
        const std::string_view line = std::string_view(octets).substr(at + 1, end - at - 1);
        const std::size_t colon = line.find(':');
        into.headers.emplace_back(unescape(line.substr(0, colon)), unescape(line.substr(colon + 1)));
        if (into.headers.back().first == "content-length") {
            const std::string& value = into.headers.back().second;
            std::from_chars(value.data(), value.data() + value.size(), length);
        }
        at = end;
    }
    const std::size_t body = head + 2;
    if (length == std::string::npos) {
        const std::size_t nul = octets.find('\0', body);
        if (nul == std::string::npos) return false;
        length = nul - body;
    }
    if (octets.size() <= body + length) return false;
    into.body = octets.substr(body, length);
    octets.erase(0, body + length + 1);
    return true;
}

raw_link::raw_link(asio::io_context& context, raw_options options, raw_listener& listener)
    : context_(context), options_(std::move(options)), listener_(listener), socket_(context), timer_(context),
      random_(static_cast<std::minstd_rand::result_type>(options_.seed)), node_(options_.first_node) {}

raw_link::~raw_link() { close(); }

void raw_link::open() {
    again_ = clock::now();
    tick();
}

void raw_link::tick() {
    if (closed_) return;
    const auto now = clock::now();
    if (!open_ && !connecting_) {
        if (now >= again_) connect();
    } else if (now - heard_ > longest_silence && !held_ && (quota_ > 0 || options_.octets_per_tick == 0))
        lose();
    else if (open_) {
        write("\n");
        if (options_.octets_per_tick != 0) {
            quota_ = options_.octets_per_tick;
            read();
        }
    }
    timer_.expires_after(tick_time);
    timer_.async_wait([this](error_code ec) {
        if (!ec) tick();
    });
}

void raw_link::connect() {
    connecting_ = true;
    heard_ = clock::now();
    const std::uint64_t life = ++life_;
    socket_ = asio::ip::tcp::socket(context_);
    const auto& to = options_.nodes[node_++ % options_.nodes.size()];
    error_code ec;
    socket_.open(to.protocol(), ec);
    // What a slow reader leaves must be the server's, not the system's.
    if (options_.octets_per_tick != 0) socket_.set_option(asio::socket_base::receive_buffer_size(8 * 1024), ec);
    socket_.async_connect(to, [this, life](error_code failed) {
        if (life != life_ || closed_) return;
        if (failed) return lose();
        connecting_ = false;
        open_ = true;
        error_code ignored;
        socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
        quota_ = options_.octets_per_tick;
        write("CONNECT\naccept-version:1.2\nhost:faults\nheart-beat:1000,1000\nlogin:" + options_.login + "\n\n" + std::string(1, char(0)));
        read();
    });
}

void raw_link::read() {
    if (!open_ || reading_ || held_) return;
    std::size_t room = buffer_.size();
    if (options_.octets_per_tick != 0) room = std::min(room, quota_);
    if (room == 0) return;
    reading_ = true;
    socket_.async_read_some(asio::buffer(buffer_.data(), room), [this, life = life_](error_code ec, std::size_t size) {
        if (life != life_ || closed_) return;
        reading_ = false;
        if (ec) return lose();
        heard_ = clock::now();
        if (options_.octets_per_tick != 0) quota_ -= std::min(quota_, size);
        in_.append(buffer_.data(), size);
        take_input();
        if (life == life_) read();
    });
}

void raw_link::take_input() {
    raw_frame frame;
    const std::uint64_t life = life_;
    std::string input = std::move(in_);
    in_.clear();
    while (life == life_ && !closed_ && take_frame(input, frame)) {
        if (frame.command == "CONNECTED") {
            up_ = true;
            ++sessions_;
            listener_.on_up();
        } else
            listener_.on_frame(frame);
    }
    if (life == life_) in_ = std::move(input);
}

void raw_link::write(std::string_view frame) {
    if (!open_) return;
    out_ += frame;
    flush();
}

void raw_link::flush() {
    if (!writing_.empty() || out_.empty()) return;
    writing_.swap(out_);
    asio::async_write(socket_, asio::buffer(writing_), [this, life = life_](error_code ec, std::size_t) {
        if (life != life_ || closed_) return;
        writing_.clear();
        if (ec) return lose();
        flush();
    });
}

void raw_link::lose() {
    ++life_;
    error_code ignored;
    socket_.close(ignored);
    connecting_ = open_ = reading_ = false;
    in_.clear();
    out_.clear();
    writing_.clear();
    again_ = clock::now() + std::chrono::milliseconds(50 + random_() % 400);
    if (!up_) return;
    up_ = false;
    listener_.on_down();
}

void raw_link::vanish(std::string_view octets) {
    if (!open_) return;
    error_code ignored;
    // Behind what is on its way: else it would not be the server that sees half a frame.
    if (writing_.empty() && !octets.empty()) {
        socket_.non_blocking(true, ignored);
        socket_.send(asio::buffer(octets), 0, ignored);
    } else
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    lose();
}

void raw_link::release() {
    held_ = false;
    heard_ = clock::now();
    read();
}

void raw_link::close() {
    if (closed_) return;
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
}

} // namespace faults
