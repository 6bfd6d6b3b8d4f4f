# shellcheck shell=bash
# The balancer, by what the daemon publishes: loads in CPUs as of its last round, and moves counted.
# Emulated CPUs are slow and so unequal that the times of tasks say little; loads are of the scheduler's
# own clock, and do not care.

# Fields of a domain in DomainLoads: id, node, load, capacity, imbalance in percent of the mean.
imbalances() {
	local -a words
	local i
	read -r -a words <<<"$(statistic DomainLoads)"
	for ((i = 5; i < ${#words[@]}; i += 5)); do echo "${words[i]}"; done
}
worst_imbalance() { imbalances | awk '{ v = $1 < 0 ? -$1 : $1; if (v > w) w = v } END { printf "%d\n", w + 0.999 }'; }

moves() { statistic Moves | grep -o "\"$1\" [0-9]*" | cut -d ' ' -f 2; }
rounds() { statistic BalanceRounds; }

# A domain for hogs to begin in, and all CPUs.
first_cpus() { daemon_domains | head -n 1 | cut -d ' ' -f 2- | tr ' ' ,; }
all_cpus() { echo "0-$(($(nproc --all) - 1))"; }

needs_domains() {
	start_service
	(($(daemon_domains | wc -l) > 1)) || skip "one domain has nothing to balance"
}

free_hogs() {
	local pid
	for pid in "${HOGS[@]}"; do taskset -pc "$(all_cpus)" "$pid" >/dev/null; done
}

bound_hogs() {
	local i
	for ((i = 0; i < $1; i++)); do hog "$(first_cpus)"; done
}

# quiet N: so many balance intervals in which nothing but the hogs runs. Who asks is a load as well, in an
# emulated guest as large as a hog; what it leaves has faded when the last of these rounds looks.
INTERVAL_S=2
# Two hogs a CPU are 4 a domain of numa2x2, each a quarter of its load; what else runs in the guest is
# nearly half a hog, and is in one domain. Up to half a hog from the mean no hog is in the wrong domain.
EVEN_PERCENT=12
quiet() { sleep $(($1 * INTERVAL_S)); }

# Looks every three rounds: even at one of the first N looks? What else an emulated guest runs, and who
# asks, may spoil one of them.
even_at_one_of() {
	local look worst
	for ((look = 1; look <= $1; look++)); do
		quiet 3
		worst=$(worst_imbalance)
		echo "    look $look: worst $worst %, $(moves requested) moves: $(statistic DomainLoads)"
		((worst > EVEN_PERCENT)) || return 0
	done
	return 1
}
passed_rounds() { (($(rounds) >= $1)); }

everything_is_answered() {
	local requested ended
	requested=$(moves requested)
	ended=$(($(moves applied) + $(moves stale) + $(moves withdrawn) + $(moves refused-affinity) +
		$(moves refused-domain) + $(moves refused-same)))
	((requested == ended + $(moves pending))) || fail "$(statistic Moves)"
	(($(moves pending) == 0))
}

# 16 equal hogs of one domain are set free: soon even, and then they stay: two moves a round are what the
# rest of an emulated guest makes.
test_balance_spreads_freed_hogs() {
	local before
	needs_domains
	start_plain
	bound_hogs $((2 * $(nr_online)))
	quiet 3
	echo "    bound: worst $(worst_imbalance) %, $(moves requested) moves"
	free_hogs
	even_at_one_of 4 || fail "not even"
	before=$(moves requested)
	quiet 12
	even_at_one_of 2 || fail "not even for long"
	(($(moves requested) - before <= 36)) || fail "they do not stay: $(statistic Moves)"
	kill_hogs
}

# Hogs of mixed weights come and go: each request is answered.
test_balance_answers_every_request() {
	local i
	needs_domains
	for ((i = 0; i < 24; i++)); do
		hog
		renice -n $((i % 5 * 4 - 5)) -p "${HOGS[-1]}" >/dev/null
		if ((i > 8 && i % 2)); then
			kill -KILL "${HOGS[0]}"
			HOGS=("${HOGS[@]:1}")
		fi
	done
	i=$(rounds)
	wait_for "five rounds" passed_rounds $((i + 5))
	kill_hogs
	wait_for "answers to all" everything_is_answered
	echo "    $(statistic Moves)"
	(($(moves requested) > 0)) || fail "nothing was asked for"
}

# Switched off the loads drift apart, on again together.
test_balance_off_and_on() {
	local before
	needs_domains
	set_property LoadBalance b no
	bound_hogs $((2 * $(nr_online)))
	free_hogs
	before=$(moves requested)
	quiet 3
	echo "    off: worst $(worst_imbalance) %"
	(($(worst_imbalance) > 50)) || fail "even without balancing: $(statistic DomainLoads)"
	(($(moves requested) == before)) || fail "moved while off"
	busctl call "${BUS[@]}" org.scx.Wd40.Statistics DryRunBalance | grep -q '^a(uuudds) [1-9]' ||
		fail "a dry run finds nothing to do"
	set_property LoadBalance b yes
	even_at_one_of 5 || fail "not even"
	kill_hogs
}

# Fault 22: hogs for a minute, then as many more. Nobody waits beyond the bound; the kernel's watchdog
# would say so at 30 s, and the guest is slow.
test_balance_late_hogs_starve_nobody() {
	local i early=() start
	start_service
	for ((i = 0; i < $(nr_online); i++)); do hog; done
	early=("${HOGS[@]}")
	start=$(rounds)
	wait_for "a minute of them" passed_rounds $((start + 30))
	for ((i = 0; i < $(nr_online); i++)); do hog; done
	for i in "${early[@]}"; do progresses "$i"; done
	kill_hogs
	state_is enabled || fail "ended: $(property LastExit)"
}
