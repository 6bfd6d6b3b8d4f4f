# SPDX-License-Identifier: GPL-2.0-only
"""The table of loads, and what each is measured by.

Commands are formatted with the fields of Machine.fields(): {cpus}, {twice} as many, {jobs} for make, {seconds}
of a load that lasts a given time, {amount} of one that does given work, {cache} and {cache_cpus}: the CPUs of
the first cache and their number.
"""
from dataclasses import dataclass

# How long, how much and how often, by the size of a run; any other size is as little as can be.
SECONDS = {"quick": 2, "full": 10}
IDLE_S = 10
SCALE = {"quick": 1, "full": 5}
ROUNDS = {"quick": 3, "full": 5}

BUILD = "/run/bench-build"
MAKE = f"make --silent --always-make --directory {BUILD} --jobs {{jobs}}"
MAKE_ON = f"sh -c 'while :; do {MAKE}; done'"
# every 2.3 ms: an interval of 2 ms would lock its phase with the tick's 4
CYCLIC = "cyclictest --quiet --threads 1 --interval 2300 --histogram 30000 --duration {seconds}"
FIFO = " --policy fifo --priority 80"


@dataclass(frozen=True)
class Figure:
    """One figure of a load. Counted: it repeats from run to run, so that a comparison can hold it; percentiles
    of few waits do not."""
    name: str
    unit: str
    better: str = "lower"
    counted: bool = True


SECONDS_TAKEN = (Figure("seconds", "s"),)
# switches in messaging: 474 in one boot, 1378 in another
TIMED = SECONDS_TAKEN + (Figure("context_switches", "", counted=False),)
ROUND_TRIP = (Figure("round_trip_us", "us"),)


def waits(name):
    return tuple(Figure(f"{name}_{part}_us", "us", counted=False) for part in ("p50", "p99", "max"))


# By cyclictest's own clock, and by the kernel's events.
WAKEUPS = waits("wakeup") + waits("waking")
DEADLINES = (Figure("missed_permille", "‰", counted=False),) + waits("response")


@dataclass(frozen=True)
class Load:
    """A command whose output has figures (parse says how to read it), with others beside it for its time.

    about: what it is, for who reads a result. amount: of work, in a quick run. traced: the name of the tasks whose
    wakeups are also traced, by waking, which costs them a little. caches: how many the machine must have. limit_s:
    of guest time; beyond it, it hangs."""
    name: str
    about: str
    command: str
    figures: tuple
    parse: str = "own"
    amount: int = 0
    beside: str = ""
    traced: str = ""
    caches: int = 1
    limit_s: int = 90


LOADS = (
    Load("hackbench-sockets", "4 groups of 20 processes that send to 20 others",
         "hackbench -g 4 -l {amount}", TIMED, "hackbench", 20),
    Load("hackbench-sockets-threads", "the same with threads",
         "hackbench -g 4 -l {amount} -T", TIMED, "hackbench", 20),
    Load("hackbench-pipes", "the same through pipes", "hackbench -g 4 -l {amount} -p", TIMED, "hackbench", 20),
    Load("hackbench-pipes-threads", "threads through pipes",
         "hackbench -g 4 -l {amount} -p -T", TIMED, "hackbench", 20),
    Load("pingpong-1", "a pair of processes that send a byte to and fro", "pingpong 1 {amount}", ROUND_TRIP, amount=6000),
    Load("pingpong-2", "2 pairs at once", "pingpong 2 {amount}", ROUND_TRIP, amount=3000),
    Load("pingpong-16", "16 pairs at once", "pingpong 16 {amount}", ROUND_TRIP, amount=400),
    Load("wakeup", "a task that wakes every 2.3 ms, beside a hog for each CPU",
         CYCLIC, WAKEUPS, "cyclictest", beside="hogs {cpus} 0", traced="cyclictest"),
    Load("wakeup-fifo", "the same as a real-time task: the floor",
         CYCLIC + FIFO, WAKEUPS, "cyclictest", beside="hogs {cpus} 0", traced="cyclictest"),
    Load("wakeup-one-cache", "the same bound to one of the caches, with a hog for each CPU there",
         "taskset -c {cache} " + CYCLIC, WAKEUPS, "cyclictest",
         beside="taskset -c {cache} hogs {cache_cpus} 0", traced="cyclictest", caches=2),
    Load("wakeup-one-cache-fifo", "and as a real-time task", "taskset -c {cache} " + CYCLIC + FIFO, WAKEUPS, "cyclictest",
         beside="taskset -c {cache} hogs {cache_cpus} 0", traced="cyclictest", caches=2),
    Load("requests", "2 servers, each with two workers for each CPU that compute 0.3 ms for each request",
         "requests 2 {twice} 300 {seconds}", (Figure("requests_per_s", "1/s", "higher"),) + WAKEUPS, traced="requests"),
    Load("make", "make -j of a small C file for each CPU and one more", MAKE, SECONDS_TAKEN, "elapsed"),
    Load("forks", "4 processes that start others, one after the other", "forks 4 {amount}", SECONDS_TAKEN, amount=60),
    Load("work", "two hogs for each CPU: what they compute", "hogs {twice} {seconds}", (Figure("work", "M", "higher"),)),
    Load("yield-hog", "a task that only yields, beside a hog on its CPU: what the hog computes",
         "yielders hog {seconds}", (Figure("work", "M", "higher"), Figure("kyields", "k", counted=False))),
    Load("yield-barrier", "two threads for each CPU that meet again and again, and yield while they wait",
         "yielders barrier {twice} {amount}", TIMED, amount=1000),
    Load("audio-make", "1 ms of work each 5 ms, beside make -j without end: deadlines missed, release to end",
         "periodic 5000 1000 {seconds}", DEADLINES + waits("waking"), beside=MAKE_ON, traced="periodic"),
    Load("audio-make-fifo", "the same as a real-time task: the floor", "periodic 5000 1000 {seconds} fifo", DEADLINES,
         beside=MAKE_ON),
    Load("interactive-make", "4 ms of work each 16.7 ms, beside nice make -j without end",
         "periodic 16700 4000 {seconds}", DEADLINES + waits("waking"), beside="nice -n 19 " + MAKE_ON, traced="periodic"),
    Load("idle", "10 s with nothing to do", "sleep {idle}",
         tuple(Figure(name, unit, counted=False) for name, unit in (
             ("busy_ms", "ms"), ("context_switches", ""), ("interrupts", ""), ("scheduler_ms", "ms"))), "elapsed"),
)


@dataclass(frozen=True)
class Machine:
    """cpus: how many; caches: a list of CPU numbers for each last-level cache."""
    cpus: int
    caches: tuple

    def fields(self, load, size):
        first = self.caches[0]
        return {
            "cpus": self.cpus, "twice": 2 * self.cpus, "jobs": self.cpus + 1,
            "seconds": SECONDS.get(size, 1), "amount": max(1, int(load.amount * SCALE.get(size, 0))),
            "idle": IDLE_S if size in SECONDS else 1, "cache": ",".join(map(str, first)), "cache_cpus": len(first),
        }


def warm_up_of(loads):
    """Enough of them that each program has been read."""
    return list({load.command.split()[0]: load for load in reversed(loads)}.values())


def loads_for(machine, pattern=""):
    """Those that the machine can show and whose name has a word of the pattern, "" for all."""
    words = [word for word in pattern.split(",") if word]
    return [load for load in LOADS
            if len(machine.caches) >= load.caches and (not words or any(word in load.name for word in words))]
