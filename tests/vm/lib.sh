# shellcheck shell=bash
# What the tests in the guest share. A test is a function test_NAME; it fails by a command that fails
# (they run under set -e), and skips by calling skip with a reason.

BUS=(org.scx.Wd40 /org/scx/Wd40)
SCX=/sys/kernel/sched_ext
# Emulated machines are slow: the deadline of every wait, in seconds, is generous.
DEADLINE=${DEADLINE:-90}

fail() {
	echo "    $*" >&2
	return 1
}

skip() {
	echo "    $*"
	exit 77
}

# wait_for WHAT COMMAND...: until COMMAND succeeds; fails after the deadline.
wait_for() {
	local what=$1 end=$((SECONDS + DEADLINE))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || fail "no $what within $DEADLINE s" || return 1
		sleep 0.2
	done
}

equal() { [[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"; }

state_is() { [[ $(cat $SCX/state) == "$1" ]]; }
enable_seq() { cat $SCX/enable_seq; }
main_pid() { systemctl show -P MainPID wd40d; }

# property NAME [INTERFACE]: the value as busctl prints it, without the type.
property() {
	local value
	value=$(busctl get-property "${BUS[@]}" "${2:-org.scx.Wd40}" "$1") || return
	echo "${value#* }"
}
statistic() { property "$1" org.scx.Wd40.Statistics; }
dump() { /lab/build/tests/vm/dump; }
set_property() { busctl set-property "${BUS[@]}" org.scx.Wd40 "$@"; }
property_is() { [[ $(property "$1") == "$2" ]]; }

start_service() {
	systemctl start wd40d || fail "$(journalctl -u wd40d -n 20 --no-pager -o cat)"
	wait_for "scheduler" state_is enabled
	wait_for "bus name" property State
}

# Kernel messages that no test may cause.
kernel_is_clean() {
	local log
	log=$(dmesg)
	! grep -E 'BUG:|Oops|WARNING: .*CPU|sched_ext:.*(runtime error|stall)|rcu:.*stall' <<<"$log" ||
		fail "the kernel complains"
}

nr_online() { getconf _NPROCESSORS_ONLN; }

# hog [CPUS]: a busy loop in the background, allowed on CPUS; its pid is in $HOG. It returns when the
# loop runs: before that taskset may still set the affinity, over one that the test has set since.
declare -a HOGS=()
hog() {
	taskset -c "${1:-0-$(($(nproc --all) - 1))}" sh -c 'while :; do :; done' &
	HOG=$!
	HOGS+=("$HOG")
	is_hog() { [[ $(cat "/proc/$1/comm") == sh ]]; }
	wait_for "start of a hog" is_hog "$HOG"
}
kill_hogs() {
	((${#HOGS[@]})) || return 0
	kill -KILL "${HOGS[@]}" 2>/dev/null || :
	wait "${HOGS[@]}" 2>/dev/null || :
	HOGS=()
}

# CPU time of a process in clock ticks, user and system.
cpu_ticks() {
	local -a stat
	read -r -a stat <<<"$(sed 's/.*) //' "/proc/$1/stat")"
	echo $((stat[11] + stat[12]))
}
# Sum of the times a process was put off a CPU that it wanted to keep.
switches() { awk '/^nonvoluntary_ctxt_switches/ { print $2 }' "/proc/$1/status"; }

progresses() {
	local pid=$1 before
	before=$(cpu_ticks "$pid")
	has_more_ticks() { (($(cpu_ticks "$1") > $2 + 5)); }
	wait_for "progress of $pid" has_more_ticks "$pid" "$before"
}
