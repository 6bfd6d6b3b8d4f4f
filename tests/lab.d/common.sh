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

# Run a function of the lab beside this script.
start_function() { start_child "$BASH" "$LAB_SCRIPT" --call "$@"; }

# The same as pid 1 of fresh mount and pid namespaces. Whatever it mounts or starts goes with the namespaces, so there is no
# undoing to get wrong.
start_in_namespace() {
	start_child unshare --mount --pid --fork --kill-child --mount-proc -- "$BASH" "$LAB_SCRIPT" --call "$@"
}

in_namespace() {
	start_in_namespace "$@"
	wait_child "$CHILD"
}

# sleep(1) would outlive a function that is killed.
pause() {
	local never
	exec {never}<> <(:)
	read -r -t "$1" -u "$never" || :
	exec {never}>&-
}

say_still() {
	local what=$1
	while pause 10; do
		say "still $what ($SECONDS s)"
	done
}

# Run something that takes long in a namespace, saying what it is and every ten seconds that it goes on.
in_namespace_patiently() {
	local what=$1 from=$SECONDS status=0 ticker
	shift
	say "$what"
	start_function say_still "$what"
	ticker=$CHILD
	in_namespace "$@" >&2 || status=$?
	kill_child "$ticker"
	((status)) || say "$what: done in $((SECONDS - from)) s"
	return "$status"
}

# Locks on names in the cache, held until the script ends or unlock is called.
declare -A LOCKS=()

lock_open() {
	local fd
	exec {fd}>>"$LAB_CACHE/$1.lock"
	LOCKS[$1]=$fd
}

# For making something: nobody else may have it. Says so when it has to wait.
lock() {
	lock_open "$1"
	flock --nonblock "${LOCKS[$1]}" && return
	say "another lab has $1, waiting"
	flock "${LOCKS[$1]}"
}

# For using something: nobody removes or replaces it meanwhile.
hold() {
	[[ ! ${LOCKS[$1]-} ]] || return 0
	lock_open "$1"
	flock --shared "${LOCKS[$1]}"
}

# Get the lock only if it is free.
lock_if_free() {
	lock_open "$1"
	flock --nonblock "${LOCKS[$1]}" && return
	unlock "$1"
	return 1
}

# Children may have inherited the descriptor, so closing it would not do.
unlock() {
	local fd=${LOCKS[$1]}
	flock --unlock "$fd"
	exec {fd}>&-
	unset "LOCKS[$1]"
}

# A folder in the cache that is gone when the script ends, in $TEMP. What is to stay is made in it and renamed into place.
make_temp() {
	TEMP=$(mktemp -d "$LAB_CACHE/tmp.$$.XXXXXX")
	on_exit "rm -rf --one-file-system '$TEMP'"
}

# What labs left that were killed so hard that they could not clean up, and what nobody will ask for any more.
sweep_temps() {
	local folder pid
	find "$LAB_CACHE" -maxdepth 2 -type f \( -name '*.console' -o -name 'init-*' \) -mtime +7 -delete
	for folder in "$LAB_CACHE"/tmp.*; do
		pid=${folder#"$LAB_CACHE"/tmp.}
		[[ -d $folder && ! -d /proc/${pid%%.*} ]] || continue
		rm -rf --one-file-system "$folder"
	done
}

# Remove what other versions of the lab left under a name that begins so, unless a lab still uses it.
remove_others() {
	local prefix=$1 keep=$2 old name
	for old in "$LAB_CACHE/$prefix"-*/; do
		old=${old%/}
		name=$(basename "$old")
		if [[ -d $old && $old != "$keep" ]] && lock_if_free "$name"; then
			rm -rf --one-file-system "$old"
			rm "$old.lock"
			unlock "$name"
		fi
	done
}

# Debian packages that the lab needs on the machine itself.
need_tool() {
	local tool=$1 package=$2
	! command -v "$tool" >/dev/null || return 0
	say "installing $package on this machine"
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >&2
}
