# shellcheck shell=bash
# Last: the kernel did not complain, and stopping gives everything back.

test_kernel_is_clean() { kernel_is_clean; }

test_stop_gives_everything_back() {
	local seq
	seq=$(enable_seq)
	hog
	systemctl stop wd40d
	equal "state" disabled "$(cat $SCX/state)"
	progresses "$HOG"
	kill_hogs
	equal "result" success "$(systemctl show -P Result wd40d)"
	equal "enable_seq" "$seq" "$(enable_seq)"
	kernel_is_clean
}
