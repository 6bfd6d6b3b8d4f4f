#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Checks the unit, and prints how exposed the service is: usage: service.sh UNIT DAEMON
# UNIT as it is installed; DAEMON stands in for the program, which is not. Exits 77 without systemd.
set -eu

# Of the exposure, in tenths: 1.0.
LIMIT=10

command -v systemd-analyze >/dev/null || {
	echo "skipped: no systemd-analyze"
	exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unit=$folder/wd40d.service
sed "s#^ExecStart=[^ ]*#ExecStart=$2#" "$1" >"$unit"

complaints=$(systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>&1) || {
	echo "$complaints"
	exit 1
}
if [ -n "$complaints" ]; then
	echo "$complaints"
	exit 1
fi
systemd-analyze security --offline=true --no-pager "$unit" >"$folder/report" || :
grep '✗' "$folder/report" || :
grep 'Overall exposure level' "$folder/report"
systemd-analyze security --offline=true --no-pager --threshold=$LIMIT "$unit" >/dev/null
