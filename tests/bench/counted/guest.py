# SPDX-License-Identifier: GPL-2.0-only
"""What the bench reads and sets in its guest: CPUs and caches, the kernel's counters, schedulers."""
import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

from loads import BUILD, Machine

SHARE = Path("/lab/share")
BUILT = Path("/lab/build/tests/bench/counted")
# In memory: while a guest waits for its host, as for a shared folder, its counted clock leaps ahead.
PROGRAMS = Path("/run/bench")
NAMES = ("forks", "hogs", "periodic", "pingpong", "requests", "waking", "yielders")
SCX = Path("/sys/kernel/sched_ext")
CPUS = Path("/sys/devices/system/cpu")
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
BPF_STATS = Path("/proc/sys/kernel/bpf_stats_enabled")
ATTACH_LIMIT_S = 180
SETTLE_S = 1  # after an attach, for the scheduler's own view of the machine
SOURCE_FUNCTIONS = 20


class Lost(Exception):
    """The scheduler that should be there is not."""


def wait_for(condition, limit_s):
    """Whether it came true in time."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def parse_cpulist(text):
    cpus = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return tuple(cpus)


def read_machine():
    # the L3 cache's "id" is wrong in QEMU, who shares it is not
    caches = {parse_cpulist(path.read_text()) for path in CPUS.glob("cpu[0-9]*/cache/index3/shared_cpu_list")}
    online = parse_cpulist((CPUS / "online").read_text())
    return Machine(len(online), tuple(sorted(caches)) or (online,))


def write_sources(count):
    """What make compiles: files of small functions, enough of them to keep all CPUs busy."""
    folder = Path(BUILD)
    folder.mkdir(exist_ok=True)
    for number in range(count):
        functions = (f"int f{i}(int n)\n{{\n\tint sum = {i};\n\n\tfor (int k = 0; k < n; k++)\n"
                     f"\t\tsum += k % {i + 3} ? sum / {i + 2} : n - k;\n\treturn sum;\n}}\n"
                     for i in range(SOURCE_FUNCTIONS))
        (folder / f"s{number}.c").write_text("".join(functions))
    objects = " ".join(f"s{number}.o" for number in range(count))
    (folder / "Makefile").write_text(f"all: {objects}\n%.o: %.c\n\tgcc -O1 -c $< -o $@\n")


def copy_programs():
    PROGRAMS.mkdir(exist_ok=True)
    for name in NAMES:
        shutil.copy(BUILT / name, PROGRAMS)


def prepare():
    copy_programs()
    os.environ["PATH"] = f"{PROGRAMS}:{os.environ['PATH']}"
    # Above all that is measured, so that a load that hangs can be ended; what it starts is not.
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(90))
    # its daemon is nice, and holds what a reader of /proc waits for: so for seconds beside hogs
    HUGE_PAGES.write_text("never")
    # a service has a bus; without one it would look for it again and again
    os.makedirs("/run/dbus", exist_ok=True)
    subprocess.run(["dbus-daemon", "--system", "--fork", "--nopidfile"], check=True)
    write_sources(read_machine().cpus + 1)


def counters():
    """The kernel's own, all since boot: time that tasks ran, context switches, interrupts."""
    stat = dict(line.split(" ", 1) for line in Path("/proc/stat").read_text().splitlines())
    cpus = [line.split() for line in Path("/proc/schedstat").read_text().splitlines() if line.startswith("cpu")]
    return {"busy_ms": sum(int(fields[7]) for fields in cpus) / 1e6,
            "context_switches": int(stat["ctxt"]), "interrupts": int(stat["intr"].split()[0])}


def programs():
    """Run time and count so far of the scheduler's and the bench's BPF programs."""
    listing = subprocess.run(["bpftool", "--json", "prog", "show"], check=True, capture_output=True).stdout
    return {prog["name"]: (prog.get("run_time_ns", 0), prog.get("run_cnt", 0)) for prog in json.loads(listing)
            if prog["type"] == "struct_ops" or prog.get("name", "").startswith("bench_")}


class Scheduler:
    """One by its command; the kernel's own has none."""

    def __init__(self, name, command):
        self.name, self.command, self.process = name, command, None
        self.log = PROGRAMS / f"{name}.log"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if not self.command:
            return
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(shlex.split(self.command), stdout=log, stderr=log)
        wait_for(lambda: self.ended() or self.attached(), ATTACH_LIMIT_S)
        if self.lost():
            self.stop()
            raise Lost(f"it does not attach: see {self.name}.log")
        time.sleep(SETTLE_S)

    def stop(self):
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        if not wait_for(self.ended, ATTACH_LIMIT_S):
            self.process.kill()
        self.process.wait()
        self.process = None
        shutil.copy(self.log, SHARE)
        if not wait_for(lambda: (SCX / "state").read_text().strip() == "disabled", ATTACH_LIMIT_S):
            raise Lost("it stays attached without its process")

    def ended(self):
        return self.process.poll() is not None

    def attached(self):
        return (SCX / "state").read_text().strip() == "enabled"

    def restart_if_lost(self):
        if self.lost():
            self.stop()
            self.start()

    def lost(self):
        """It should schedule and does not."""
        return bool(self.process) and (self.ended() or not self.attached())

    def ran_ms(self):
        """CPU time of its process so far."""
        if not self.process:
            return 0.0
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6
