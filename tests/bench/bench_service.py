# SPDX-License-Identifier: GPL-2.0-only
"""What the daemon costs while it runs, with the fake scheduler back-end on a private bus: idle at the
default intervals, memory, allocations in the steady state, and a re-tune over D-Bus. Prints each
figure with its bound; the bounds are those of a release build on an otherwise idle machine. What waits
for others as well, reads on the bus and samples, fails only when it is SLACK times worse."""

import os
import re
import statistics
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["WD40D_SOURCE"], "tests/bus"))
from harness import Case, NAME, PROPERTIES, Signals, wait_until

SECONDS = float(os.environ.get("WD40D_BENCH_SECONDS", 20))
RETUNES = 1000
SLACK = 4  # a busy machine is no fault of the daemon
COUNT_MALLOC = os.environ["WD40D_COUNT_MALLOC"]
BENCH_BUS = os.environ["WD40D_BENCH_BUS"]


def report(what, value, unit, bound):
    print(f"{what:<44} {value:10.3f} {unit:<12} (bound {bound})", flush=True)


def make_large(machine):
    """64 domains of two CPUs, in two nodes."""
    machine.write("sys/devices/system/cpu/possible", "0-127")
    machine.write("sys/devices/system/cpu/online", "0-127")
    for node, cpus in (0, "0-63"), (1, "64-127"):
        machine.write(f"sys/devices/system/node/node{node}/cpulist", cpus)
    for cpu in range(128):
        machine.add_cpu(cpu, cpu // 64, [cpu & ~1, cpu | 1])


class Service(Case):
    def cpu_ns(self):
        """CPU time of the daemon up to now."""
        with open(f"/proc/{self.daemon.process.pid}/schedstat") as schedstat:
            return int(schedstat.read().split()[0])

    def rounds(self):
        return self.fake.arena()["tune"]["round"]

    def settle(self, rounds=3):
        first = self.rounds()
        wait_until("rounds of the tuner", lambda: self.rounds() >= first + rounds)

    def measure_idle(self, what):
        self.settle()
        cpu, start, rounds = self.cpu_ns(), time.monotonic(), self.rounds()
        time.sleep(SECONDS)  # not a wait for anything: what is measured is this time
        percent = (self.cpu_ns() - cpu) / (time.monotonic() - start) / 1e7
        rounds = self.rounds() - rounds
        self.assertGreater(rounds, SECONDS * 9)
        report(what, percent, "% of a CPU", 0.5)
        report("  of that, a round of the tuner", percent * SECONDS * 1e4 / rounds, "us", "-")
        self.assertLess(percent, 0.5)

    def test_idle(self):
        self.start()
        self.measure_idle("idle at the default intervals")

    def test_idle_without_a_bus(self):
        self.bus.kill()
        self.start()
        self.measure_idle("idle while the bus is away")

    def test_memory(self):
        self.start()
        self.settle()
        kib, arena = 0, False
        with open(f"/proc/{self.daemon.process.pid}/smaps") as smaps:
            for line in smaps:
                if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                    arena = line.rstrip().endswith("/arena")
                elif line.startswith("Rss:") and not arena:
                    kib += int(line.split()[1])
        report("resident memory besides the arena", kib / 1024, "MiB", 8)
        self.assertLess(kib, 8 * 1024)

    def test_no_allocation_in_the_steady_state(self):
        path = self.directory / "count"
        self.start(LD_PRELOAD=COUNT_MALLOC, COUNT_MALLOC=str(path), WATCHDOG_USEC="100000")
        self.settle()

        def count():
            return struct.unpack("Q", path.read_bytes())[0]

        self.assertGreater(count(), 100)  # it does count
        before = count()
        self.settle(30)
        report("allocations in 30 rounds and their pings", count() - before, "", 0)
        self.assertEqual(count(), before)
        self.get("Generation")
        self.assertGreater(count(), before)

    def test_retune(self):
        import dbus

        self.start()
        client = Signals(self)
        took = []
        cpu = self.cpu_ns()
        for i in range(RETUNES):
            start = time.monotonic()
            client.object.Set(NAME, "SliceOverutilUSec", dbus.UInt64(1001 + i),
                              dbus_interface=PROPERTIES, signature="ssv")
            took.append(time.monotonic() - start)
        each = (self.cpu_ns() - cpu) / RETUNES / 1e6
        self.assertEqual(self.fake.arena()["config"]["generation"], RETUNES + 1)
        report("a re-tune over D-Bus, in the daemon", each, "ms of CPU", 1)
        report("  round trip, median", statistics.median(took) * 1e3, "ms", "-")
        report("  round trip, longest", max(took) * 1e3, "ms", "-")
        self.assertLess(each, 1)

    def client(self, *arguments):
        return subprocess.Popen([BENCH_BUS, *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                                env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address})

    def median_us(self, *arguments):
        with self.client(*arguments) as client:
            return float(client.stdout.read())

    def test_get(self):
        self.start()
        took = self.median_us("get", 5000)
        report("Get of a property, round trip, median", took, "us", 150)
        self.assertLess(took, 150 * SLACK)

    def test_eight_clients(self):
        self.start()
        self.settle()
        rounds, start, cpu, calls = self.rounds(), time.monotonic(), self.cpu_ns(), 20000
        clients = [self.client("get", calls) for _ in range(8)]
        for client in clients:
            client.communicate()
        took = time.monotonic() - start
        cpu, missed = self.cpu_ns() - cpu, took * 10 - (self.rounds() - rounds)
        report("Get from 8 clients", 8 * calls / took, "1/s", 10000)
        report("  of that, each in the daemon", cpu / 8e3 / calls, "us of CPU", "-")
        report("  rounds of the tuner missed meanwhile", missed, "", 1)
        self.assertLess(missed, 1.5 * SLACK)
        self.assertGreater(8 * calls / took, 10000 / SLACK)

    def test_statistics_at_64_domains(self):
        make_large(self.machine)
        self.start()
        self.assertIn("64 domains", self.get("Topology"))
        cpu = self.cpu_ns()
        took = self.median_us("statistics", 500)
        cpu = (self.cpu_ns() - cpu) / 500e6
        report("GetStatistics at 64 domains, round trip", took / 1e3, "ms", 2)
        report("  of that, in the daemon", cpu, "ms of CPU", "-")
        self.assertLess(took, 2000 * SLACK)

    def test_subscribers(self):
        self.start()
        self.settle()
        idle, seconds = self.cpu_ns(), 5
        time.sleep(seconds)  # what is measured is this time
        idle = self.cpu_ns() - idle
        with self.client("subscribe", 100, seconds) as clients:
            clients.stdout.readline()
            start, cpu = time.monotonic(), self.cpu_ns()
            samples = int(clients.stdout.readline())
            cpu, took = self.cpu_ns() - cpu, time.monotonic() - start
        percent = (cpu / took - idle / seconds) / 1e7
        report("samples of everything to 100 subscribers", samples / took, "1/s", "-")
        report("  and what they cost the daemon", percent, "% of a CPU", 3)
        self.assertGreater(samples, 1000 * took / SLACK)
        self.assertLess(percent, 3 * SLACK)


if __name__ == "__main__":
    unittest.main()
