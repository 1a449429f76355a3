// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_DECODER_IPP
#define STOMPCHAT_STOMP_IMPL_DECODER_IPP

#include <stompchat/stomp/decoder.hpp>
#include <stompchat/stomp/impl/decoder_head.ipp>

#include <algorithm>
#include <cstring>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

STOMPCHAT_DECL void decoder::feed(std::string_view octets, parse_scratch& scratch) {
    scratch_ = &scratch;
    if (failed_) return;
    if (at_ != end_) hold();
    at_ = octets.data();
    end_ = at_ + octets.size();
}

STOMPCHAT_DECL void decoder::hold() {
    discard_read();
    held_ = held_ || at_ != end_;
    if (at_ != end_) partial().append(at_, static_cast<std::size_t>(end_ - at_));
    at_ = end_ = nullptr;
}

STOMPCHAT_DECL decoder::status decoder::next(frame_view& frame) {
    frame = {};
    if (failed_) return status::error;
    const auto need_more = [this] {
        held_ = false;
        return status::need_more;
    };
    if (offset_ != 0 && offset_ == partial_size()) discard_read();
    for (;;) {
        const bool own = partial_ != nullptr;
        const std::string_view text =
            own ? std::string_view(*partial_).substr(offset_) : std::string_view(at_, static_cast<std::size_t>(end_ - at_));
        const auto advance = [&](std::size_t octets) {
            if (own) {
                offset_ += static_cast<std::uint32_t>(octets);
            } else {
                at_ += octets;
            }
        };
        if (scanned_ == 0) {
            std::size_t skipped = 0;
            while (skipped != text.size() && (text[skipped] == '\n' || text[skipped] == '\r' || text[skipped] == '\0')) ++skipped;
            if (skipped != 0) {
                advance(skipped);
                return status::heart_beat;
            }
            if (text.empty()) return need_more();
        }
        switch (scan(text, frame)) {
        case scan_result::complete:
            advance(head_size_ + body_size_ + 1);
            start_frame();
            return status::frame;
        case scan_result::failed:
            failed_ = true;
            held_ = false;
            at_ = end_ = nullptr;
            return status::error;
        case scan_result::incomplete: break;
        }
        if (!own) {
            partial().assign(text);
            at_ = end_ = nullptr;
            return need_more();
        }
        if (at_ == end_) {
            discard_read();
            return need_more();
        }
        pull();
    }
}

STOMPCHAT_DECL decoder::scan_result decoder::scan(std::string_view text, frame_view& frame) {
    bool collected = false;
    if (head_size_ == 0) {
        // A frame that is whole in the input takes one pass over its lines. One that comes in pieces is searched for its blank line piece
        // by piece, so that no octet is looked at again and again, and takes the pass then.
        scan_result r = scan_result::complete;
        if (scanned_ != 0) r = seek_blank_line(text, frame);
        if (r == scan_result::complete) r = collect(head_size_ != 0 ? text.substr(0, head_size_) : text, frame);
        if (r == scan_result::complete) r = check_length(frame);
        if (r != scan_result::complete) return r;
        collected = true;
    }
    return take_body(text, frame, collected);
}

STOMPCHAT_DECL decoder::scan_result decoder::take_body(std::string_view text, frame_view& frame, bool collected) {
    const char* const body = text.data() + head_size_;
    const std::size_t available = text.size() - head_size_;
    const std::size_t limit = body_limit();
    bool sound = true;
    if (has_length_) {
        if (available <= body_size_) {
            scanned_ = static_cast<std::uint32_t>(text.size());
            return scan_result::incomplete;
        }
        sound = body[body_size_] == '\0';
    } else {
        const std::size_t from = scanned_ > head_size_ ? scanned_ - head_size_ : 0;
        const auto* nul = static_cast<const char*>(std::memchr(body + from, '\0', available - from));
        if (nul == nullptr && available <= limit) {
            scanned_ = static_cast<std::uint32_t>(text.size());
            return scan_result::incomplete;
        }
        const std::size_t size = nul != nullptr ? static_cast<std::size_t>(nul - body) : available;
        sound = size <= limit;
        body_size_ = static_cast<std::uint32_t>(size);
        if (!sound) {
            if (!collected) collect(text.substr(0, head_size_), frame);
            distance more{0, true};
            if (nul == nullptr) more = input_until('\0', text);
            note_size(error::body_too_long, {}, size + more.octets, limit, !more.found);
            if (!negotiated_) scratch_->problem_.reason = " before CONNECT is answered";
            return scan_result::failed;
        }
    }
    if (!collected) collect(text.substr(0, head_size_), frame);
    if (!sound) {
        note(error::body_not_terminated);
        scratch_->problem_.actual = body_size_;
        return scan_result::failed;
    }
    if (body_size_ != 0 && negotiated_ && version_ != version::v1_0 && !may_have_body(frame.cmd)) {
        note(error::unexpected_body);
        scratch_->problem_.where = to_string(frame.cmd);
        return scan_result::failed;
    }
    frame.has_content_length = has_length_;
    frame.body = {body, body_size_};
    return scan_result::complete;
}

/// Moves octets of the input behind the partial frame, no more than belong to it, and no more than a limit allows.
STOMPCHAT_DECL void decoder::pull() {
    discard_read();
    const auto available = static_cast<std::size_t>(end_ - at_);
    std::size_t take = available;
    if (head_size_ == 0) {
        const auto* newline = static_cast<const char*>(std::memchr(at_, '\n', available));
        if (newline != nullptr) take = static_cast<std::size_t>(newline - at_) + 1;
        // One octet more than a line with its CR may have is enough to see that it is too long.
        take = std::min(take, limits_->header_line + 2 - std::min(limits_->header_line + 1, partial_size() - line_));
    } else if (has_length_) {
        take = std::min(take, head_size_ + std::size_t{body_size_} + 1 - partial_size());
    } else {
        const auto* nul = static_cast<const char*>(std::memchr(at_, '\0', available));
        if (nul != nullptr) take = static_cast<std::size_t>(nul - at_) + 1;
        take = std::min(take, head_size_ + body_limit() + 1 - partial_size());
    }
    partial().append(at_, take);
    at_ += take;
}

STOMPCHAT_DECL std::string& decoder::partial() {
    if (!partial_) partial_ = std::make_unique<std::string>();
    return *partial_;
}

STOMPCHAT_DECL void decoder::start_frame() noexcept {
    scanned_ = line_ = lines_ = head_size_ = body_size_ = 0;
    has_length_ = false;
}

STOMPCHAT_DECL void decoder::discard_read() {
    if (offset_ == 0) return;
    if (offset_ == partial_size()) {
        partial_.reset(); // idle sessions hold nothing
    } else {
        partial_->erase(0, offset_);
    }
    offset_ = 0;
}

STOMPCHAT_DECL std::size_t decoder::body_limit() const noexcept {
    constexpr std::size_t most = std::size_t{1} << 30; // sizes are kept in 32 bits
    return std::min(negotiated_ ? limits_->body : limits_->body_before_connect, most);
}

STOMPCHAT_DECL decoder::distance decoder::input_until(char c, std::string_view text) const noexcept {
    const auto available = static_cast<std::size_t>(end_ - at_);
    if (text.data() + text.size() == end_ || available == 0) return {0, false};
    const auto* found = static_cast<const char*>(std::memchr(at_, c, available));
    if (found == nullptr) return {available, false};
    return {static_cast<std::size_t>(found - at_), true};
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
