#!/usr/bin/env bash
# tests/lab cross-check: the same files of rt-app by the real rt-app under wd40d in guests of counted time, and in the
# simulator on the same machines; the CPU share of each task must agree (tests/sim/compare). Ends like tests/lab test with
# "N passed, N failed".
set -uo pipefail
lab=${LAB_SCRIPT:?run it by tests/lab cross-check}
source=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")

SETTLE_S=3 # as tests/vm/cross-check has it
WINDOW_S=18
TICK=4ms # CONFIG_HZ of Debian's kernels
VM_TIMEOUT_S=300

# Machine and files. Where more tasks than CPUs of different weights are spread over domains, shares depend on who was put
# where at first, which is chance in the guest: nice.json is for the machine of one domain.
RUNS=("smp4 nice periodic chain" "numa2x2 periodic chain")

# The guests' machines (tests/lab.d/qemu.sh) as the simulator takes them.
machine() {
	case $1 in
	smp4) echo 'cpus 0-3' ;;
	numa2x2) printf 'cpus %s threads 2 llc-cpus 2\n' '0-3 node 0' '4-7 node 1' ;;
	esac
}

passed=0 failed=0
count() {
	if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

measure() {
	local topology=$1
	shift
	"$lab" vm --no-build --counted --boot minimal --topology "$topology" --timeout "$VM_TIMEOUT_S" --share "$folder/$topology" \
		-- /lab/src/tests/vm/cross-check "$WINDOW_S" "${@/%/.json}"
}

simulate() {
	local topology=$1 file=$2
	"$lab" run -- "$build/tests/sim/sim" --topology "$folder/$topology.txt" --workload "$source/tests/sim/workloads/$file.json" \
		--duration "$((SETTLE_S + 2 * WINDOW_S))s" --tick "$TICK" --trace "$folder/trace.json" >"$folder/report.txt" ||
		cat "$folder/report.txt"
}

compare() {
	local topology=$1 file=$2
	echo "== $topology, $file.json"
	simulate "$topology" "$file" &&
		"$lab" run -- "$source/tests/sim/compare" "$folder/$topology/$file.json" "$folder/trace.json" "$SETTLE_S"
}

cross_check() {
	local topology=$1 file
	shift
	mkdir "$folder/$topology"
	machine "$topology" >"$folder/$topology.txt"
	# one run in about eight hangs for no known reason (counted mode)
	measure "$topology" "${@/#//lab/src/tests/sim/workloads/}" || {
		echo "the guest $topology failed: once more"
		measure "$topology" "${@/#//lab/src/tests/sim/workloads/}"
	} || failed=$((failed + 1))
	for file in "$@"; do count compare "$topology" "$file"; done
}

build=$("$lab" build release 2>&1 | tee >(cat >&2) | sed -n 's/.* is built in //p')
[[ $build ]] || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
for run in "${RUNS[@]}"; do
	read -ra words <<<"$run"
	cross_check "${words[@]}"
done
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
