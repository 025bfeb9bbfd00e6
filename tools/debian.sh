#!/bin/sh
# Install Debian packages that some tests need, when root and not there yet; else those tests skip.
# A package whose program has another name is written package:program.
set -eu
for wanted in "$@"; do
    package=${wanted%%:*}
    command -v "${wanted##*:}" >/dev/null && continue
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "vettura: no '$package'; the tests that need it are skipped (apt-get install $package)"
        continue
    fi
    echo "vettura: installing Debian's $package"
    apt-get update -qq || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" \
        >/dev/null || echo "vettura: could not install '$package'; its tests are skipped"
done
