#!/bin/sh
# Make the environments that outside programs run in: `sh tools/peers.sh PYTHON FOLDER [NAME...]`.
# Each is remade when its lock changes. One that cannot be made is said, and its tests skip.
set -eu
python=$1
folder=$2
shift 2
locks=$(dirname "$0")/../tests/peers
[ $# -gt 0 ] || set -- kuksa velocitas diagnostics homeassistant miio emhass iso15118 node

make_python() {  # NAME PLACE
    "$python" -m venv --clear "$2" &&
        "$2/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
            -r "$locks/requirements-$1.lock"
}

make_node() {  # PLACE
    command -v npm >/dev/null || {
        echo "vettura: no 'npm' here" >&2
        return 1
    }
    rm -rf "$1" && mkdir -p "$1" &&
        cp "$locks/node/package.json" "$locks/node/package-lock.json" "$1" &&
        (cd "$1" && npm ci --silent --ignore-scripts --no-audit --no-fund)
}

for name in "$@"; do
    place=$folder/$name
    [ ! -L "$place" ] || continue  # somebody's own environment
    lock=$locks/requirements-$name.lock
    [ "$name" != node ] || lock=$locks/node/package-lock.json
    wanted=$(sha256sum <"$lock")
    [ "$(cat "$place/.made-of" 2>/dev/null)" != "$wanted" ] || continue
    echo "vettura: making $place"
    if [ "$name" = node ]; then make_node "$place"; else make_python "$name" "$place"; fi &&
        echo "$wanted" >"$place/.made-of" ||
        echo "vettura: could not make $place; the tests that need it are skipped" >&2
done
