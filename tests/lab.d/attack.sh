#!/usr/bin/env bash
# tests/lab attack [SECONDS [NAME...]]: tests/lab test attack, but by the bounds that are promised, which a busy machine does not
# keep; each attack lasts as long as told, and only those whose names contain one of the names. 0 seconds: as long as in the test.
set -euo pipefail
lab=${LAB_SCRIPT:?run it by tests/lab attack}
for piece in common build; do
	# shellcheck source=/dev/null
	. "$LAB_PIECES/$piece.sh"
done

ROOM_S=86400 # for all of them together, then something hangs
seconds=${1:-0}
shift $(($# < 1 ? $# : 1))
[[ $seconds =~ ^[0-9]+$ ]] || usage_error "attack: not a number of seconds: $seconds"

"$lab" build release
exec "$lab" run -- env WD40D_ATTACK_SECONDS="$seconds" WD40D_ATTACKS="$*" \
	ctest --test-dir "$(build_folder release)/build" -L '^attack$' --verbose --timeout "$ROOM_S"
