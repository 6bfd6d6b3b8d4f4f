#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Checks that no file names the host that this machine gets its packages from: usage: hosts.sh ROOT
# Exits 77 (skipped) where apt knows of none.
set -eu

# tests/lab gives the hosts of the machine outside; its tree has no sources of its own.
hosts=${WD40D_MIRROR_HOSTS-}
[ "$hosts" ] || hosts=$(apt-get indextargets --format '$(SITE)' 2>/dev/null | sed -n 's|^[a-z]*://\([^/:]*\).*|\1|p' | sort -u)
[ "$hosts" ] || {
	echo "skipped: apt has no sources here"
	exit 77
}
if grep -rnIF --exclude-dir=.git --exclude-dir=build -e "$hosts" "$1"; then
	echo "these lines name a package mirror"
	exit 1
fi
