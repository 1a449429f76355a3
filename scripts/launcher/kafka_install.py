# Boost Software License 1.0, see LICENSE
"""Kafka's jars, fetched once by Maven into a cache outside the source tree."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

VERSION = "4.4.0"
RECIPE = pathlib.Path(__file__).resolve().parent.parent / "kafka"


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "stompchat"


def jars():
    """The folder with Kafka's jars, which are downloaded when they are not there. Any number of processes may ask at once."""
    folder = cache() / f"kafka-{VERSION}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"kafka-{VERSION}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            print(f"Downloading Kafka {VERSION} to {folder}", file=sys.stderr)
            _download(folder)
    return folder


def _download(folder):
    # The folder appears under its name when it is whole.
    half = pathlib.Path(tempfile.mkdtemp(prefix=folder.name + "-", dir=folder.parent))
    try:
        shutil.copy(RECIPE / "pom.xml", half / "pom.xml")
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", str(half / "pom.xml"), "dependency:copy-dependencies", "-DincludeScope=runtime",
             f"-DoutputDirectory={half / 'jars'}"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0 or not any((half / "jars").glob("kafka-server-*.jar")):
            raise OSError("Maven could not fetch Kafka: " + (done.stdout + done.stderr).strip()[:500])
        os.rename(half / "jars", folder)
    except FileNotFoundError:
        raise OSError("Kafka needs Maven: apt-get install maven") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)


if __name__ == "__main__":
    try:
        print(jars())
    except OSError as error:
        sys.exit(str(error))
