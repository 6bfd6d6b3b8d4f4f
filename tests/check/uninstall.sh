#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Holds README's way to remove wd40d to what an installation leaves: usage: uninstall.sh CMAKE BUILD
set -eu

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
DESTDIR=$stage "$1" --install "$2" >/dev/null
test -x "$stage/usr/bin/wd40d"
sed "s#^#$stage#" "$2/install_manifest.txt" | xargs rm -f
rmdir "$stage/usr/lib/wd40d"
left=$(find "$stage" ! -type d -o -iname '*wd40*')
[ -z "$left" ] || {
	echo "left behind: $left"
	exit 1
}
