#!/bin/sh
# Write the locks: what runs, tests, compares, fuzzes, and the outside programs that tests meet.
# Hashes, but no index addresses.
set -eu
command -v uv >/dev/null || {
    echo "vettura: writing locks needs uv (pip install uv)" >&2
    exit 3
}
compile() {
    output=$1; shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
        "$@" --output-file "$output"
}
compile requirements.lock --extra plots --extra sun pyproject.toml tools/build.in
compile requirements-dev.lock --extra plots --extra sun --extra dev --constraint requirements.lock \
    pyproject.toml tools/build.in
compile requirements-bench.lock --extra plots --extra sun --extra dev --extra bench \
    --constraint requirements-dev.lock pyproject.toml tools/build.in
compile requirements-fuzz.lock --extra plots --extra sun --extra dev --extra fuzz \
    --constraint requirements-dev.lock pyproject.toml tools/build.in

for name in kuksa velocitas diagnostics homeassistant miio emhass iso15118; do
    uv pip compile --quiet --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
        "tests/peers/requirements-$name.in" --output-file "tests/peers/requirements-$name.lock"
done
if command -v npm >/dev/null; then
    (cd tests/peers/node &&
        npm install --silent --package-lock-only --omit-lockfile-registry-resolved)
fi
