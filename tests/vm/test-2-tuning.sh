# shellcheck shell=bash
# Live re-tuning: takes effect in the next scheduling decision, without a detach.

test_tuning_is_live() {
	local seq generation
	seq=$(enable_seq)
	generation=$(property Generation)
	set_property SliceOverutilUSec t 2000
	equal "value" "t 2000" \
		"$(busctl get-property "${BUS[@]}" org.scx.Wd40 SliceOverutilUSec)"
	(($(property Generation) > generation)) || fail "the generation did not grow"
	equal "enable_seq" "$seq" "$(enable_seq)"
	set_property SliceOverutilUSec t 1000
}

test_tuning_refuses_bad_values() {
	local out
	! out=$(set_property SliceOverutilUSec t 5 2>&1) || fail "5 us was taken"
	[[ $out == *100*1000000* ]] || fail "the message does not give the range: $out"
	! set_property SliceOverutilUSec t 50000 2>/dev/null || fail "overutil > underutil was taken"
	! set_property GreedyThreshold u 5000 2>/dev/null || fail "5000 was taken"
	equal "unchanged" 1000 "$(property SliceOverutilUSec)"
}

# Two hogs on one CPU take turns once per slice: the rate at which one is put off the CPU follows the
# slice. Both slices are set, so that it does not matter which one the tuner has chosen.
switch_rate() {
	local before ticks
	before=$(switches "$1")
	ticks=$(cpu_ticks "$1")
	has_run() { (($(cpu_ticks "$1") >= $2 + 60)); }
	wait_for "60 ticks of $1" has_run "$1" "$ticks"
	echo $(((($(switches "$1") - before) * 1000) / ($(cpu_ticks "$1") - ticks)))
}

test_tuning_changes_the_slice() {
	local long short
	hog 0
	hog 0
	set_property SliceUnderutilUSec t 40000
	set_property SliceOverutilUSec t 40000
	long=$(switch_rate "$HOG")
	set_property SliceOverutilUSec t 2000
	set_property SliceUnderutilUSec t 2000
	short=$(switch_rate "$HOG")
	kill_hogs
	set_property SliceUnderutilUSec t 20000
	set_property SliceOverutilUSec t 1000
	echo "    switches per 1000 ticks of CPU time: $long at 40 ms, $short at 2 ms"
	((short > 2 * long)) || fail "the slice does not follow: $long, $short"
}

# Every live tunable away from its default and back, under load: nothing detaches, nothing stalls.
test_tuning_everything_under_load() {
	local seq change
	seq=$(enable_seq)
	stress-ng --quiet --cpu "$(nr_online)" --switch 2 --fork 1 --timeout 600 &
	local load=$!
	for change in 'SliceUnderutilUSec t 5000' 'SliceOverutilUSec t 500' 'BalanceIntervalUSec t 500000' \
		'TuneIntervalUSec t 20000' 'LoadHalfLifeUSec t 100000' 'GreedyThreshold u 4' \
		'GreedyThresholdXNuma u 1' 'LoadBalance b no' 'KthreadsLocal b yes' 'BalancedKworkers b yes' \
		'FifoSched b yes' 'DirectGreedyUnderPercent d 10' 'KickGreedyUnderPercent d 20' \
		'DirectGreedyNuma b yes' 'MempolicyAffinity b yes' 'PerfLevel u 512' \
		'FifoSched b no' 'FifoSched b yes' 'FifoSched b no' 'PerfLevel u 0' 'MempolicyAffinity b no' \
		'DirectGreedyNuma b no' 'KickGreedyUnderPercent d 100' 'DirectGreedyUnderPercent d 90' \
		'BalancedKworkers b no' 'KthreadsLocal b no' 'LoadBalance b yes' 'GreedyThresholdXNuma u 0' \
		'GreedyThreshold u 0' 'GreedyThreshold u 1' 'LoadHalfLifeUSec t 1000000' \
		'TuneIntervalUSec t 100000' 'BalanceIntervalUSec t 2000000' 'SliceOverutilUSec t 1000' \
		'SliceUnderutilUSec t 20000'; do
		# shellcheck disable=SC2086
		set_property $change || fail "$change was refused"
	done
	kill "$load"
	wait "$load" || :
	equal "enable_seq" "$seq" "$(enable_seq)"
	state_is enabled || fail "detached: $(property LastExit)"
}

test_tuning_marks_what_needs_a_reattach() {
	set_property CacheLevel u 2
	equal "PendingReattach" '1 "CacheLevel"' "$(property PendingReattach)"
	set_property CacheLevel u 3
	equal "PendingReattach" 0 "$(property PendingReattach)"
}
