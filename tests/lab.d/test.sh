#!/usr/bin/env bash
# tests/lab test [GROUP...]: builds, runs the groups (all but cross-check by default) and sums up.
#   unit check bus sim   in the Debian tree, debug build with ASan and UBSan (ctest labels)
#   fuzz             likewise: the fuzzers' corpora, and a while of inputs made from them
#   bench            what the daemon costs, release build
#   attack           floods of every kind on a system bus, by both bus daemons; release build
#   vm               the installed service in guests: every kernel on every topology below
#   cross-check      the simulator against guests, task by task
# A line per test, and at the end "N passed, N failed, N skipped".
set -uo pipefail
lab=${LAB_SCRIPT:?run it by tests/lab test}
here=$(dirname "$(readlink -f "$0")")

CTEST_GROUPS=(unit check bus sim fuzz)
DEFAULT_GROUPS=("${CTEST_GROUPS[@]}" attack bench vm)
ALL_GROUPS=("${DEFAULT_GROUPS[@]}" cross-check) # which measures, for minutes: asked for by name
TOPOLOGIES=(uni smp4 numa2x2)
VM_TIMEOUT_S=1800
VM_AT_ONCE=1 # an emulated guest keeps two cores busy; one that starves looks like a stall
KERNELS_MIN=2 # fewer were found: the list is broken

passed=0 failed=0 skipped=0
logs=$(mktemp -d)
trap 'jobs -p | xargs -r kill 2>/dev/null; wait; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

# Adds the sums of a log's last line "N passed, N failed, N skipped".
add_sums() {
	local line
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)? ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
	else
		echo "FAIL $2: it ended without a sum"
		failed=$((failed + 1))
	fi
}

# The hosts that this machine gets its packages from: no file may name one.
mirror_hosts() {
	# shellcheck disable=SC2016 # apt's own notation
	apt-get indextargets --format '$(SITE)' 2>/dev/null | sed -n 's|^[a-z]*://\([^/:]*\).*|\1|p' | sort -u
}

# One ctest label, of the debug build unless told otherwise; further arguments are ctest's.
run_ctest() {
	local group=$1 preset=${2:-debug} log=$logs/ctest-$1 dir total bad
	shift $(($# < 2 ? $# : 2))
	dir=$("$lab" build "$preset" 2>&1 | tee >(cat >&2) | sed -n 's/.* is built in //p') || return 1
	[[ $dir ]] || return 1
	"$lab" run -- env WD40D_MIRROR_HOSTS="$(mirror_hosts)" ctest --test-dir "$dir" -L "^$group\$" --output-on-failure --no-tests=error \
		--timeout 600 "$@" | tee "$log"
	total=$(sed -nE 's/.* tests failed out of ([0-9]+)$/\1/p' "$log")
	bad=$(sed -nE 's/.*, ([0-9]+) tests failed out of.*/\1/p' "$log")
	local left_out
	left_out=$(grep -c '\*\*\*Skipped' "$log")
	[[ $total ]] || return 1
	echo "$((total - bad - left_out)) passed, $bad failed, $left_out skipped" >>"$log"
	add_sums "$log" "$group"
}

# A guest with its log. Emulation of several CPUs on several threads may run an instruction that another
# CPU is patching, as attaching a scheduler does: the guest's kernel then dies of its own breakpoint. That
# one end of a guest, which says nothing of wd40d, is not counted: once more.
run_vm() {
	local kernel=$1 topology=$2 log=$logs/$1-$2 status try
	for try in 1 2 3; do
		: >"$log.console"
		# should this script be killed, the guest goes with it
		setpriv --pdeathsig TERM "$lab" vm --no-build --kernel "$kernel" --topology "$topology" --timeout "$VM_TIMEOUT_S" \
			--console "$log.console" -- /lab/src/tests/vm/run >"$log" 2>&1
		status=$?
		((status)) && grep -q 'Oops: int3' "$log.console" || return "$status"
		echo "guest $kernel $topology: the emulator garbled code that was patched (Oops: int3), try $try"
	done
	return "$status"
}

# All guests, a few at a time; each one's output in one piece when it has ended.
run_vms() {
	local kernel topology job
	local -a jobs=() kernels
	"$lab" build release || return 1
	mapfile -t kernels < <("$lab" kernels | awk '{ print $1 }')
	((${#kernels[@]} >= KERNELS_MIN)) || return 1
	for kernel in "${kernels[@]}"; do
		for topology in "${TOPOLOGIES[@]}"; do jobs+=("$kernel $topology"); done
	done
	for job in "${jobs[@]}"; do
		while (($(jobs -rp | wc -l) >= VM_AT_ONCE)); do wait -n; done
		echo "guest $job starts"
		# shellcheck disable=SC2086
		{
			run_vm $job || echo "guest $job: status $?" >>"$logs/failed-guests"
			echo "guest $job:"
			cat "$logs/${job/ /-}"
		} &
	done
	wait
	for job in "${jobs[@]}"; do add_sums "$logs/${job/ /-}" "guest $job"; done
	# a guest that ends badly has failed even if its tests have not
	[[ ! -s $logs/failed-guests ]] || { cat "$logs/failed-guests"; ((failed)) || failed=1; }
}

run_cross_check() {
	"$lab" cross-check 2>&1 | tee "$logs/cross-check"
	add_sums "$logs/cross-check" cross-check
}

run_group() {
	echo "== $1"
	case $1 in
	vm) run_vms ;;
	cross-check) run_cross_check ;;
	bench | attack) run_ctest "$1" release --verbose ;; # the figures are the point
	*) run_ctest "$1" ;;
	esac || {
		echo "FAIL $1: it could not be run"
		failed=$((failed + 1))
	}
}

groups=("$@")
((${#groups[@]})) || groups=("${DEFAULT_GROUPS[@]}")
for group in "${groups[@]}"; do
	if [[ " ${ALL_GROUPS[*]} " != *" $group "* ]]; then
		echo "lab: test: no group $group (there are: ${ALL_GROUPS[*]})" >&2
		exit 2
	fi
done
cd "$here/../.." || exit 1
for group in "${groups[@]}"; do run_group "$group"; done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
