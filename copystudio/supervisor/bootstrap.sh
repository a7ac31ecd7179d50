#!/bin/sh
# Makes .venv and installs what is missing in one pip call. A second run with nothing to do takes a tenth of a second.
#
#   sh copystudio/supervisor/bootstrap.sh run     what Copy Studio runs on
#   sh copystudio/supervisor/bootstrap.sh test    the same, and what the tests and checks need
#
# PYTHON       the Python 3.11 to use            (default: python3.11, else python3)
# TORCH_INDEX  another index to take torch from  (the CPU build: https://download.pytorch.org/whl/cpu)
set -u

kind=${1:-run}
cd "$(dirname "$0")/../.." || exit 1
venv=.venv
need_mb=2600

say() { printf '%s\n' "$*"; }
fail() {
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    printf '\n' >&2
    exit 1
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        found=$(version_of "$PYTHON")
        [ -n "$found" ] || fail "PYTHON=$PYTHON cannot be run."
        [ "$found" = 3.11 ] || fail "Copy Studio needs Python 3.11, and PYTHON=$PYTHON is $found."
        python=$PYTHON
        return
    fi
    seen=
    for name in python3.11 python3 python; do
        found=$(version_of "$name")
        [ "$found" = 3.11 ] && python=$name && return
        [ -n "$found" ] && seen="$seen${seen:+,} $name is $found"
    done
    python=
}

# Everything that is missing is named at once, with the one line that installs it.
check_machine() {
    missing= packages=
    find_python
    if [ -z "$python" ]; then
        missing="$missing python3.11" packages="$packages python3.11 python3.11-venv"
    elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        missing="$missing venv" packages="$packages python3.11-venv"
    fi
    if ! command -v make >/dev/null 2>&1; then
        missing="$missing make" packages="$packages make"
    fi
    [ -z "$missing" ] && return
    root='sudo '
    [ "$(id -u)" = 0 ] && root=
    [ -z "$python" ] && [ -n "$seen" ] && say "Copy Studio needs Python 3.11 (here$seen)." >&2
    fail "Missing on this machine:$missing" \
        "On Debian 12:  ${root}apt-get install$packages" \
        "Where Python 3.11 is installed elsewhere:  make run PYTHON=/path/to/python3.11"
}

fingerprint() {
    "$python" - "$kind" "${TORCH_INDEX:-}" <<'PY'
import hashlib, pathlib, sys
files = ["requirements.txt"] + (["tests/requirements.txt"] if sys.argv[1] == "test" else [])
parts = [sys.version, sys.argv[2], *(pathlib.Path(name).read_text(encoding="utf-8") for name in files)]
print(hashlib.sha256("\0".join(parts).encode()).hexdigest())
PY
}

is_current() { [ -x $venv/bin/python ] && [ "$(cat "$venv/.$kind" 2>/dev/null)" = "$wanted" ]; }

# One installation at a time; the second waits and then finds everything done.
lock() {
    command -v flock >/dev/null 2>&1 || return 0
    exec 9>.venv.lock
    flock -n 9 && return
    say "Another make is installing packages; waiting for it."
    flock 9
}

check_space() {
    free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mb" -ge "$need_mb" ] ||
        fail "The disk is nearly full: $free_mb MB are free here, the packages need $need_mb MB."
}

# A venv in which pip was interrupted is thrown away: nobody can say what is in it.
make_venv() {
    if [ -e $venv/.busy ] || [ ! -e $venv/.made ] || [ "$(version_of $venv/bin/python)" != 3.11 ]; then
        rm -rf $venv || fail "$(pwd)/$venv cannot be removed by $(id -un)."
        say "Making the virtual environment in $venv."
        "$python" -m venv $venv || fail "The virtual environment could not be made; the lines above say why." \
            "Run the same command again when that is mended."
        : >$venv/.made
    fi
}

install() {
    files='-r requirements.txt'
    [ "$kind" = test ] && files='-r tests/requirements.txt'
    quiet=
    [ -t 1 ] || quiet=-q
    say "Installing packages: about 0.6 GB to download and 1.9 GB on disk (with PyPI's own torch several GB more)."
    say "This takes one to three minutes, once."
    rm -f $venv/.run $venv/.test
    : >$venv/.busy
    # shellcheck disable=SC2086
    $venv/bin/python -m pip install --disable-pip-version-check --no-input $quiet \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} $files ||
        fail "The packages could not be installed; the lines above say why (often: no network, or a full disk)." \
            "Run the same command again when that is mended."
    rm -f $venv/.busy
    [ "$kind" = test ] && kind=run && fingerprint >$venv/.run && kind=test
    printf '%s\n' "$wanted" >"$venv/.$kind"
}

case $kind in run | test) ;; *) fail "Use: $0 run|test" ;; esac
check_machine
wanted=$(fingerprint) || exit 1
is_current && exit 0
[ -w . ] || fail "$(pwd) cannot be written by $(id -un)."
lock
is_current && exit 0
check_space
make_venv
install
