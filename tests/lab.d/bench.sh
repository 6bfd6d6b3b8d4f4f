#!/usr/bin/env bash
# tests/lab bench [OPTION...]: the same loads under several schedulers in one boot of the counted machine, interleaved, and
# what came of it as JSON, Markdown and plot. What is measured is in tests/bench/counted; here are the guests.
set -euo pipefail
lab=${LAB_SCRIPT:?run it by tests/lab bench}
# shellcheck source=tests/lab.d/common.sh
. "$LAB_PIECES/common.sh"

COUNTED=tests/bench/counted
GUEST_TIMEOUT_S=14400
STALLED_S=900 # without a result for so long, a guest hangs: counted mode does that now and then
GUESTS_MAX=3 # one after the other, each where the last one hung

size=full topology=smp4 kernel=backports rounds='' loads='' json='' old='' preempt=()
schedulers=(eevdf= wd40=wd40d)
command="tests/lab bench$(printf ' %q' "$@")"

# add_scheduler NAME=COMMAND
add_scheduler() {
	[[ $1 =~ ^[a-z][a-z0-9_.-]*=. ]] || usage_error "bench: $1: not NAME=..., with a name of a-z, 0-9, _, . and -"
	schedulers+=("$1")
}

# add_settings NAME='KEY=VALUE ...': wd40 with these options
add_settings() {
	local setting options=''
	for setting in ${1#*=}; do options+=" --$setting"; done
	add_scheduler "${1%%=*}=wd40d$options"
}

parse_options() {
	while (($#)); do
		case $1 in
		--quick)
			size=quick
			shift
			continue
			;;
		esac
		(($# > 1)) || usage_error "bench: $1 is unknown or needs a value"
		case $1 in
		--topology) topology=$2 ;;
		--kernel) kernel=$2 ;;
		--rounds) rounds=$2 ;;
		--loads) loads=$2 ;;
		--json) json=$2 ;;
		--compare) old=$2 ;;
		--peer) add_scheduler "$2" ;;
		--settings) add_settings "$2" ;;
		--preempt) preempt+=("$2") ;;
		*) usage_error "bench: unknown option $1" ;;
		esac
		shift 2
	done
	[[ ! $rounds ]] || [[ $rounds =~ ^[1-9][0-9]*$ ]] || usage_error "bench: --rounds $rounds: not a number above 0"
	[[ ! $old || -r $old ]] || usage_error "bench: --compare $old: cannot be read"
	: "${rounds:=$(sed -nE "s/^ROUNDS = .*\"$size\": ([0-9]+).*/\1/p" "$LAB_SOURCE/$COUNTED/loads.py")}"
	: "${json:=$LAB_CACHE/bench/$(date +%Y%m%d-%H%M%S)-$topology.json}"
}

# Ends the guest when it has had nothing to say for too long.
watch_guest() {
	local guest=$1 journal=$2
	while kill -0 "$guest" 2>/dev/null; do
		pause 5
		(($(date +%s) - $(stat -c %Y "$journal") < STALLED_S)) || {
			say "nothing from the guest for $STALLED_S s: ending it"
			kill "$guest"
			touch "$journal"
		}
	done
}

# boot FOLDER KERNEL-WORDS SCHEDULER...: measures in one guest; in another one what is left when it hangs.
boot() {
	local share=$1 words=$2 guest status try
	shift 2
	mkdir "$share"
	touch "$share/journal"
	for ((try = 1; try <= GUESTS_MAX; try++)); do
		touch "$share/journal"
		# should this script be killed, the guest goes with it
		setpriv --pdeathsig TERM "$lab" vm --no-build --counted --boot minimal --kernel "$kernel" --topology "$topology" \
			--append "$words" --timeout "$GUEST_TIMEOUT_S" --share "$share" \
			-- "/lab/src/$COUNTED/run" "$size" "$rounds" "$loads" "$@" &
		guest=$!
		watch_guest "$guest" "$share/journal"
		status=0
		wait "$guest" || status=$?
		case $status in
		0 | 2) return "$status" ;; # 2: there is no such guest
		*) say "the guest failed, try $try of $GUESTS_MAX" ;;
		esac
	done
	return 1
}

# What is measured: the commit, and whether the tree differs from it.
commit() {
	git -C "$LAB_SOURCE" describe --always --abbrev=40 --dirty=' and changes'
}

# The result of what is in $folder; fails when a load was given up. A subshell would not know the children's CPU time.
collect() {
	local cpu_s
	times >"$folder/times"
	cpu_s=$(awk 'NR == 2 { gsub(/[ms]/, " "); print int($1 * 60 + $2 + $3 * 60 + $4) }' "$folder/times")
	"$lab" run -- "$LAB_SOURCE/$COUNTED/report" collect "$folder" topology="$topology" size="$size" rounds="$rounds" \
		commit="$commit" command="$command" real_s="$SECONDS" cpu_s="$cpu_s" "${schedulers[@]/#/scheduler:}"
}

keep() {
	local base=${json%.json}
	mkdir -p "$(dirname "$json")"
	cp "$folder/result.json" "$base.json"
	cp "$folder/result.md" "$base.md"
	cp "$folder/result.svg" "$base.svg"
	say "kept: $base.json, and the same as .md and .svg"
}

compare() {
	cp "$old" "$folder/old.json"
	"$lab" run -- "$LAB_SOURCE/$COUNTED/report" compare "$folder/old.json" "$folder/result.json"
}

parse_options "$@"
commit=$(commit)
"$lab" build release
folder=$(mktemp -d)
trap 'jobs -p | xargs -r kill 2>/dev/null; wait; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
boot "$folder/boot" '' "${schedulers[@]}"
for mode in "${preempt[@]}"; do
	boot "$folder/boot-$mode" "preempt=$mode" "eevdf-$mode="
	schedulers+=("eevdf-$mode=")
done
status=0
collect || status=1
keep
[[ ! $old ]] || compare || status=1
exit "$status"
