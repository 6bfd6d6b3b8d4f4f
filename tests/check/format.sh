#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Checks that all C of the project is as .clang-format says: usage: format.sh ROOT
# Exits 77 (skipped) without clang-format-19; other versions format otherwise.
set -eu

command -v clang-format-19 >/dev/null || {
	echo "skipped: no clang-format-19"
	exit 77
}
cd "$1"
status=0
for file in $(find bpf config ctl daemon dbus tests util -name '*.[ch]' 2>/dev/null | sort); do
	clang-format-19 --dry-run --Werror "$file" 2>/dev/null || {
		echo "clang-format-19 -i $file"
		status=1
	}
done
exit $status
