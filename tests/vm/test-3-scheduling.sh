# shellcheck shell=bash
# What the scheduler does with tasks and CPUs.

# CPUs of each group that shares the cache of level $1, and their node, from sysfs: "NODE CPUS".
sysfs_domains() {
	local cpu index node
	for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
		for index in "$cpu"/cache/index*; do
			[[ -e $index/level && $(cat "$index/level") == "$1" && $(cat "$index/type") != Instruction ]] ||
				continue
			node=$(compgen -G "$cpu/node*") || node=node0
			echo "${node##*node} $(cat "$index/shared_cpu_list")"
		done
	done | sort -u
}

# Expands "0-2,5" to "0 1 2 5".
expand() {
	local part
	for part in ${1//,/ }; do seq -s ' ' "${part%-*}" "${part#*-}"; done | paste -sd ' '
}

# The same from the daemon: Domains is a(uuau): count, then id, node, number of CPUs, CPUs.
daemon_domains() {
	local -a words
	local i=1 n cpus
	read -r -a words <<<"$(property Domains)"
	while ((i < ${#words[@]})); do
		n=${words[i + 2]}
		cpus="${words[*]:i+3:n}"
		echo "${words[i + 1]} $cpus"
		i=$((i + 3 + n))
	done | sort
}

expected_domains() {
	local node cpus
	while read -r node cpus; do echo "$node $(expand "$cpus")"; done < <(sysfs_domains "$1") | sort
}

start_with() {
	mkdir -p /etc/wd40d/wd40d.ini.d
	printf '[wd40d]\n%s\n' "$1" >/etc/wd40d/wd40d.ini.d/60-vm.ini
	systemctl restart wd40d
	wait_for "scheduler" state_is enabled
	wait_for "bus name" property State
}
start_plain() {
	rm -f /etc/wd40d/wd40d.ini.d/60-vm.ini
	systemctl restart wd40d
	wait_for "scheduler" state_is enabled
	wait_for "bus name" property State
}

test_domains_follow_the_caches() {
	equal "cache-level 3" "$(expected_domains 3)" "$(daemon_domains)"
	if [[ $LAB_TOPOLOGY == numa2x2 ]]; then
		equal "domains" 4 "$(daemon_domains | wc -l)"
		equal "domains of node 0" 2 "$(daemon_domains | grep -c '^0 ')"
		equal "domains of node 1" 2 "$(daemon_domains | grep -c '^1 ')"
	fi
	start_with 'cache-level = 2'
	equal "cache-level 2" "$(expected_domains 2)" "$(daemon_domains)"
	start_plain
}

test_domains_as_given() {
	local last
	last=$(($(nproc --all) - 1))
	((last > 0)) || skip "one CPU cannot be divided"
	start_with "cpumasks = \"0;1-$last\""
	equal "number" 2 "$(daemon_domains | wc -l)"
	daemon_domains | grep -qx '0 0' || fail "no domain of CPU 0 alone: $(daemon_domains)"
	start_plain
}

counters_sum() {
	local sum=0 name
	for name in DirectIdle PrevIdle Queued DispatchOwn Wsync; do sum=$((sum + $(statistic "$name"))); done
	echo "$sum"
}

test_load_runs_under_it() {
	local before
	before=$(counters_sum)
	hackbench -g 2 -l 20 >/dev/null
	stress-ng --quiet --cpu 2 --switch 2 --fork 2 --pipe 1 --timeout 60 --cpu-ops 200 --fork-ops 200
	cyclictest --quiet -t 2 -i 2000 -l 200 >/dev/null
	(($(counters_sum) > before + 100)) || fail "counters stand still"
	equal "TaskMissing" 0 "$(statistic TaskMissing)"
	equal "TaskAllocFailed" 0 "$(statistic TaskAllocFailed)"
	state_is enabled || fail "ended: $(property LastExit)"
}

# Prints the nodes and domains that the scx tools' socket tells of, and the events since it was asked before.
ask_stats_socket() {
	runuser -u nobody -- python3 -c '
import json, socket, time
s = socket.socket(socket.AF_UNIX)
s.connect("/var/run/scx/root/stats")
f = s.makefile("rw")
for _ in range(2):
    f.write(json.dumps({"req": "stats", "args": {"target": "top"}}) + "\n")
    f.flush()
    top = json.loads(f.readline())["args"]["resp"]
    time.sleep(1)
print(len(top["nodes"]), sum(len(n["doms"]) for n in top["nodes"].values()), int(top["total"] > 0))'
}

# metric NAME: the value of a line of OpenMetrics text on standard input.
metric() { grep "^$1 " | cut -d ' ' -f 2; }

test_statistics_leave_by_bus_and_socket() {
	local text
	hackbench -g 1 -l 20 >/dev/null
	text=$(runuser -u nobody -- wd40ctl stats --openmetrics)
	equal "end of the text" "# EOF" "$(tail -n 1 <<<"$text")"
	(($(metric wd40_run_delay_seconds_count <<<"$text") > 100)) || fail "no delays are counted: $text"
	(($(metric wd40_queue_wait_seconds_count <<<"$text") > 0)) || fail "no waits are counted: $text"
	equal "nodes, domains and whether anything happens on the socket" \
		"$(daemon_domains | cut -d ' ' -f 1 | sort -u | wc -l) $(daemon_domains | wc -l) 1" "$(ask_stats_socket)"
	systemctl stop wd40d
	[[ ! -e /run/scx/root/stats ]] || fail "the socket is left behind"
	start_plain
}

# The daemon's view of how busy the CPUs are, by what BPF counts: idle ones, of which most have not run
# anything since the attach; a half of them, in each node; all.
test_busy_share_is_what_the_cpus_do() {
	local cpu
	busy_from_to() {
		local busy
		busy=$(statistic CpuBusyPercent | cut -d . -f 1)
		((busy >= $1 && busy <= $2))
	}
	(($(nr_online) > 1)) || skip "one CPU has no half"
	start_plain
	wait_for "idle CPUs" busy_from_to 0 45
	for ((cpu = 0; cpu < $(nr_online); cpu += 2)); do hog "$cpu"; done
	wait_for "half of them busy" busy_from_to 50 80
	equal "Overutilized" false "$(statistic Overutilized)"
	for ((cpu = 1; cpu < $(nr_online); cpu += 2)); do hog "$cpu"; done
	wait_for "all busy" busy_from_to 97 100
	equal "Overutilized" true "$(statistic Overutilized)"
	kill_hogs
	wait_for "idle CPUs again" busy_from_to 0 45
}

# Share of the first of two hogs on CPU 0, in permille, after the second's start.
share_permille() {
	local a b a0 b0
	a0=$(cpu_ticks "$1")
	b0=$(cpu_ticks "$2")
	have_run() { (($(cpu_ticks "$1") + $(cpu_ticks "$2") >= $3)); }
	wait_for "400 ticks" have_run "$1" "$2" $((a0 + b0 + 400))
	a=$(($(cpu_ticks "$1") - a0))
	b=$(($(cpu_ticks "$2") - b0))
	echo $((1000 * a / (a + b)))
}

test_equal_hogs_share_equally() {
	local first share
	hog 0
	first=$HOG
	hog 0
	share=$(share_permille "$first" "$HOG")
	kill_hogs
	echo "    share of one of two equal hogs: $share permille"
	((share >= 440 && share <= 560)) || fail "not equal: $share permille"
}

# Nice 0 and nice 5 are weights 100 and 33 of sched_ext: 750 permille for the first.
test_weights_are_honoured() {
	local first share
	hog 0
	first=$HOG
	hog 0
	renice -n 5 -p "$HOG" >/dev/null
	share=$(share_permille "$first" "$HOG")
	kill_hogs
	echo "    share of nice 0 beside nice 5: $share permille, ideal 751"
	((share >= 690 && share <= 810)) || fail "weights are not honoured: $share permille"
}

# A hog bound to each CPU, and one that may run anywhere: nobody starves.
test_bound_hogs_starve_nobody() {
	local cpu
	for ((cpu = 0; cpu < $(nr_online); cpu++)); do hog "$cpu"; done
	hog
	progresses "$HOG"
	progresses "${HOGS[0]}"
	kill_hogs
}

# More hogs than CPUs, all born in one place: every one runs, whatever the domain (greedy stealing).
test_every_hog_runs() {
	local i pid
	for ((i = 0; i < 2 * $(nr_online); i++)); do hog; done
	for pid in "${HOGS[@]}"; do progresses "$pid"; done
	kill_hogs
	state_is enabled || fail "ended: $(property LastExit)"
}

# CPUs come and go under load without a detach; a domain may lose all of its CPUs.
test_hotplug_keeps_it_attached() {
	local seq cpu nr
	nr=$(nproc --all)
	((nr > 1)) || skip "one CPU cannot be taken away"
	seq=$(enable_seq)
	# at home on the last CPU and also allowed on the first, which does not serve that domain
	hog $((nr - 1))
	local straddler=$HOG
	taskset -pc "0,$((nr - 1))" "$straddler" >/dev/null
	hog
	stress-ng --quiet --cpu "$nr" --switch 1 --timeout 600 &
	local load=$!
	for ((cpu = nr - 1; cpu > 0 && cpu >= nr - 3; cpu--)); do echo 0 >"/sys/devices/system/cpu/cpu$cpu/online"; done
	progresses "$HOG"
	progresses "$straddler"
	told() { journalctl -u wd40d -n 5 --no-pager -o cat | grep -q "CPUs came or went: $1 of $nr are online"; }
	wait_for "notice of the daemon" told "$(nr_online)"
	for ((cpu++; cpu < nr; cpu++)); do echo 1 >"/sys/devices/system/cpu/cpu$cpu/online"; done
	progresses "$HOG"
	taskset -pc $((nr - 1)) "$HOG" >/dev/null
	progresses "$HOG"
	kill "$load"
	wait "$load" || :
	kill_hogs
	equal "enable_seq" "$seq" "$(enable_seq)"
	state_is enabled || fail "detached: $(property LastExit)"
}

# The kernel waits for a grace period before it says that a CPU goes; nobody may wait for that word.
test_the_last_cpu_of_a_domain_goes() {
	local seq i
	[[ $LAB_TOPOLOGY == numa2x2 ]] || skip "needs domains of two CPUs"
	seq=$(enable_seq)
	trap 'all_cpus_online; kill_hogs' EXIT
	for ((i = 0; i < 10; i++)); do hog; done
	last_cpus_of_a_domain_go 4-5
	all_cpus_online
	equal "enable_seq" "$seq" "$(enable_seq)"
	state_is enabled || fail "detached: $(property LastExit)"
}

# A short form of tests/vm/hotplug-storm.
test_a_storm_of_hotplugs() {
	local seq i
	(($(nproc --all) > 1)) || skip "one CPU cannot be taken away"
	seq=$(enable_seq)
	trap 'all_cpus_online; kill_hogs' EXIT
	for ((i = 0; i < $(nproc --all) + 2; i++)); do hog; done
	hotplug_storm 1 40
	all_cpus_online
	equal "enable_seq" "$seq" "$(enable_seq)"
	state_is enabled || fail "detached: $(property LastExit)"
}

# A task of the least weight beside hogs of the greatest that came after it: it is brought forward long
# before the kernel's watchdog, which ends a scheduler after 30 s, would act.
test_heavy_hogs_starve_nobody() {
	local light i
	hog 0
	light=$HOG
	for i in 1 2 3; do hog 0; done
	chrt --fifo --pid 1 "$BASHPID" # this shell would wait beside them too
	renice -n 19 -p "$light" >/dev/null
	renice -n -20 -p "${HOGS[@]:1}" >/dev/null
	progresses "$light"
	kill_hogs
	state_is enabled || fail "ended: $(property LastExit)"
}

# Affinity changes of a running task are obeyed at once.
test_affinity_is_obeyed() {
	local last
	last=$(($(nr_online) - 1))
	hog 0
	taskset -pc "$last" "$HOG" >/dev/null
	on_cpu() { [[ $(awk '{ print $39 }' <<<"x x $(sed 's/.*) //' "/proc/$1/stat")") == "$2" ]]; }
	wait_for "arrival on CPU $last" on_cpu "$HOG" "$last"
	progresses "$HOG"
	kill_hogs
}

# Short-lived tasks leave nothing behind: as many contexts as tasks, before and after.
test_forks_leak_nothing() {
	local before after
	before=$(statistic Tasks)
	stress-ng --quiet --fork 2 --fork-ops 3000 --timeout 600
	back() { (($(statistic Tasks) <= $1 + 8)); }
	wait_for "return of the contexts" back "$before"
	after=$(statistic Tasks)
	echo "    contexts before and after: $before, $after"
}
