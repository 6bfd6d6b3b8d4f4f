#!/usr/bin/env bash
# tests/lab fuzz [TARGET] [SECONDS [LIBFUZZER-OPTION...]]: fuzzes a target (the simulator, unless told otherwise) for a minute or
# as long as told, by clang with libFuzzer, ASan and UBSan. Starts from tests/fuzz/corpus/TARGET and from what earlier runs of
# this checkout found; a violation ends it with a status other than 0, and its input is named in the output.
# tests/lab fuzz TARGET merge: adds to the corpus what has been found and covers more than the corpus does.
set -euo pipefail
lab=${LAB_SCRIPT:?run it by tests/lab fuzz}
for piece in common build; do
	# shellcheck source=/dev/null
	. "$LAB_PIECES/$piece.sh"
done

target=sim
if [[ ${1-} && ! $1 =~ ^[0-9] ]]; then
	target=$1
	shift
fi
targets=$(fuzz_targets | paste -sd ' ')
[[ " $targets " == *" $target "* ]] || usage_error "fuzz: no target $target (there are: $targets)"
seconds=${1:-60}
shift $(($# < 1 ? $# : 1))
[[ $seconds =~ ^([1-9][0-9]*|merge)$ ]] || usage_error "fuzz: not a number of seconds: $seconds"

folder=$(build_folder fuzz)
corpus=$LAB_SOURCE/tests/fuzz/corpus/$target
found=$folder/found/$target
options=(-artifact_prefix="$folder/$target-" -rss_limit_mb=4096)
case $target in
sim) options+=(-max_len=512 -len_control=0 -timeout=60) ;;
*) options+=(-max_len=4096 -timeout=10) ;;
esac
[[ ! -e $LAB_SOURCE/tests/fuzz/$target.dict ]] || options+=(-dict="$LAB_SOURCE/tests/fuzz/$target.dict")

mkdir -p "$found"
# clang does not know where Debian has the headers of this architecture, which the BPF objects need
multiarch=$("$lab" run -- gcc -print-multiarch)
"$lab" run -- cmake -G Ninja -S "$LAB_SOURCE" -B "$folder/build" -DCMAKE_C_COMPILER=clang-19 -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	-DMULTIARCH="$multiarch" -DCMAKE_C_FLAGS= -DWD40D_SANITIZE=ON -DWD40D_FUZZ=ON >"$folder/configure.log"
"$lab" run -- cmake --build "$folder/build" --target "fuzz-$target" >&2
program=$folder/build/tests/fuzz/fuzz-$target
if [[ $seconds == merge ]]; then
	exec "$lab" run -- nice "$program" "${options[@]}" -merge=1 "$@" "$corpus" "$found"
fi
exec "$lab" run -- nice "$program" "${options[@]}" -max_total_time="$seconds" "$@" "$found" "$corpus"
