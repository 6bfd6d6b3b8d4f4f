#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The simulator's suite: every built-in machine with every generator of workloads, each pair with some
of the variants below, in turn, so that every machine and every workload meets every variant.

usage: suite.py SIM [--jobs N] [--first N] [--only WORD]

Prints PASS or FAIL and the command that repeats the run, and what the simulator said where it failed.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TIMEOUT_S = 120
RUNS_MIN = 200  # fewer were made: a list is broken

# Virtual time: scripts below need 200 ms, and shares are judged over 2 s in which nothing changes. Large
# machines have few tasks.
DURATIONS = {"uni": "7s", "smp4": "7s", "numa2x2": "5s", "desktop8": "5s", "sparse": "5s"}
DURATION_OF_OTHERS = "250ms"

LARGE = {"big512", "huge4096"}
FEW_TASKS = {
    "hogs": "tasks=600", "nice": "tasks=200", "weights": "tasks=200", "skew": "tasks=300", "periodic": "tasks=200",
    "pinned": "floaters=50", "chains": "chains=40", "servers": "clients=80,servers=40", "make": "jobs=60",
    "random": "tasks=150,alive=50",
}
# A storm for a person is a hurricane for a debug build.
CALMER = {"forks": "parents=2,alive=60,child_us=300", "random": "alive=60"}

VARIANTS = {
    "default": [],
    "short-slices": ["--set", "slice-us-underutil=2000", "--set", "slice-us-overutil=300",
                     "--set", "tune-interval=0.05"],
    "fifo": ["--set", "fifo-sched=yes"],
    "no-stealing": ["--set", "greedy-threshold=0"],
    "far-stealing": ["--set", "greedy-threshold=2", "--set", "greedy-threshold-x-numa=3",
                     "--set", "direct-greedy-numa=yes"],
    "lazy": ["--set", "direct-greedy-under=0", "--set", "kick-greedy-under=0"],
    "kernel-threads": ["--set", "kthreads-local=yes", "--set", "balanced-kworkers=yes",
                       "--set", "mempolicy-affinity=yes"],
    "small-domains": ["--set", "cache-level=1"],
    "preemption": ["--tick", "4ms", "--set", "wakeup-preemption=yes"],
    "re-tuned": ["--at", "20ms", "set:fifo-sched=yes", "--at", "60ms", "set:greedy-threshold=0",
                 "--at", "90ms", "set:fifo-sched=no,slice-us-overutil=400,slice-us-underutil=5000",
                 "--at", "120ms", "set:greedy-threshold=4,greedy-threshold-x-numa=8,load-half-life=0.1"],
    "hotplug": ["--at", "30ms", "offline:1,3,5", "--at", "70ms", "online:3", "--at", "100ms", "offline:2,6",
                "--at", "140ms", "online:1-7"],
    "occupied": ["--at", "10ms", "occupy:0-2:rt:30ms", "--at", "50ms", "occupy:1,4-6:irq:7ms",
                 "--at", "80ms", "frequency:0-1:300", "--at", "100ms", "occupy:0:rt:40ms",
                 "--set", "wakeup-preemption=yes"],
}
VARIANTS_OF_A_PAIR = 4

# More domains than wd40 has room for.
REPLACED = {("huge4096", "small-domains"): ["--set", "cpumasks=0-3;4-7;8-1023"]}


def names(sim):
    """The machines and workloads that the simulator lists."""
    text = subprocess.run([sim, "--list"], check=True, capture_output=True, text=True).stdout
    sections = dict(re.findall(r"^(\w+):\n((?:.+\n)+)", text, re.M))
    return [re.findall(r"^([\w-]+)", sections[section], re.M) for section in ("machines", "workloads")]


def ids(text):
    """The CPUs of a list like 0-3,8."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def cpus_of(sim, machine):
    text = subprocess.run([sim, "--topology", machine, "--print-topology"], check=True, capture_output=True,
                          text=True).stdout
    return {cpu for line in re.findall(r"^cpus (\S+)", text, re.M) for cpu in ids(line)}


def fitted(arguments, cpus):
    """Without the CPUs that the machine has not, which the simulator refuses, and actions on no others."""
    fit, left = [], iter(arguments)
    for argument in left:
        if argument != "--at":
            fit.append(argument)
            continue
        time_of, (act, target, *more) = next(left), next(left).split(":")
        if act != "set":
            target = ",".join(str(cpu) for cpu in ids(target) if cpu in cpus)
        if target:
            fit += ["--at", time_of, ":".join([act, target, *more])]
    return fit


def workload_of(machine, workload):
    keys = CALMER.get(workload)
    if machine in LARGE:
        keys = FEW_TASKS.get(workload, keys)
    return f"{workload}:{keys}" if keys else workload


def runs(sim):
    """Argument lists, one a run; seeds differ so that chance does, too."""
    machines, workloads = names(sim)
    variants = list(VARIANTS.items())
    seed = 0
    for i, machine in enumerate(machines):
        cpus = cpus_of(sim, machine)
        for j, workload in enumerate(workloads):
            for k in range(VARIANTS_OF_A_PAIR):
                seed += 1
                variant, arguments = variants[(VARIANTS_OF_A_PAIR * (i + j) + k) % len(variants)]
                yield ["--topology", machine, "--workload", workload_of(machine, workload), "--duration",
                       DURATIONS.get(machine, DURATION_OF_OTHERS), "--seed", str(seed),
                       *fitted(REPLACED.get((machine, variant), arguments), cpus)]


def run(sim, arguments):
    """Whether it passed, how long it took, and what was said."""
    begin = time.monotonic()
    try:
        done = subprocess.run([sim, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, errors="replace", timeout=TIMEOUT_S, check=False)
        passed, said = done.returncode == 0, done.stderr + f"status {done.returncode}"
    except subprocess.TimeoutExpired as expired:
        said = (expired.stderr or b"").decode(errors="replace")  # bytes in spite of text=True
        passed, said = False, said + f"no end after {TIMEOUT_S} s"
    return passed, time.monotonic() - begin, said


def report(arguments, passed, seconds, said):
    print(f"{'PASS' if passed else 'FAIL'} sim {shlex.join(arguments)}  # {seconds:.1f} s", flush=True)
    if not passed:
        print("".join(f"    {line}\n" for line in said.splitlines()[:60]), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sim")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--first", type=int, default=None, help="so many runs only")
    parser.add_argument("--only", default="", help="runs whose command has this word")
    options = parser.parse_args()
    wanted = [r for r in runs(options.sim) if options.only in shlex.join(r)][:options.first]
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for arguments, result in zip(wanted, pool.map(lambda r: run(options.sim, r), wanted)):
            report(arguments, *result)
            failed += not result[0]
    print(f"{len(wanted)} runs, {failed} failed")
    whole = not options.only and options.first is None
    return 1 if failed or not wanted or (whole and len(wanted) < RUNS_MIN) else 0


if __name__ == "__main__":
    sys.exit(main())
