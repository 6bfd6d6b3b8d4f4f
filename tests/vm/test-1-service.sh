# shellcheck shell=bash
# The service: starts, shows its state, reloads, is killed, stops.

test_service_starts_and_schedules() {
	local before
	systemctl stop wd40d
	before=$(enable_seq)
	start_service
	equal "ops" wd40 "$(cat $SCX/root/ops)"
	equal "enable_seq" $((before + 1)) "$(enable_seq)"
	equal "State" '"attached"' "$(property State)"
	equal "EnableSequence" "$(enable_seq)" "$(property EnableSequence)"
	equal "OpsName" '"wd40"' "$(property OpsName)"
	systemctl status wd40d --no-pager | grep -q 'Status: "attached: ' || fail "no status text"
	[[ $(systemctl show -P Type wd40d) == notify-reload ]] || fail "not Type=notify-reload"
}

test_service_probe_names_every_requirement() {
	wd40d --probe | tee /dev/stderr | grep -q 'kernel functions'
	! wd40d --probe | grep -q '^MISSING'
}

test_service_runs_sandboxed() {
	local pid
	pid=$(main_pid)
	equal "NoNewPrivs" 1 "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$pid/status")"
	systemd-analyze security wd40d --no-pager | tail -n 1
	# In tenths: 4.0 is the most that is allowed.
	systemd-analyze security wd40d --no-pager --threshold=39 >/dev/null || fail "too exposed"
	! nsenter -t "$pid" -m -- touch /usr/wd40d-was-here 2>/dev/null || fail "/usr is writable"
}

test_service_log_level() {
	equal "at first" info "$(systemctl service-log-level wd40d)"
	systemctl service-log-level wd40d debug
	equal "set" debug "$(systemctl service-log-level wd40d)"
	! systemctl service-log-level wd40d loud 2>/dev/null || fail "loud is a level"
	systemctl service-log-level wd40d info
}

# Off until the administrator wants it, also for who asks for it on the bus.
test_service_is_started_by_the_bus_only_where_enabled() {
	local state
	activated() {
		busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus \
			StartServiceByName su org.scx.Wd40 0
	}
	systemctl preset wd40d 2>/dev/null
	equal "by preset" disabled "$(systemctl is-enabled wd40d || :)"
	systemctl stop wd40d
	! activated >/dev/null 2>&1 || fail "started, though not enabled"
	state=$(systemctl is-active wd40d || :)
	equal "state" inactive "$state"
	systemctl enable wd40d 2>/dev/null
	# The bus answers when the name is there, or gives up before a slow machine has attached.
	activated >/dev/null 2>&1 || :
	wait_for "scheduler" state_is enabled
	wait_for "bus name" property State
	systemctl disable wd40d 2>/dev/null
}

test_service_reloads_files() {
	mkdir -p /etc/wd40d/wd40d.ini.d
	printf '[wd40d]\nslice-us-underutil = 7000\n' >/etc/wd40d/wd40d.ini.d/50-vm.ini
	systemctl reload wd40d
	equal "after the reload" 7000 "$(property SliceUnderutilUSec)"
	rm /etc/wd40d/wd40d.ini.d/50-vm.ini
	systemctl reload wd40d
	equal "after its removal" 20000 "$(property SliceUnderutilUSec)"
}

test_service_survives_bad_configuration() {
	mkdir -p /etc/wd40d/wd40d.ini.d
	printf '[wd40d]\nslice-us-underutil = soon\ngreedy-threshold = 3\nno-such-key = 1\n' \
		>/etc/wd40d/wd40d.ini.d/50-vm.ini
	systemctl reload wd40d
	equal "bad value keeps the layer below" 20000 "$(property SliceUnderutilUSec)"
	equal "good value counts" 3 "$(property GreedyThreshold)"
	journalctl -u wd40d --no-pager -o cat | grep -q '50-vm.ini:2.*slice-us-underutil' ||
		fail "the journal does not name file, line and key"
	! wd40d --check >/dev/null || fail "--check passes a bad file"
	rm /etc/wd40d/wd40d.ini.d/50-vm.ini
	systemctl reload wd40d
	equal "back" 1 "$(property GreedyThreshold)"
}

# The kernel takes every task back at once; systemd brings the daemon, which attaches again.
test_service_killed_under_load() {
	local old_pid old_seq first
	restarted() { [[ $(main_pid) != 0 && $(main_pid) != "$1" ]]; }
	reattached() { state_is enabled && (($(enable_seq) == $1 + 1)); }
	hog
	first=$HOG
	stress-ng --quiet --cpu 2 --switch 2 --timeout 600 &
	local load=$!
	old_pid=$(main_pid)
	old_seq=$(enable_seq)
	kill -KILL "$old_pid"
	progresses "$first"
	wait_for "new daemon" restarted "$old_pid"
	wait_for "new attach" reattached "$old_seq"
	progresses "$first"
	kill "$load"
	wait "$load" || :
	kill_hogs
	wait_for "bus name" property State
	equal "State" '"attached"' "$(property State)"
}

# SysRq-S makes the kernel end any BPF scheduler; the administrator meant it, so wd40d stays off.
test_service_notices_the_kernels_verdict() {
	echo S >/proc/sysrq-trigger
	wait_for "state" state_is disabled
	wait_for "notice" property_is State '"detached"'
	[[ $(property LastExit) == '"sysrq"'* ]] || fail "LastExit is $(property LastExit)"
	dmesg | grep -E 'sched_ext: BPF scheduler "wd40" disabled' | tail -n 1
	journalctl -u wd40d -n 3 --no-pager -o short-monotonic
	systemctl restart wd40d
	wait_for "scheduler" state_is enabled
	wait_for "bus name" property State
}

test_service_refuses_beside_another_scheduler() {
	systemctl stop wd40d
	/lab/build/tests/bpf/tiny 600 >/run/tiny.log &
	local tiny=$! status
	tiny_runs() { [[ $(cat $SCX/root/ops 2>/dev/null) == wd40_tiny ]]; }
	wait_for "tiny" tiny_runs
	! systemctl start wd40d || fail "started beside another scheduler"
	status=$(systemctl show -P ExecMainStatus wd40d)
	equal "exit status" 75 "$status"
	journalctl -u wd40d -n 10 --no-pager -o cat | grep -q 'another scheduler' || fail "no reason given"
	kill -TERM "$tiny"
	wait "$tiny"
	systemctl reset-failed wd40d
	start_service
}
