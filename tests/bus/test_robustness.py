#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Clients without manners, and a bus that dies under load: nobody else notices, and scheduling goes on."""

import pathlib
import signal
import subprocess
import sys
import unittest

from harness import Case, Client, NAME, Polkit, Refused, as_user, die_with_parent, wait_until
from tunables import TUNABLES

HERE = pathlib.Path(__file__).parent


class Robustness(Case):
    def setUp(self):
        super().setUp()
        # Freed memory shall be seen to be freed, also with AddressSanitizer.
        self.start(WATCHDOG_USEC="2000000", ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=64")

    def rude(self, *arguments, user="root"):
        command = [*as_user(user), sys.executable, "-B", HERE / "raw_client.py"]
        process = subprocess.Popen([*command, self.bus.address, *arguments], stdout=subprocess.PIPE, text=True,
                                   preexec_fn=die_with_parent)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def rounds_go_on(self, n=5):
        first = self.fake.arena()["tune"]["round"]
        wait_until(f"{n} rounds of the tuner", lambda: self.fake.arena()["tune"]["round"] > first + n)

    def watchdog_goes_on(self):
        pings = len(self.notifications.has("WATCHDOG"))
        wait_until("the watchdog's pings", lambda: len(self.notifications.has("WATCHDOG")) > pings + 1)

    def others_are_served(self):
        client = Client(self)
        for value in 2000, 3000, 1000:
            client.call("SetTunables", "a{sv}a{sv}", {"SliceOverutilUSec": ["t", value]}, {})
            self.assertEqual(self.fake.arena()["config"]["slice_overutil_ns"], value * 1000)

    def all_is_well(self):
        self.rounds_go_on()
        self.watchdog_goes_on()
        self.others_are_served()

    def test_flood(self):
        before = self.rss_mib()
        for _ in range(3):
            self.rude("pour")
        self.all_is_well()
        self.all_is_well()
        self.assertLess(self.rss_mib(), before + 64)

    def test_client_that_never_reads(self):
        before = self.rss_mib()
        self.rude("deaf", "3000")
        self.all_is_well()
        self.assertLess(self.rss_mib(), before + 64)

    def test_client_that_dies_with_calls_under_way(self):
        for _ in range(5):
            self.rude("deaf", "200").kill()
        self.all_is_well()

    def test_bus_that_does_not_read(self):
        """Stopped in the middle of it, for long enough that all queues have filled."""
        before = self.rss_mib()
        self.rude("pour")
        self.bus.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.bus.process.send_signal, signal.SIGCONT)
        self.rounds_go_on(20)
        self.watchdog_goes_on()
        self.assertLess(self.rss_mib(), before + 64)
        self.bus.process.send_signal(signal.SIGCONT)
        self.all_is_well()

    def test_bus_restarted_under_load(self):
        for _ in range(3):
            for _ in range(3):
                self.rude("pour")
            self.bus.kill()
            self.rounds_go_on()
            self.watchdog_goes_on()
            self.bus.start()
            wait_until("the name is back", lambda: self.busctl("status", NAME).returncode == 0)
            self.others_are_served()
            tree = self.busctl("tree", "--list", NAME).stdout.split()
            self.assertIn("/org/scx/Wd40/Domain/D3", tree)
            self.assertIn("/org/freedesktop/LogControl1", tree)
        self.assertEqual(self.get("EnableSequence"), "t 1")
        self.assertEqual(self.fake.calls("attach"), [("attach", 0)])

    def test_clients_that_die_while_polkit_is_asked(self):
        """Twenty times 16 calls would be more than may wait, if one was forgotten."""
        polkit = Polkit(self)
        polkit.answer("wait")
        for n in range(1, 21):
            client = self.rude("ask", "16", user="nobody")
            wait_until("the questions", lambda: len([a for a in polkit.asked() if "action" in a]) == 16 * n)
            client.kill()
            wait_until("all of them taken back", lambda: len([a for a in polkit.asked() if "cancelled" in a]) == 16 * n)
        polkit.answer("yes")
        nobody = Client(self, user="nobody")
        nobody.call("SetTunables", "a{sv}a{sv}", {"SliceOverutilUSec": ["t", 2000]}, {})
        self.all_is_well()

    def test_many_connections_with_many_calls(self):
        """More calls wait than a bus has match rules for one connection."""
        for _ in range(3):
            crowd = self.rude("ask", "16", "60", user="nobody")
            self.others_are_served()
            crowd.kill()
        self.assertNotIn("the bus is gone", self.daemon.log())

    def test_root_is_served_whoever_is_not_known_yet(self):
        """More calls than may wait have come in before the bus can say whose the first is; root's is the last."""
        root = Client(self)
        root.call("DescribeTunables")
        self.daemon.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.daemon.process.send_signal, signal.SIGCONT)
        for uid in "65534", "1":
            self.rude("ask", "16", "250", user=uid)
        root.send("SetTunables", "a{sv}a{sv}", {"SliceOverutilUSec": ["t", 2000]}, {})
        self.daemon.process.send_signal(signal.SIGCONT)
        self.assertEqual(root.receive()[0], 2)
        self.all_is_well()

    def ask(self, polkit, uid, connections, expected):
        """16 calls that need permission from each connection; expected: how many questions there are then."""
        for _ in range(connections):
            self.rude("ask", "16", user=uid)
        wait_until(f"{expected} questions", lambda: len(polkit.asked()) == expected)

    def limited(self, uid):
        with self.assertRaises(Refused) as caught:
            Client(self, user=uid).call("ConfirmTunables", "t", 1)
        self.assertEqual(caught.exception.name, "LimitExceeded")

    def test_nobody_can_keep_others_out(self):
        """Neither by many calls, nor with many connections, nor do some users together."""
        polkit = Polkit(self)
        polkit.answer("wait")
        self.ask(polkit, "65534", 2, 32)
        self.limited("65534")
        self.ask(polkit, "1", 2, 64)
        self.ask(polkit, "2", 2, 96)
        self.limited("3")
        self.assertEqual(set(Client(self, user="3").call("DescribeTunables")), set(TUNABLES))
        self.all_is_well()  # root


if __name__ == "__main__":
    unittest.main()
