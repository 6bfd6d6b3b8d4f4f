#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each attack of attacks.py on a daemon that runs as its unit runs it, on the system bus as Debian configures it: other
clients and root are answered in time, the tuner's rounds are made, the bus is kept, memory does not grow.

What the bus and a busy machine add to that is no fault of the daemon: a second service on the same bus, which nobody
attacks, is asked at the same time by the same clients, and wakes up as often as the tuner. Bounds are relative to it
where it does badly itself, and to how long the daemon waited for a CPU. Where others wait longer, that service is attacked
instead: if it lets others wait as long, it is the bus that has them wait.

Whether anybody is shut out shows on any machine, so as a test this has wide bounds. `tests/lab attack` measures: by the bounds
that are promised, on a machine that does nothing else.

WD40D_BUS names the bus daemon. WD40D_ATTACK_SECONDS measures and lets each attack last so long (0: as in the test),
WD40D_ATTACKS names parts of names of attacks: the others are left out."""

import contextlib
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "bus"))

from attacks import ATTACKS
from buses import BUSES, CONTROL
from harness import NAME, SOURCE, Case, Client, Polkit, as_user, die_with_parent, wait_until

BUS = os.environ.get("WD40D_BUS", "dbus-daemon")
MEASURES = "WD40D_ATTACK_SECONDS" in os.environ
SECONDS = float(os.environ.get("WD40D_ATTACK_SECONDS", 0))
SLACK = 1 if MEASURES else 4  # so many times wider are bounds on what a busy machine changes
CHOSEN = os.environ.get("WD40D_ATTACKS", "").split()
PYTHONPATH = os.pathsep.join([str(HERE), str(HERE.parent / "bus")])

P99_MAX, WORST_MAX = 0.050 * SLACK, 0.250 * SLACK  # seconds until a read is answered
OF_CONTROL = 3  # so many times what the control takes, if that is more
OF_ATTACKED = 2  # likewise, of what the control takes when it is attacked
SLOWDOWN_MAX = 4  # of a daemon that waits for a CPU
ROUNDS_MIN = 1 - 0.05 * SLACK  # of those that are due
TUNE_INTERVAL = 0.1  # the default
MEASUREMENTS_MAX = 3  # of an attack
GROWTH_MAX_MIB = 8  # of memory, when it is over
OBSERVER_NICE = -15  # what an observer waits for a CPU is not what it measures


def unit_setting(name, default):
    """Of the installed unit."""
    found = re.search(rf"^{name}=(.*)$", (SOURCE / "systemd/wd40d.service.in").read_text(), re.M)
    return found[1] if found else default


def make_domains(machine, n):
    """As many domains of two CPUs, in two nodes."""
    cpus = 2 * n
    machine.write("sys/devices/system/cpu/possible", f"0-{cpus - 1}")
    machine.write("sys/devices/system/cpu/online", f"0-{cpus - 1}")
    for node, first in (0, 0), (1, n):
        machine.write(f"sys/devices/system/node/node{node}/cpulist", f"{first}-{first + n - 1}")
    for cpu in range(cpus):
        machine.add_cpu(cpu, cpu // n, [cpu & ~1, cpu | 1])


class Took:
    """How long the calls of an observer took."""

    def __init__(self, result):
        times = sorted(result["took"]) or [float("inf")]
        self.n, self.worst, self.p99 = len(times), times[-1], times[max(0, len(times) * 99 // 100 - 1)]
        self.errors, self.unanswered = result["errors"], result["unanswered"]

    def __str__(self):
        return f"p99 {self.p99 * 1e3:.0f} worst {self.worst * 1e3:.0f} ms of {self.n}"


class Span:
    """What happened between two moments."""

    def __init__(self, case):
        self.case = case
        self.start = self.now()
        pathlib.Path(f"/proc/{case.daemon.process.pid}/clear_refs").write_text("5")  # the peak is counted from here
        self.rss_kib = case.memory_kib("VmRSS")

    def now(self):
        return [time.monotonic(), self.case.rounds(), self.case.control_rounds(), *cpu_seconds(self.case.daemon.process.pid),
                *cpu_seconds(self.case.bus.pid())]

    def end(self):
        seconds, self.rounds, self.control_rounds, *cpu = (b - a for a, b in zip(self.start, self.now()))
        self.rounds_due = seconds / TUNE_INTERVAL
        self.cpu, self.cpu_waited, self.bus_cpu, self.bus_cpu_waited = (100 * c / seconds for c in cpu)
        self.peak_mib = (self.case.memory_kib("VmHWM") - self.rss_kib) / 1024

    def rounds_min(self):
        """One may fall out at each end. The control and the wait for a CPU say what the machine allows."""
        return ROUNDS_MIN * min(self.rounds_due, self.control_rounds) * (1 - self.cpu_waited / 100) - 1

    def slowdown(self):
        """How many times longer the daemon took for want of a CPU."""
        return min(SLOWDOWN_MAX, (self.cpu + self.cpu_waited) / self.cpu)


def cpu_seconds(pid):
    """That it ran, and that it waited to run."""
    return [int(ns) / 1e9 for ns in pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[:2]]


class Attacks(Case):
    def make_bus(self):
        return BUSES[BUS](self.directory)

    def process(self, *command, user="root", nice=0, **environment):
        """One that says when it is ready."""
        command = ["nice", "-n", str(nice), *as_user(user), sys.executable, "-B",
                   HERE / command[0], *map(str, command[1:])]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "PYTHONPATH": PYTHONPATH, **environment}, preexec_fn=die_with_parent)
        for cleanup in process.stdout.close, process.stdin.close, process.wait, process.kill:
            self.addCleanup(cleanup)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def start_as_unit(self):
        """With what the unit says of priority and limits."""
        pid = self.start().process.pid
        soft, _, hard = unit_setting("LimitNOFILE", "1024:524288").partition(":")
        possible = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(int(soft), possible), min(int(hard or soft), possible)))
        os.setpriority(os.PRIO_PROCESS, pid, int(unit_setting("Nice", "0")))

    def observe(self, what, seconds, **options):
        return self.process("observer.py", self.bus.address, seconds, what, nice=OBSERVER_NICE, **options)

    def control_rounds(self):
        self.control.stdin.write("\n")
        self.control.stdin.flush()
        return int(self.control.stdout.readline())

    def memory_kib(self, field):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s*(\d+)", status, re.M)[1])

    def rounds(self):
        return self.fake.arena()["tune"]["round"]

    def bus_losses(self):
        return self.daemon.log().count("the bus is gone")

    def prepare(self, attack):
        make_domains(self.machine, attack.domains)
        if attack.polkit:
            Polkit(self).answer(attack.polkit)
        self.start_as_unit()
        self.control = self.process("control.py", self.bus.address, nice=unit_setting("Nice", "0"))
        first = self.rounds()
        wait_until("rounds of the tuner", lambda: self.rounds() > first + 2)

    def begin_trial(self):
        """Of root's, to be confirmed under attack."""
        Client(self).call("SetTunables", "a{sv}a{sv}", {"SliceOverutilUSec": ["t", 3000]}, {"confirm-timeout-usec": ["t", 600000000]})

    def confirm(self):
        """How long root's wd40ctl takes, or why it failed."""
        start = time.monotonic()
        try:
            result = self.ctl("confirm")
        except subprocess.TimeoutExpired:
            return None, "it did not end"
        return time.monotonic() - start, result.stderr if result.returncode else None

    def start_observers(self, attack, seconds):
        observers = {"a user": self.observe("get", seconds, user="daemon"), "root": self.observe("permissions", seconds)}
        if attack.on_socket:
            observers["socket"] = self.process("stats_observer.py", self.stats, seconds, nice=OBSERVER_NICE)
        return observers

    @contextlib.contextmanager
    def under_attack(self, name, attacked):
        """Yields what to call to begin. The attack lasts as long as the context."""
        attackers = [self.process("attacker.py", name, self.bus.address, self.stats, user=user, WD40D_ATTACKED=attacked)
                     for user in ATTACKS[name].users]

        def begin():
            for attacker in attackers:
                attacker.stdin.write("\n")
                attacker.stdin.flush()

        yield begin
        ended = [attacker for attacker in attackers if attacker.poll() is not None]
        for attacker in attackers:
            attacker.kill()
        self.assertFalse(ended, "an attacker gave up")

    def observe_attack(self, attack, begin):
        """What each observer says of the daemon and of the control, once all have ended."""
        observers = self.start_observers(attack, SECONDS or attack.seconds)
        begin()
        return {who: [Took(result) for result in json.loads(observer.communicate()[0] or "[]")]
                for who, observer in observers.items()}

    def measure(self, name, attack):
        """What happened, what the observers say, how long root's wd40ctl took, and who waited too long."""
        self.begin_trial()
        with self.under_attack(name, NAME) as begin:
            span = Span(self)
            results = self.observe_attack(attack, begin)
            span.end()
            confirmed = self.confirm()
        late = self.late(span, results)
        if late and not attack.on_socket:
            with self.under_attack(name, CONTROL) as begin:
                attacked = self.observe_attack(attack, begin)
            print("  the control, attacked: " + "; ".join(f"{who} {control}" for who, (_, control) in attacked.items()))
            late = self.late(span, results, attacked)
        return span, results, confirmed, late

    def run_attack(self, name):
        """Waits that are too long count when they are so each time: a busy machine has such moments."""
        attack = ATTACKS[name]
        self.stats = self.root / "run/scx/root/stats"
        self.prepare(attack)
        before_kib = self.memory_kib("RssAnon")
        for _ in range(MEASUREMENTS_MAX):
            *measured, late = self.measure(name, attack)
            if not late:
                break
            print("  " + "; ".join(late))
        self.judge(attack, *measured, before_kib, late)

    @staticmethod
    def late(span, results, attacked=None):
        """Who waits too long. attacked: results of an attack on the control."""
        faults = []
        for who, (took, *control) in results.items():
            controls = control + (attacked[who][1:] if attacked else [])
            for what, bound in ("p99", P99_MAX), ("worst", WORST_MAX):
                most = max([bound * span.slowdown(), *(f * getattr(c, what) for f, c in zip((OF_CONTROL, OF_ATTACKED), controls))])
                if getattr(took, what) > most:
                    faults.append(f"{who} waits too long: {what} {getattr(took, what) * 1e3:.0f} ms, at most {most * 1e3:.0f}")
        return faults

    def judge(self, attack, span, results, confirmed, before_kib, late):
        faults = list(late)

        def expect(well, what):
            if not well:
                faults.append(what)

        for who, (took, *control) in results.items():
            print(f"  {who:<8} {took}" + "".join(f"; control {c}" for c in control))
            expect(not took.errors, f"{who} got {len(took.errors)} errors: {''.join(took.errors[:1])[:200]}")
            expect(not late or not took.unanswered, f"{who} got no answer to {took.unanswered} calls")
        print(f"  confirm {confirmed[0] or 0:.2f} s; rounds {span.rounds} of {span.rounds_due:.0f}, control {span.control_rounds}; "
              f"CPU {span.cpu:.0f} (waited {span.cpu_waited:.0f}) %, bus {span.bus_cpu:.0f} ({span.bus_cpu_waited:.0f}) %; "
              f"lost {self.bus_losses()}; memory {span.peak_mib:+.0f} MiB", end="")
        expect(not confirmed[1], f"root's wd40ctl confirm failed: {confirmed[1]}")
        expect(span.rounds >= span.rounds_min(), "the tuner did not make its rounds")
        expect(span.cpu <= attack.cpu_max * SLACK, f"it takes more than {attack.cpu_max * SLACK} % of a CPU")
        expect(self.bus_losses() == 0, "the bus was lost")
        expect(span.peak_mib <= attack.peak_mib, "it takes too much memory meanwhile")
        expect(self.memory_returns(before_kib), "memory does not come back")
        print(f", afterwards {(self.memory_kib('RssAnon') - before_kib) / 1024:+.1f} MiB", flush=True)
        if faults:
            self.fail("\n".join(faults))

    def memory_returns(self, before_kib):
        try:
            wait_until("memory", lambda: self.memory_kib("RssAnon") <= before_kib + GROWTH_MAX_MIB * 1024, 5)
        except AssertionError:
            return False
        return True


