# shellcheck shell=bash
# CPUs come and go under load: what tests of this folder and the command hotplug-storm share.

# No CPU may take longer to go or come, even in an emulated guest.
HOTPLUG_LIMIT_MS=5000

# When the hotplug under way began, in microseconds; 0: there is none.
HOTPLUG_SINCE=/run/hotplug-since

all_cpus() { echo "0-$(($(nproc --all) - 1))"; }

# Sets a CPU online (1) or offline (0); how long that took is in $TOOK_MS.
set_cpu_online() {
	local begin=${EPOCHREALTIME/./}
	echo "$begin" >$HOTPLUG_SINCE
	echo "$2" >"/sys/devices/system/cpu/cpu$1/online" || return
	echo 0 >$HOTPLUG_SINCE
	TOOK_MS=$(((${EPOCHREALTIME/./} - begin) / 1000))
}

all_cpus_online() {
	local cpu
	for ((cpu = 1; cpu < $(nproc --all); cpu++)); do set_cpu_online "$cpu" 1; done
}

# Threads of the kernel's that end grace periods, as pids.
grace_kthreads() { pgrep -x 'rcu_preempt|rcu_sched'; }

# RCU's thread lives in the domain of the CPUs $1 (FIRST-LAST), which then go, the first one last: the kernel
# waits for a grace period between making that one inactive and telling the scheduler of it.
last_cpus_of_a_domain_go() {
	local first=${1%-*} cpu kthread
	for kthread in $(grace_kthreads); do
		taskset -pc "$1" "$kthread" >/dev/null
		sleep 1 # it has run there when the grace periods of a second have passed
		taskset -pc "$(all_cpus)" "$kthread" >/dev/null
	done
	for ((cpu = ${1#*-}; cpu >= first; cpu--)); do
		set_cpu_online "$cpu" 0
		echo "    CPU $cpu offline: $TOOK_MS ms"
		((TOOK_MS <= HOTPLUG_LIMIT_MS)) || fail "CPU $cpu took $TOOK_MS ms to go offline"
	done
}

# A hog's affinity: a run of CPUs that has CPU 0 in it, which stays, so that the kernel never has to widen it.
confine_a_hog() {
	local pid=${HOGS[RANDOM % ${#HOGS[@]}]} last=$((RANDOM % $(nproc --all)))
	taskset -pc "0-$last" "$pid" >/dev/null
}

# Dumps the scheduler while a hotplug takes long, once: afterwards nobody can tell who waited for what. To be run as a
# real-time process, which nobody has to serve.
dump_slow_hotplug() {
	local since
	until read -r since <$HOTPLUG_SINCE && ((since && ${EPOCHREALTIME/./} - since > HOTPLUG_LIMIT_MS * 500)); do sleep 0.2; done
	echo 1 >/sys/kernel/tracing/events/sched_ext/sched_ext_dump/enable
	echo D >/proc/sysrq-trigger
	sed -n 's/.*sched_ext_dump: / | /p' /sys/kernel/tracing/trace
}

# hotplug_storm SEED COUNT: CPUs at random, but the first, go and come as fast as the kernel can, beside hogs
# that are confined at random.
hotplug_storm() {
	local watcher status=0
	echo 0 >$HOTPLUG_SINCE
	HOTPLUG_LIMIT_MS=$HOTPLUG_LIMIT_MS HOTPLUG_SINCE=$HOTPLUG_SINCE \
		chrt -f 50 bash -c "$(declare -f dump_slow_hotplug); dump_slow_hotplug" &
	watcher=$!
	set_cpus_at_random "$@" || status=$?
	kill "$watcher" 2>/dev/null || : # it has ended
	wait "$watcher" 2>/dev/null || :
	return "$status"
}

set_cpus_at_random() {
	local nr=$(($(nproc --all) - 1)) longest=0 sum=0 left cpu
	local -a online
	RANDOM=$1
	for ((cpu = 1; cpu <= nr; cpu++)); do online[cpu]=1; done
	for ((left = $2; left > 0; left--)); do
		cpu=$((1 + RANDOM % nr))
		((RANDOM % 4)) || confine_a_hog
		online[cpu]=$((!online[cpu]))
		set_cpu_online "$cpu" "${online[cpu]}" || fail "CPU $cpu cannot be set to ${online[cpu]}" || return 1
		sum=$((sum + TOOK_MS))
		((TOOK_MS <= longest)) || longest=$TOOK_MS
		((TOOK_MS <= HOTPLUG_LIMIT_MS)) ||
			fail "seed $1, $left left: CPU $cpu took $TOOK_MS ms to become ${online[cpu]}" || return 1
	done
	echo "    seed $1: $2 hotplugs, mean $((sum / $2)) ms, longest $longest ms"
}
