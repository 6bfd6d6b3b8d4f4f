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
	# In tenths: 1.0 is the most that is allowed.
	systemd-analyze security wd40d --no-pager --threshold=10 >/dev/null || fail "too exposed"
	! nsenter -t "$pid" -m -- touch /usr/wd40d-was-here 2>/dev/null || fail "/usr is writable"
}

test_service_log_level() {
	equal "at first" info "$(systemctl service-log-level wd40d)"
	systemctl service-log-level wd40d debug
	equal "set" debug "$(systemctl service-log-level wd40d)"
	! systemctl service-log-level wd40d loud 2>/dev/null || fail "loud is a level"
	systemctl service-log-level wd40d info
}

# started_by_name NAME: whether the bus starts the service of that name for an ordinary user.
started_by_name() {
	runuser -u nobody -- busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus \
		StartServiceByName su "$1" 0
}

# What was stopped stays stopped: no call to the bus starts it, enabled or not.
test_service_stays_stopped() {
	local said state
	systemctl preset wd40d 2>/dev/null
	equal "by preset" disabled "$(systemctl is-enabled wd40d || :)"
	systemctl enable wd40d 2>/dev/null
	systemctl stop wd40d
	! said=$(runuser -u nobody -- busctl get-property "${BUS[@]}" org.scx.Wd40 State 2>&1) || fail "it was started: $said"
	! started_by_name org.scx.Wd40 2>/dev/null || fail "it was started by its name"
	state=$(systemctl is-active wd40d || :)
	equal "state" inactive "$state"
	systemctl disable wd40d 2>/dev/null
	start_service
}

# stand_in UNIT COMMAND: another's unit, by that name.
stand_in() {
	printf '[Service]\nExecStart=%s\n' "$2" >"/run/systemd/system/$1"
	systemctl daemon-reload
}

# Whichever is started later stops the other, and does not begin before it has ended.
test_service_takes_turns_with_scx() {
	local state
	stand_in scx.service "/usr/bin/sleep infinity"
	systemctl start scx
	state=$(systemctl is-active wd40d || :)
	equal "wd40d" inactive "$state"
	start_service
	state=$(systemctl is-active scx || :)
	equal "scx" inactive "$state"
	[[ " $(systemctl show -P After wd40d) " == *" scx.service "* ]] || fail "it does not wait for the end of scx"
	rm /run/systemd/system/scx.service
	systemctl daemon-reload
}

# Everybody can have the bus start scx_loader, where it is installed. That must not be a way to stop wd40d.
test_service_outlives_a_loader_that_anybody_starts() {
	local activation=/usr/share/dbus-1/system-services/org.scx.Loader.service pid
	pid=$(main_pid)
	stand_in scx_loader.service "/usr/bin/sleep infinity"
	printf '[D-BUS Service]\nName=org.scx.Loader\nExec=/bin/false\nUser=root\nSystemdService=scx_loader.service\n' \
		>$activation
	busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
	started_by_name org.scx.Loader >/dev/null 2>&1 &
	wait_for "loader" systemctl is-active scx_loader
	equal "wd40d's process" "$pid" "$(main_pid)"
	systemctl stop scx_loader
	rm $activation /run/systemd/system/scx_loader.service
	busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
	systemctl daemon-reload
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
