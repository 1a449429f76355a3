"""Start an echo server, run the Autobahn suite against it, stop it.

    test.py DIR SERVER OUT [ARGUMENT...]    DIR: made by setup.sh; SERVER prints its port; ARGUMENT: for run.sh

The suite's cases wait half a second to a second for an answer, so a machine that is short of time can fail a correct server: cases that
failed run twice more, and count as failed only if they fail each time. What needed that is printed.
"""

import pathlib
import subprocess
import sys

ATTEMPTS = 3


def main(suite, server, out, *arguments):
    suite, out = pathlib.Path(suite), pathlib.Path(out)
    echo = subprocess.Popen([server], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        url = f"ws://127.0.0.1:{int(echo.stdout.readline())}/"
        options = [word for word in arguments if word.startswith("--")]
        cases = [word for word in arguments if not word.startswith("--")]
        for attempt in range(1, ATTEMPTS + 1):
            where = out if attempt == 1 else out / f"attempt{attempt}"
            status = subprocess.run([suite / "run.sh", *options, url, where, *cases]).returncode
            if status != 1:
                break
            cases = (where / "failed.txt").read_text().split()
            print(f"\nattempt {attempt}: failed: {' '.join(cases)}\n", flush=True)
        if echo.poll() is not None:
            print(f"PROBLEM: the server ended, with status {echo.returncode}")
            return 2
        return status
    finally:
        echo.terminate()
        if echo.wait(timeout=10) != 0:
            print(f"PROBLEM: the server stopped with status {echo.returncode}")
            sys.exit(2)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
