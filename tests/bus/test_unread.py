#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What clients do not read lies in the bus, which takes no more from the sender when it is too much: so the daemon sends
nobody much that is not read, and answers everybody else."""

import pathlib
import subprocess
import sys
import unittest

from harness import Case, Client, NAME, STATISTICS, Polkit, as_user, die_with_parent, wait_until

SILENT = """
  <policy context="mandatory"><deny send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Debug.Stats"/></policy>
</busconfig>"""
MIB = 1 << 20
DOMAINS = 128


class Unread(Case):
    """On a machine with many domains, so that statistics are large."""

    def setUp(self):
        super().setUp()
        for cpu in range(DOMAINS):
            self.machine.add_cpu(cpu, 0, [cpu])
        self.machine.write("sys/devices/system/cpu/possible", f"0-{DOMAINS - 1}")
        self.machine.set_online(f"0-{DOMAINS - 1}")
        self.machine.write("sys/devices/system/node/online", "0")
        self.machine.write("sys/devices/system/node/node0/cpulist", f"0-{DOMAINS - 1}")
        self.start()
        self.client = Client(self)

    def deaf(self, method, n, user="nobody"):
        command = [*as_user(user), sys.executable, "-B",
                   pathlib.Path(__file__).with_name("deaf_client.py"), self.bus.address, method, str(n)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   preexec_fn=die_with_parent)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def sent(self, process):
        self.assertEqual(process.stdout.readline(), "ready\n")

    def read(self, process):
        """How many replies, errors and signals it gets when it reads at last."""
        process.stdin.write("\n")
        process.stdin.flush()
        return [int(n) for n in process.stdout.readline().split()]

    def unread_mib(self):
        """What the bus holds of the daemon's."""
        return self.bus.unread(NAME) / MIB

    def rounds(self):
        return self.fake.arena()["tune"]["round"]

    def statistics(self, client=None):
        return (client or self.client).call("GetStatistics", "a{sv}", {"scopes": ["as", ["machine"]]}, interface=STATISTICS)

    def test_samples(self):
        """A trial is confirmed while a subscriber does not read."""
        trial = self.ctl("set", "slice-us-overutil=4000", "--for", "1min", "--json")
        self.assertEqual(trial.returncode, 0, trial.stderr)
        self.sent(self.deaf("subscribe", 16))
        wait_until("subscriptions", lambda: self.statistics()["subscriptions"] == 16)
        first = self.rounds()
        wait_until("more than a bus takes", lambda: self.rounds() > first + 50, 60)
        confirmed = self.ctl("confirm")
        self.assertEqual(confirmed.returncode, 0, confirmed.stderr)
        now = self.statistics()
        self.assertGreater(now["samples_dropped"], 16 * 40)
        self.assertLess(self.unread_mib(), 2.5)
        self.assertEqual(self.fake.arena()["config"]["slice_overutil_ns"], 4000000)

    def test_samples_go_on_when_they_are_read(self):
        deaf = self.deaf("subscribe", 1)
        self.sent(deaf)
        wait_until("samples that are dropped", lambda: self.statistics()["samples_dropped"] > 3)
        replies, errors, samples = self.read_for_a_while(deaf)
        self.assertEqual((replies, errors), (2, 0))
        self.assertGreater(samples, 10)

    def read_for_a_while(self, deaf):
        """Samples never end, so the bus's daemon ends it."""
        sent = self.statistics()["samples"]
        deaf.stdin.write("\n")
        deaf.stdin.flush()
        wait_until("samples that are sent", lambda: self.statistics()["samples"] > sent + 10)
        self.daemon.stop()
        return [int(n) for n in deaf.stdout.readline().split()]

    def served(self):
        for _ in range(3):
            self.assertIn("tuner_rounds", self.statistics())
        status = self.ctl("status")
        self.assertEqual(status.returncode, 0, status.stderr)

    def many(self, method, n):
        deaf = self.deaf(method, n)
        self.sent(deaf)
        self.served()
        self.assertLess(self.unread_mib(), 5)
        self.served()

    def test_statistics(self):
        self.many("statistics", 1500)

    def test_objects(self):
        self.many("objects", 1500)

    def test_introspection(self):
        self.many("introspect", 5000)

    def test_pings(self):
        self.many("ping", 100000)

    def test_many_connections_of_a_user(self):
        clients = [self.deaf("statistics", 128) for _ in range(30)]
        for deaf in clients:
            self.sent(deaf)
        self.served()
        self.assertLess(self.unread_mib(), 12)
        other = Client(self, user="daemon")
        self.assertIn("tuner_rounds", self.statistics(other))

    def test_what_polkit_allows_is_done(self):
        """Its reply was paid for when it came: later its user may have no credit."""
        polkit = Polkit(self)
        polkit.answer("wait")
        asker = Client(self, user="nobody")
        asker.send("SetTunables", "a{sv}a{sv}", {"SliceOverutilUSec": ["t", 2000]}, {})
        wait_until("the question", polkit.asked)
        for _ in range(4):
            self.sent(self.deaf("objects", 64))
        wait_until("little credit", lambda: self.unread_mib() > 7.5)
        for method, n in ("introspect", 300), ("ping", 10000):
            self.sent(self.deaf(method, n))
        self.served()
        polkit.answer("yes")
        self.assertEqual(asker.receive(), [2, []])

    def test_who_reads_late_gets_all(self):
        """As many calls as a bus lets wait."""
        deaf = self.deaf("statistics", 128)
        self.sent(deaf)
        self.served()
        replies, errors, _ = self.read(deaf)
        self.assertEqual((replies, errors), (1 + 128, 0))

    def questions(self, rounds):
        """How often the daemon asks the bus what is unread, in so many rounds of the tuner."""
        log = self.directory / "monitor"
        match = "--match=type='method_call',member='GetConnectionStats'"
        with open(log, "w") as out, subprocess.Popen(self.bus.busctl(match, "monitor"), stdout=out, stderr=out,
                                                     preexec_fn=die_with_parent) as monitor:
            wait_until("the monitor", lambda: "Monitoring" in log.read_text())
            first = self.rounds()
            wait_until("rounds", lambda: self.rounds() >= first + rounds)
            monitor.terminate()
        return log.read_text().count("Member=GetConnectionStats")

    def test_who_reads_nothing_is_asked_ever_more_seldom(self):
        """Also who has little to read, while others wait."""
        for n in range(1, 128):  # until there is more than sockets hold
            self.sent(self.deaf("statistics", n))
            self.served()
            if self.unread_mib() > 0:
                break
        self.assertLess(self.unread_mib(), 0.25)
        self.sent(self.deaf("objects", 64))
        wait_until("calls that wait", lambda: self.unread_mib() > 3.5)
        self.assertLess(self.questions(20), 60)

    def test_bus_that_denies_its_statistics(self):
        """That is said, once; samples have a limit still."""
        self.end_daemon()
        self.bus.kill()
        config = self.directory / "bus.conf"
        config.write_text(config.read_text().replace("</busconfig>", SILENT))
        self.bus.start()
        self.start()
        self.client = Client(self)
        deaf = [self.deaf("subscribe", 16) for _ in range(2)]
        for process in deaf:
            self.sent(process)
        wait_until("samples that are dropped", lambda: self.statistics()["samples_dropped"] > 3)
        self.sent(self.deaf("statistics", 100))
        self.served()
        self.assertEqual(self.daemon.log().count("policy denies org.freedesktop.DBus.Debug.Stats"), 1)

    def test_who_is_gone_is_forgotten(self):
        for _ in range(3):
            clients = [self.deaf("statistics", 128) for _ in range(12)]
            for deaf in clients:
                self.sent(deaf)
                deaf.kill()
        wait_until("all of it gone", lambda: self.unread_mib() < 0.1)
        nobody = Client(self, user="nobody")
        for _ in range(20):
            self.assertIn("events", self.statistics(nobody))


if __name__ == "__main__":
    unittest.main()
