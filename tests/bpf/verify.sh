#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# For the guest: has the running kernel verify the linked BPF objects, and holds its work to the budget.
# usage: verify.sh [BUILD [SOURCE]], by default the folders of the lab's guest
set -eu

build=${1:-/lab/build}
source=${2:-/lab/src}
echo "kernel $(uname -r)"
exec "$build/tests/bpf/verify" "$source/tests/bpf/budget.txt" "$build/bpf/wd40.bpf.o" "$build/tests/bpf/tiny.bpf.o"
