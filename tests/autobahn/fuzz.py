"""Run the Autobahn fuzzing client against one WebSocket echo server on loopback.

Exit status: 0 nothing failed; 1 at least one case failed; 2 the run itself went wrong
(no connection, a selected case without a result, an error inside the suite).
"""

import argparse
import collections
import contextlib
import fnmatch
import ipaddress
import pathlib
import socket
import sys
import time
import traceback
import urllib.parse

from twisted.internet import reactor, task
from twisted.python import log

from autobahn.websocket.protocol import WebSocketProtocol
from autobahntestsuite import fuzzing
from autobahntestsuite.case import Case, Cases
from autobahntestsuite.caseset import CaseSet

BASIC, LIMITS, COMPRESSION = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"], ["9.*"], ["12.*", "13.*"]
AGENT = "server"
# Pause between the pieces of a chopped write, so that they do not merge on a busy machine.
# The suite's own 10 microseconds stay for the limits cases, which chop megabytes.
PIECE_PAUSE = 0.001  # seconds
SUITE_PAUSE = WebSocketProtocol._QUEUED_WRITE_DELAY
GRACE = 30  # seconds a case may take beyond its own time limit
COLUMNS = ["passed", "FAILED", "non-strict", "informational", "unimplemented", "close note"]
VERDICTS = {Case.OK: "passed", Case.NON_STRICT: "non-strict", Case.INFORMATIONAL: "informational",
            Case.UNIMPLEMENTED: "unimplemented"}
CLOSE_NOTES = {Case.WRONG_CODE, Case.FAILED_BY_CLIENT}


class Client(fuzzing.FuzzingClientFactory):
    """The suite's client; an error inside the suite fails the case it happened in."""

    def __init__(self, spec):
        self.current, self.errors, self.trouble = None, {}, []
        log.addObserver(self.on_log)
        super().__init__(spec)
        task.LoopingCall(self.watch).start(1, now=False)

    def buildProtocol(self, addr):
        self.current, self.since = super().buildProtocol(addr), time.monotonic()
        limits = self.case_id().startswith("9.")
        WebSocketProtocol._QUEUED_WRITE_DELAY = SUITE_PAUSE if limits else PIECE_PAUSE
        return self.current

    def case_id(self):
        return self.CaseSet.caseClasstoId(self.current.Case) if self.current else "-"

    def on_log(self, event):
        if not event.get("isError"):
            return
        text = log.textFromEventDict(event) or "unknown error"
        print(text)
        self.errors.setdefault(self.case_id(), []).append(text.strip().splitlines()[-1])
        if self.current and self.current.transport:
            reactor.callLater(0, self.current.transport.abortConnection)

    def watch(self):
        if self.current is None:
            return
        limit = getattr(self.current.runCase, "WAITSECS", 0) + GRACE
        if time.monotonic() - self.since > limit:
            self.trouble.append(f"case {self.case_id()} did not end within {limit} s; run stopped")
            self.createReports()
            reactor.stop()

    def logCase(self, result):
        if result["id"] in self.errors:
            result["behavior"] = Case.FAILED
            result["result"] = "error inside the suite: " + "; ".join(self.errors[result["id"]])
        super().logCase(result)

    def clientConnectionFailed(self, connector, reason):
        self.trouble.append("connection failed: " + reason.getErrorMessage())
        super().clientConnectionFailed(connector, reason)

    def createReports(self):
        super().createReports(produceHtml=False)


def verdict(result):
    if result["behaviorClose"] in (Case.FAILED, Case.UNCLEAN):
        return "FAILED"
    return VERDICTS.get(result["behavior"], "FAILED")


def require_loopback(url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "ws" or not parts.hostname or not parts.port:
        sys.exit("URL must be ws://HOST:PORT/PATH")
    for info in socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM):
        if not ipaddress.ip_address(info[4][0]).is_loopback:
            sys.exit(f"{parts.hostname} is not a loopback address; the client sends malformed traffic on purpose")


def select(options):
    known = list(CaseSet("websocket", "Case", Cases, {}, {}).CasesById)
    patterns = options.cases or BASIC + LIMITS * options.limits + COMPRESSION * options.compression
    for pattern in patterns:
        if not fnmatch.filter(known, pattern):
            sys.exit(f"no such case: {pattern}")
    return [case for case in known if any(fnmatch.fnmatchcase(case, pattern) for pattern in patterns)]


def summary(results, selected, strict):
    """Print the table and what did not pass; return the cases that count as failed."""
    table, lines, failed = collections.defaultdict(collections.Counter), [], []
    for case in selected:
        if case not in results:
            continue
        result = results[case]
        kind = verdict(result)
        note = result["behaviorClose"] in CLOSE_NOTES
        for group in (case.split(".")[0], "all"):
            table[group]["run"] += 1
            table[group][kind] += 1
            table[group]["close note"] += note
        if kind == "FAILED" or (strict and (kind in ("non-strict", "unimplemented") or note)):
            failed.append(case)
        if kind != "passed" or note:
            lines.append(f"{case:8} {kind:14} {result['result']} / {result['resultClose']}"
                         f" ({result['behaviorClose']}, code {result['remoteCloseCode']})")
    print(f"{'group':>6} {'run':>5} " + " ".join(f"{name:>13}" for name in COLUMNS))
    for group, row in table.items():
        if group != "all":
            print(f"{group:>6} {row['run']:5} " + " ".join(f"{row[name]:13}" for name in COLUMNS))
    row = table["all"]
    print(f"{'all':>6} {row['run']:5} " + " ".join(f"{row[name]:13}" for name in COLUMNS))
    print("\n".join([""] + lines) if lines else "")
    return failed


def main():
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--limits", action="store_true", help="also run the limits and performance cases (9.*)")
    parser.add_argument("--compression", action="store_true", help="also run permessage-deflate (12.*, 13.*)")
    parser.add_argument("--strict", action="store_true",
                        help="count non-strict, unimplemented and close notes as failures")
    parser.add_argument("url", help="ws://HOST:PORT/PATH of an echo server")
    parser.add_argument("outdir", help="where the JSON reports go")
    parser.add_argument("cases", nargs="*", help='such as "6.*" or 7.1.6 (default: groups 1 to 7 and 10)')
    options = parser.parse_args()
    require_loopback(options.url)
    selected = select(options)

    outdir = pathlib.Path(options.outdir)
    outdir.mkdir(parents=True, exist_ok=True)
    for old in [*outdir.glob(f"{AGENT}_case_*.json"), outdir / "index.json", outdir / "failed.txt"]:
        old.unlink(missing_ok=True)
    spec = {"outdir": str(outdir), "cases": selected, "servers": [{"agent": AGENT, "url": options.url}]}
    with open(outdir / "run.log", "w") as out, contextlib.redirect_stdout(out):
        client = Client(spec)
        reactor.run()

    results = client.agents.get(AGENT, {})
    failed = summary(results, selected, options.strict)
    (outdir / "failed.txt").write_text("".join(case + "\n" for case in failed))
    missing = [case for case in selected if case not in results]
    trouble = client.trouble + [f"error in case {case}: {texts[0]}" for case, texts in client.errors.items()]
    if missing:
        trouble.append(f"{len(missing)} selected cases have no result: {' '.join(missing[:10])}")
    for line in trouble:
        print("PROBLEM:", line)
    return 2 if trouble else 1 if failed else 0


if __name__ == "__main__":
    try:
        status = main()
    except SystemExit as stop:
        status = stop.code
        if isinstance(status, str):
            print("run.sh:", status, file=sys.stderr)
            status = 2
    except Exception:
        traceback.print_exc()
        status = 2
    sys.exit(status)
