# shellcheck shell=bash
# The BPF programs by themselves, before the service runs. The same on every topology: one is enough.

test_programs_pass_the_verifier_within_budget() {
	[[ $LAB_TOPOLOGY == smp4 ]] || skip "programs do not depend on the topology: done on smp4"
	/lab/build/tests/bpf/verify /lab/src/tests/bpf/budget.txt /lab/build/bpf/wd40.bpf.o
}

# A second scheduler built from the same modules.
test_programs_make_a_second_scheduler() {
	local tiny
	runs() { [[ $(cat $SCX/root/ops 2>/dev/null) == wd40_tiny ]]; }
	/lab/build/tests/bpf/tiny 600 &
	tiny=$!
	wait_for "tiny" runs
	hog
	hog
	progresses "$HOG"
	kill_hogs
	hackbench -g 1 -l 20 >/dev/null
	runs || fail "it ended under load"
	kill -TERM "$tiny"
	wait "$tiny"
	wait_for "end of tiny" state_is disabled
}
