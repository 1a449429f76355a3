#!/bin/sh
# setup.sh DIR: install the suite, converted to Python 3, into DIR. Does nothing when DIR was made from the same files.
set -eu
[ $# -eq 1 ] || { echo "usage: setup.sh DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
python=${PYTHON:-python3}
stamp=$(cd "$here" && cat setup.sh run.sh ./*.py ./*.txt | sha256sum)
if [ "$(cat "$dir/.autobahn-suite" 2>/dev/null)" = "$stamp" ]; then echo "$dir is ready"; exit 0; fi
if [ -e "$dir" ] && [ ! -e "$dir/.autobahn-suite" ]; then
  echo "setup.sh: $dir exists and was not made by this script" >&2; exit 2
fi
rm -rf "$dir"
mkdir -p "$dir"
touch "$dir/.autobahn-suite"
"$python" -m venv "$dir/venv" || { echo "setup.sh: python3 with venv is needed (Debian: python3-venv)" >&2; exit 2; }
pip() { "$dir/venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
tools=$(grep -E '^(setuptools|wheel)==' "$here/requirements.txt")
pip install $tools
pip install --no-build-isolation --no-deps -r "$here/requirements.txt"
pip check
# The suite is published for Python 2 alone; it is fetched as data, not installed.
pip download --no-deps --only-binary :all: --python-version 2.7 --implementation py \
  --abi none --platform any --require-hashes -r "$here/suite.txt" -d "$dir/wheel"
"$dir/venv/bin/python" -m zipfile -e "$dir"/wheel/*.whl "$dir/src"
site=$("$dir/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
"$dir/venv/bin/python" -W ignore::DeprecationWarning "$here/port.py" \
  "$dir/src" "$site/autobahntestsuite" "$site/autobahn"
rm -rf "$dir/src" "$dir/wheel"
cp "$here/run.sh" "$here/fuzz.py" "$dir/"
"$dir/venv/bin/python" -c 'import autobahntestsuite.case as c; print(len(c.Cases), "cases ready")'
"$dir/run.sh" --help >/dev/null
printf '%s\n' "$stamp" >"$dir/.autobahn-suite" # last: an installation that broke off is made again
