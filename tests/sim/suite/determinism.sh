#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The same arguments give the same report and trace to the byte; another seed gives others.
# usage: determinism.sh SIM
set -eu
sim=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# run NAME ARGUMENT...: leaves NAME.json and NAME.trace
run() {
	name=$1
	shift
	"$sim" --json --trace "$folder/$name.trace" "$@" >"$folder/$name.json"
}

same() {
	run first "$@"
	run second "$@"
	cmp "$folder/first.json" "$folder/second.json"
	cmp "$folder/first.trace" "$folder/second.trace"
	echo "same: sim $*"
}

same --topology numa2x2 --workload random --duration 500ms --seed 7
same --topology sparse --workload random --duration 300ms --seed 8 --set fifo-sched=yes
same --topology laptop --workload random --duration 300ms --seed 9 --at 100ms offline:1,3 --at 150ms set:greedy-threshold=3 \
	--at 200ms online:1,3 --at 120ms occupy:0-2:rt:20ms
same --topology big512 --workload random --duration 50ms --seed 10
same --topology big16 --workload random --duration 300ms --seed 11 --scheduler global-vtime

run first --topology numa2x2 --workload random --duration 500ms --seed 1
run second --topology numa2x2 --workload random --duration 500ms --seed 2
if cmp -s "$folder/first.json" "$folder/second.json" || cmp -s "$folder/first.trace" "$folder/second.trace"; then
	echo "another seed makes no difference"
	exit 1
fi
echo "another seed is another run"
