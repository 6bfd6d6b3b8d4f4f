# shellcheck shell=bash
# What every piece of the lab uses: messages, locks, and running things so that nothing is left behind.

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}

usage_error() {
	say "$* (see tests/lab --help)"
	exit 2
}

# Things to undo when the script ends in whatever way; run last first.
declare -a CLEANUPS=()

on_exit() { CLEANUPS+=("$*"); }

run_cleanups() {
	local i
	for ((i = ${#CLEANUPS[@]} - 1; i >= 0; i--)); do
		eval "${CLEANUPS[i]}" || :
	done
	CLEANUPS=()
}

# Children of the lab that must not outlive it.
declare -a CHILDREN=()

kill_children() {
	local pid
	for pid in "${CHILDREN[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	for pid in "${CHILDREN[@]}"; do
		wait "$pid" 2>/dev/null || :
	done
	CHILDREN=()
}

install_traps() {
	on_exit kill_children
	trap run_cleanups EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# Start a command in the background so that it dies with this script, even by SIGKILL, and so that it takes Ctrl-C (bash
# starts background commands with SIGINT ignored). Its pid is in $CHILD.
start_child() {
	env --default-signal=INT,QUIT setpriv --pdeathsig KILL -- "$@" <&0 &
	CHILD=$!
	CHILDREN+=("$CHILD")
}

wait_child() {
	local pid=$1 status=0 other
	local -a left=()
	wait "$pid" || status=$?
	for other in "${CHILDREN[@]}"; do
		[[ $other == "$pid" ]] || left+=("$other")
	done
	CHILDREN=("${left[@]}")
	return "$status"
}

kill_child() {
	kill -KILL "$1" 2>/dev/null || :
	wait_child "$1" 2>/dev/null || :
}

# Run a function of the lab, with its arguments, as pid 1 of fresh mount and pid namespaces. Whatever it mounts or starts goes
# with the namespaces, so there is no undoing to get wrong.
start_in_namespace() {
	start_child unshare --mount --pid --fork --kill-child --mount-proc "$BASH" "$LAB_SCRIPT" --in-namespace "$@"
}

in_namespace() {
	start_in_namespace "$@"
	wait_child "$CHILD"
}

# sleep(1) would outlive a subshell that is killed.
pause() {
	local never
	exec {never}<> <(:)
	read -r -t "$1" -u "$never" || :
	exec {never}>&-
}

# Say every ten seconds that work goes on.
ticker_start() {
	local what=$1 from=$SECONDS
	(
		trap - EXIT
		while pause 10; do
			say "still $what ($((SECONDS - from)) s)"
		done
	) &
	TICKER=$!
	CHILDREN+=("$TICKER")
}

ticker_stop() { kill_child "$TICKER"; }

# Hold an exclusive lock on a name in the cache until the script ends or unlock is called; says so when it has to wait.
lock() {
	local name=$1
	local -n lock_fd=$2
	exec {lock_fd}>>"$LAB_CACHE/$name.lock"
	flock --nonblock "$lock_fd" && return
	say "another lab holds $name, waiting"
	flock "$lock_fd"
}

unlock() {
	local -n unlock_fd=$1
	exec {unlock_fd}>&-
}

# Debian packages that the lab needs on the machine itself.
need_tool() {
	local tool=$1 package=$2
	command -v "$tool" >/dev/null && return
	say "installing $package on this machine"
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >&2
}
