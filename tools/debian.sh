#!/bin/sh
# Install Debian packages that some tests need, when root and not there yet; else those tests skip.
set -eu
for package in "$@"; do
    command -v "$package" >/dev/null && continue
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "vettura: no '$package'; the tests that need it are skipped (apt-get install $package)"
        continue
    fi
    echo "vettura: installing Debian's $package"
    apt-get update -qq || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" \
        >/dev/null || echo "vettura: could not install '$package'; its tests are skipped"
done