class Attackers(unittest.TestCase):
    @staticmethod
    def has_ended(status):
        """It may do so between open and read."""
        try:
            return "State:\tZ" in status.read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True

    def test_end_with_the_test(self):
        """Also when it is killed, and they are another user's."""
        starter = f"""
import subprocess, sys
sys.path.insert(0, {str(HERE.parent / "bus")!r})
from basics import as_user, die_with_parent
attacker = subprocess.Popen([*as_user("nobody"), "sh", "-c", "echo ready; exec sleep infinity"], stdout=subprocess.PIPE,
                            preexec_fn=die_with_parent)
attacker.stdout.readline()
print(attacker.pid, flush=True)
sys.stdin.read()
"""
        with subprocess.Popen([sys.executable, "-B", "-c", starter], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              preexec_fn=die_with_parent) as process:
            attacker = pathlib.Path(f"/proc/{int(process.stdout.readline())}/status")
            wait_until("the attacker", lambda: "sleep" in attacker.read_text())
            process.kill()
        wait_until("the attacker's end", lambda: self.has_ended(attacker))


def add_test(name):
    def test(self):
        print(f"{name}, {BUS}")
        self.run_attack(name)

    setattr(Attacks, f"test_{name}", test)


for attack_name in ATTACKS:
    if not CHOSEN or any(part in attack_name for part in CHOSEN):
        add_test(attack_name)

if __name__ == "__main__":
    unittest.main()
