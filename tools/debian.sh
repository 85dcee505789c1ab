#!/bin/sh
# Installs those of the named Debian packages that are missing. Never fails: without root, apt or a network it says
# what is missing, and the tests that need it skip.
missing=""
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing, and not installed for want of root or apt:$missing"
    exit 0
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
{ timeout 300 apt-get update -qq && timeout 900 apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 \
    || echo "could not be installed:$missing"
exit 0
