# SPDX-License-Identifier: GPL-2.0-only
"""The bus comes and goes; scheduling does not care."""

import signal
import subprocess
import unittest

from harness import Case, NAME, Signals, wait_until


class Connection(Case):
    def named(self):
        return self.busctl("status", NAME).returncode == 0

    def rounds_go_on(self):
        first = self.fake.arena()["tune"]["round"]
        wait_until("rounds of the tuner", lambda: self.fake.arena()["tune"]["round"] > first + 2)

    def test_bus_dies_and_comes_back(self):
        self.start()
        self.assert_set("SliceOverutilUSec", "t", "2000")
        self.bus.kill()
        self.rounds_go_on()
        self.bus.start()
        wait_until("the name is back", self.named)
        self.assertEqual(self.get("SliceOverutilUSec"), "t 2000")
        self.assertEqual(self.get("Generation"), "t 2")
        self.assertEqual(self.fake.calls(), [("open", 0), ("attach", 0)])

    def test_object_works_after_an_outage(self):
        self.start()
        self.bus.kill()
        self.bus.start()
        wait_until("the name is back", self.named)
        signals = Signals(self)
        self.assert_set("SliceOverutilUSec", "t", "2000")
        self.assertEqual(len(signals.take("PropertiesChanged")), 1)

    def test_outage_is_logged_once(self):
        self.start()
        self.bus.kill()
        wait_until("the loss is logged", lambda: "the bus is gone" in self.daemon.log())
        self.rounds_go_on()
        self.bus.start()
        wait_until("the name is back", self.named)
        log = self.daemon.log()
        self.assertEqual(log.count("scheduling goes on"), 1, log)
        self.assertEqual(log.count(f"on the bus as {NAME}"), 2, log)

    def test_scheduler_ends_during_an_outage(self):
        self.start()
        self.bus.kill()
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG)
        wait_until("attached again", lambda: len(self.fake.calls("attach")) == 2)
        self.bus.start()
        wait_until("the name is back", self.named)
        self.assertEqual(self.get("RestartCount"), "u 1")

    def test_no_bus_at_start(self):
        self.bus.kill()
        self.start()
        self.rounds_go_on()
        self.bus.start()
        wait_until("the name is there", self.named)
        self.assertEqual(self.get("State"), 's "attached"')

    def test_bus_that_does_not_answer(self):
        """A stopped bus holds up neither readiness nor scheduling."""
        self.bus.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.bus.process.send_signal, signal.SIGCONT)
        self.start()
        self.rounds_go_on()
        self.bus.process.send_signal(signal.SIGCONT)
        wait_until("the name is there", self.named)

    def test_name_belongs_to_another(self):
        holder = Signals(self, NAME)
        self.start()
        self.assertIn("belongs to another program", self.daemon.log())
        holder.connection.close()
        wait_until("the name is there", self.named)
        self.assertEqual(self.get("State"), 's "attached"')

    def test_policy_forbids_the_name(self):
        config = self.directory / "bus.conf"
        config.write_text(config.read_text().replace("<include>", "<!--").replace("</include>", "-->"))
        self.bus.kill()
        self.bus.start()
        self.start()
        self.assertIn(f"refuses the name {NAME}", self.daemon.log())
        self.rounds_go_on()

    def test_bus_that_does_not_tell_who_leaves(self):
        config = self.directory / "bus.conf"
        usual = config.read_text()
        config.write_text(usual.replace("<policy ", '<limit name="max_match_rules_per_connection">0</limit><policy ', 1))
        self.bus.kill()
        self.bus.start()
        self.start()
        self.assertIn("the bus does not tell who leaves it", self.daemon.log())
        self.rounds_go_on()
        self.bus.kill()
        config.write_text(usual)
        self.bus.start()
        wait_until("the name is there", self.named)

    def test_flood_does_not_stop_the_tuner(self):
        self.start()
        command = self.bus.busctl("call", NAME, "/org/scx/Wd40", "org.freedesktop.DBus.Properties",
                                  "GetAll", "s", NAME)
        flood = subprocess.Popen(["sh", "-c", 'while :; do "$@" >/dev/null; done', "flood", *command],
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(flood.wait)
        self.addCleanup(flood.kill)
        self.rounds_go_on()


if __name__ == "__main__":
    unittest.main()
