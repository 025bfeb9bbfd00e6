#!/bin/sh
# Write the four locks: what runs, tests, compares, fuzzes. Hashes, but no index addresses.
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
compile requirements.lock --extra plots pyproject.toml tools/build.in
compile requirements-dev.lock --extra plots --extra dev --constraint requirements.lock \
    pyproject.toml tools/build.in
compile requirements-bench.lock --extra plots --extra dev --extra bench \
    --constraint requirements-dev.lock pyproject.toml tools/build.in
compile requirements-fuzz.lock --extra plots --extra dev --extra fuzz \
    --constraint requirements-dev.lock pyproject.toml tools/build.in
