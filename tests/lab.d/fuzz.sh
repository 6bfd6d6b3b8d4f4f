#!/usr/bin/env bash
# tests/lab fuzz [SECONDS [LIBFUZZER-OPTION...]]: fuzzes the simulator for a minute or as long as told, by clang with
# libFuzzer, ASan and UBSan. Starts from tests/fuzz/corpus and from what earlier runs of this checkout found; a violation ends
# it with a status other than 0, and its input is named in the output, besides the smaller run that shows the fault.
set -euo pipefail
lab=${LAB_SCRIPT:?run it by tests/lab fuzz}
for piece in common build; do
	# shellcheck source=/dev/null
	. "$LAB_PIECES/$piece.sh"
done

seconds=${1:-60}
shift $(($# < 1 ? $# : 1))
[[ $seconds =~ ^[1-9][0-9]*$ ]] || usage_error "fuzz: not a number of seconds: $seconds"

folder=$(build_folder fuzz)
mkdir -p "$folder/found"
# clang does not know where Debian has the headers of this architecture, which the BPF objects need
multiarch=$("$lab" run -- gcc -print-multiarch)
"$lab" run -- cmake -G Ninja -S "$LAB_SOURCE" -B "$folder/build" -DCMAKE_C_COMPILER=clang-19 -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	-DMULTIARCH="$multiarch" -DCMAKE_C_FLAGS= -DWD40D_SANITIZE=ON -DWD40D_FUZZ=ON >"$folder/configure.log"
"$lab" run -- cmake --build "$folder/build" --target fuzz-sim >&2
exec "$lab" run -- nice "$folder/build/tests/fuzz/fuzz-sim" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=4096 \
	-max_len=512 -len_control=0 -artifact_prefix="$folder/" "$@" "$folder/found" "$LAB_SOURCE/tests/fuzz/corpus"
