# shellcheck shell=bash
# wd40ctl with the real bus, polkit and scheduler.

MONITOR=/run/wd40ctl-monitor

monitor_has() { grep -q "$1" $MONITOR; }

# When the first event of that name was printed, in ms.
event_time() { sed -n "s/.*\"time_usec\": \([0-9]*\)[0-9]\{3\}, \"event\": \"$1\".*/\1/p" $MONITOR | head -n 1; }

# The issue's own example: back after 5 s, seen by monitor, and the journal says who, what and why.
test_client_takes_back_what_nobody_confirms() {
	local old log took
	start_service
	old=$(wd40ctl get --value slice-us-overutil)
	wd40ctl monitor --json >$MONITOR &
	local monitor=$!
	wait_for "monitor" monitor_has Monitoring
	wd40ctl set slice-us-overutil=5000 --for 5s --reason "to be forgotten"
	equal "on trial" 5000 "$(wd40ctl get --value slice-us-overutil)"
	wait_for "TunablesReverted" monitor_has TunablesReverted
	kill "$monitor"
	equal "taken back" "$old" "$(wd40ctl get --value slice-us-overutil)"
	cat $MONITOR
	took=$(($(event_time TunablesReverted) - $(event_time TunablesChanged)))
	((took >= 4900 && took < 15000)) || fail "taken back after $took ms"
	log=$(journalctl -u wd40d -o cat --no-pager)
	grep -E 'slice-us-overutil = 5000 us, by runtime, uid 0, .*to be forgotten' <<<"$log" || fail "the journal is silent: $log"
	grep 'is taken back: expired' <<<"$log" || fail "the journal does not say that it ended"
}

test_client_keeps_what_is_confirmed() {
	wd40ctl set greedy-threshold=2 --for 1min
	wd40ctl confirm
	equal "kept" 2 "$(wd40ctl get --value greedy-threshold)"
	wd40ctl reset greedy-threshold
	equal "reset" 1 "$(wd40ctl get --value greedy-threshold)"
}

test_client_reads_for_everybody() {
	local verb
	for verb in status get describe domains check permissions; do
		runuser -u nobody -- wd40ctl "$verb" >/dev/null || fail "nobody cannot $verb"
	done
	wd40ctl probe || fail "probe"
}

# The exit code is 4 without the rule, and 0 with it.
test_client_changes_for_whom_polkit_allows_it() {
	local code=0
	runuser -u nobody -- wd40ctl set greedy-threshold=3 || code=$?
	equal "exit code" 4 "$code"
	allow_nobody
	granted() { runuser -u nobody -- wd40ctl set greedy-threshold=3; }
	wait_for "permission by the rule" granted
	equal "set" 3 "$(wd40ctl get --value greedy-threshold)"
	wd40ctl describe greedy-threshold | grep 'runtime: nobody' || fail "describe does not say who"
	rm "$RULE"
	wd40ctl reset
}

test_client_attaches_anew() {
	local seq
	seq=$(enable_seq)
	wd40ctl reattach --reason test
	equal "enable_seq" $((seq + 1)) "$(enable_seq)"
	wd40ctl detach
	state_is disabled || fail "still attached"
	! wd40ctl status || fail "status says that all is well"
	wd40ctl attach
	state_is enabled || fail "not attached"
}

# It is an error of its own when there is no daemon, and none is started by asking.
test_client_starts_no_daemon() {
	local code=0
	systemctl stop wd40d
	wd40ctl status || code=$?
	equal "exit code" 3 "$code"
	! systemctl is-active --quiet wd40d || fail "it was started"
	wd40ctl check
	systemctl start wd40d
}
