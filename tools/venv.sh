#!/bin/sh
# Make a virtual environment with pip in it: `sh tools/venv.sh PYTHON FOLDER`.
# Debian ships Python without the part that does this; root gets it installed, others are told how.
set -eu
python=$1
folder=$2
command -v "$python" >/dev/null || {
    echo "vettura: no '$python' here; install Python 3.11 or name yours: make PYTHON=python3.12" >&2
    exit 3
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "vettura: $("$python" --version) is too old; Python 3.11 or newer is needed" >&2
    exit 3
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "vettura: installing Debian's python3-venv"
        apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "vettura: this Python cannot make virtual environments" >&2
        echo "  hint: sudo apt-get install python3-venv" >&2
        exit 3
    fi
fi
"$python" -m venv "$folder"
