#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""Breaks the state machines of delivery/ in one place after the other, and expects the model to notice each time.

A mutation is a file, a piece of its text that stands there once, and what stands there instead. A copy of the file in front of the others in the
include path is all that differs; the tree is not touched.

usage: mutations.py --compiler <c++> --include <dir>... [--few] [--only <name>]
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DELIVERY = HERE.parent.parent / "include/stompchat/delivery"
SOURCES = ["session.cpp", "shard.cpp", "world.cpp", "main.cpp"]
FLAGS = ["-std=c++20", "-O1", "-D_GLIBCXX_ASSERTIONS", "-DNDEBUG"]

# name, file, what stands there, what the mutation makes of it. Those with a star run in CTest, the others only by hand.
MUTATIONS = [
    ("*a live cursor takes what it had", "cursor.hpp", "if (state_ != state::live || at < next_) return verdict::skip;", "if (state_ != state::live) return verdict::skip;"),
    ("a cursor without room stands behind the record", "cursor.hpp", "next_ = at;\n            state_ = state::behind;\n            return verdict::no_room;", "next_ = at + 1;\n            state_ = state::behind;\n            return verdict::no_room;"),
    ("*every cursor begins live", "cursor.hpp", "state_ = next_ >= shard_position ? state::live : state::behind;", "state_ = state::live;"),
    ("a cursor is live after each read", "cursor.hpp", "if (next_ >= shard_position) state_ = state::live;", "state_ = state::live;"),
    ("a cursor that missed records stays live", "cursor.hpp", "if (first > next_) next_ = first;\n        state_ = state::behind;", "if (first > next_) next_ = first;"),
    ("who missed records skips to the last of them", "cursor.hpp", "if (first > next_) next_ = first;", "next_ = last;"),
    ("who missed records asks for what it had long ago", "cursor.hpp", "if (first > next_) next_ = first;\n", "\n"),
    ("a cursor stays where it was in the old log", "cursor.hpp", "void restart(offset from) noexcept {\n        next_ = from;", "void restart(offset) noexcept {"),
    ("a read does not move a cursor on", "cursor.hpp", "if (read_next > next_) next_ = read_next;", ""),
    ("a cursor without room in a read passes the record", "cursor.hpp", "next_ = at;\n        if (!room()) return verdict::no_room;\n        ++next_;", "next_ = at + 1;\n        if (!room()) return verdict::no_room;"),
    ("*a ring that drops a record says that it has it", "ring.hpp", "floor_ = entries_->front().at + 1;\n        Record", "Record"),
    ("a ring covers one record more than it has", "ring.hpp", "return from >= floor_;", "return from + 5 >= floor_;"),
    ("a ring that is filled in front forgets what it had read", "ring.hpp", "entries().push_front({it->first, it->second});\n", ""),
    ("*a shard listens to answers for registrations that are over", "topic_table.hpp", "topics_[slot].number != number", "topics_[slot].number == 0"),
    ("the shard's position goes back", "topic_table.hpp", "if (known.epoch != next.epoch || known.offset < next.offset) known = next;", "known = next;"),
    ("a lost read is remembered as whole", "topic_table.hpp", "result.status == read_status::lost || result.next.epoch", "result.next.epoch"),
    ("a read that does not reach the ring is put in front of it", "topic_table.hpp", " || result.next.offset < floor", ""),
    ("a late removal ends a younger registration", "interest_table.hpp", "&& r.number <= claim.number; });", "; });"),
    ("*what the broker repeats is new", "interest_table.hpp", "return at.epoch != reached.epoch || at.offset >= reached.offset;", "return at.epoch != reached.epoch || at.offset + 1000000 >= reached.offset;"),
    ("a destination that is forgotten had no record", "last_offsets.hpp", "floors_[oldest->at.partition] = std::max(floors_[oldest->at.partition], oldest->at.offset + 1);\n", ""),
    ("the last record of a destination is not noted", "router.hpp", "last_.note(record.destination, record.at);", ""),
    ("*nobody is told that the log was made anew", "router.hpp", "if (!begins) return;", "return;"),
    ("early registrations are forgotten", "router.hpp", "early_.push_back({std::move(destination), claim});", "return;"),
    ("what was missed ends with the first record", "event_batch.hpp", "earlier.at = at;\n                return;", "return;"),
    ("what was missed stands in front of the batch", "event_batch.hpp", "std::move(missed_.begin(), missed_.end(), std::back_inserter(to));", "to.insert(to.begin(), std::make_move_iterator(missed_.begin()), std::make_move_iterator(missed_.end()));"),
    ("the ring has a hole where records were missed", "topic_events.hpp", "topics.forget_recent(*of, event.at.offset + 1);\n    fall_behind", "fall_behind"),
    ("what is queued is forgotten when records are missed", "topic_events.hpp", "if (of.subscriptions.busy()) first = std::min(first, of.subscriptions.oldest().what->at().offset);", ""),
    ("a SEND overtakes the SUBSCRIBE before it", "topic_events.hpp", "overtaken ? opened : told", "told"),
    ("the log is made anew and only the epoch is noted", "topic_events.hpp", "        host.tell_gap(*one);\n        one->cursor.restart(at.offset);", "        one->cursor.restart(at.offset);"),
    ("a read of the old log is taken for one of the new", "topic_events.hpp", "        host.forget_read(*one);\n", ""),
    ("*a token above the shard's position is believed", "start.hpp", "if (resume_after->epoch != end.epoch || resume_after->offset >= end.offset) return without_token(topic, window_begins);", ""),
    ("a lost read recovers", "start.hpp", "if (result.status == read_status::lost || hidden) return without_token", "if (hidden) return without_token"),
    ("what is quiet is recovered without a look", "start.hpp", "const bool nothing_missed = from >= topic.known_from && topic.last <= resume_after->offset;", "const bool nothing_missed = topic.last <= resume_after->offset;"),
    ("the past is shown to who may not see it", "start.hpp", "(from >= topic.recent_from && !earliest)", "(from >= topic.recent_from)"),
    ("history is read across a hole", "start.hpp", "            found_.clear();\n            complete = false;\n        }\n        for", "            complete = false;\n        }\n        for"),
    ("the window of the history moves on between two reads", "start.hpp", "if (result.status != read_status::complete) return read_history(result.next);", "if (result.status != read_status::complete) {\n            oldest_ = window_begins;\n            return read_history(result.next);\n        }"),
    ("who begins in a log that is no more stays there", "start.hpp", "if (epoch_ != topic.epoch) return again(topic, window_begins);\n        if (resume_after) {", "if (resume_after) {"),
    ("*who falls behind with an empty queue is not fed", "feeding.hpp", "return room.queued == 0 && !whom.window_full();", "return room.queued != 0 && !whom.window_full();"),
    ("who was fed once is never fed again", "feeding.hpp", "one.listed = false;\n                *link = std::exchange(one.next_behind, nullptr);", "*link = std::exchange(one.next_behind, nullptr);"),
    ("a read that was answered from another log is delivered", "feeding.hpp", "if (result.next.epoch != host.topic_of(whom).epoch) return fed::nothing;", ""),
    ("records are left out without a word", "feeding.hpp", "        host.tell_gap(whom);\n        at.jump", "        at.jump"),
    ("the recent messages are taken although they do not reach back", "feeding.hpp", "if (host.topic_of(one).recent.covers(one.cursor.next())) {", "if (host.topic_of(one).recent.size() != 0) {"),
    ("records that are queued leave with the first round", "sweep.hpp", "if (work_->whole == work_->records.size()) return work_.reset();", "return work_.reset();"),
    ("a member that leaves takes another one's turn", "sweep.hpp", "if (work_ && hole < work_->visited) {", "if (false) {"),
]


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--few", action="store_true", help="only those with a star")
    parser.add_argument("--only", help="only those whose name contains this")
    options = parser.parse_args()
    chosen = [one for one in MUTATIONS if one[0].startswith("*") or not options.few]
    chosen = [one for one in chosen if not options.only or options.only in one[0]]
    survivors = 0
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        (work / "stompchat/delivery").mkdir(parents=True)
        includes = [f"-I{work}"] + [f"-I{one}" for one in options.include] + [f"-I{HERE}"]
        (work / "model.cpp").write_text("".join(f'#include "{one}"\n' for one in SOURCES))
        # What no mutation touches is read once.
        (work / "ahead.hpp").write_text("#include <stompchat/ports/broker.hpp>\n#include <functional>\n#include <iostream>\n#include <map>\n#include <queue>\n")
        run([options.compiler, *FLAGS, *includes, "-x", "c++-header", str(work / "ahead.hpp"), "-o", str(work / "ahead.hpp.gch")], check=True)

        def build(to):
            return run([options.compiler, *FLAGS, "-include", str(work / "ahead.hpp"), *includes, str(work / "model.cpp"), "-o", str(to)])

        for title, file, old, new in chosen:
            text = (DELIVERY / file).read_text()
            if text.count(old) != 1:
                sys.exit(f"{title.lstrip('*')}: stands {text.count(old)} times in {file}: {old}")
            mutant = work / "stompchat/delivery" / file
            mutant.write_text(text.replace(old, new))
            built = build(work / "model")
            mutant.unlink()
            if built.returncode != 0:
                sys.exit(f"{title.lstrip('*')}: does not compile\n{built.stderr}")
            try:
                result = run([str(work / "model"), "--deliveries", "1000000"], timeout=120)
                noticed = result.returncode != 0
                how = result.stdout.strip().splitlines()[-1] if result.returncode == 1 else f"exit code {result.returncode}"
            except subprocess.TimeoutExpired:
                noticed, how = True, "it never ends"
            survivors += not noticed
            print(f"{'noticed' if noticed else 'SURVIVED'}: {title.lstrip('*')} ({how})", flush=True)
    print(f"{len(chosen)} mutations, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
