# SPDX-License-Identifier: GPL-2.0-only
"""wd40ctl monitor: events as they happen."""

import json
import signal
import time
import unittest

from harness import PATIENCE, Polkit, wait_until
from test_ctl import Ctl, Monitor, UNREACHABLE


class Monitors(Ctl):
    def test_the_scheduler_ends(self):
        monitor = Monitor(self)
        self.assertIn("wd40d is running, state attached", monitor.lines("Monitoring")[0])
        self.fake.end(self.fake.ERROR, 0, "it went wrong", "in detail")
        self.assertIn("error: it went wrong: in detail, attaching again", monitor.wait_for("SchedulerExited"))
        monitor.wait_for("State = reattaching")
        monitor.wait_for("State = attached")

    def test_the_daemon_goes_and_comes(self):
        monitor = Monitor(self)
        self.assertEqual(self.daemon.stop(), 0)
        monitor.wait_for("Vanished")
        self.start()
        monitor.wait_for("Appeared")
        self.run_ctl("set", "perf=3")
        monitor.wait_for("perf = 3")

    def test_who_asked_for_a_reload(self):
        monitor = Monitor(self)
        polkit = Polkit(self)
        polkit.answer("yes")
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 3")
        self.run_ctl("reload", user="nobody")
        self.assertRegex(monitor.wait_for("TunablesChanged"), r"generation \d+, reload: perf = 3, by nobody$")
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 4")
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until("the second", lambda: len(monitor.lines("TunablesChanged")) == 2)
        self.assertTrue(monitor.lines("TunablesChanged")[1].endswith("reload: perf = 4"))

    def test_who_takes_a_trial_back(self):
        monitor = Monitor(self)
        polkit = Polkit(self)
        polkit.answer("yes")
        self.run_ctl("set", "perf=3", "--reason", "before", user="nobody")
        self.run_ctl("set", "perf=4", "--for=2min", user="nobody")
        self.run_ctl("revert", user="nobody")
        monitor.wait_for("TunablesReverted")
        self.assertTrue(monitor.lines("TunablesChanged")[2].endswith("reverted: perf = 3, by nobody"))

    def test_domains_come_and_go(self):
        monitor = Monitor(self)
        self.run_ctl("detach")
        monitor.wait_for("domain D3 is gone")
        self.run_ctl("attach")
        monitor.wait_for("domain D3 appeared")
        monitor.wait_for("node N1 appeared")

    def test_json_lines(self):
        monitor = Monitor(self, "--json")
        self.run_ctl("set", "perf=3", "interval=4", "--reason", "why not")
        event = json.loads(monitor.wait_for("TunablesChanged"))
        self.assertLess(abs(event["time_usec"] / 1e6 - time.time()), 60)
        self.assertEqual((event["generation"], event["values"], event["origin"], event["uid"], event["user"], event["reason"]),
                         (2, {"BalanceIntervalUSec": 4000000, "PerfLevel": 3}, "runtime", 0, "root", "why not"))
        changed = json.loads(monitor.wait_for("PropertiesChanged"))["changed"]
        self.assertEqual((changed["PerfLevel"], changed["BalanceIntervalUSec"]), (3, 4000000))
        self.fake.end(self.fake.SYSRQ, 0, "sysrq")
        exited = json.loads(monitor.wait_for("SchedulerExited"))
        self.assertIs(exited["will_restart"], False)
        for line in monitor.lines(""):
            json.loads(line)

    def test_ends_with_the_bus(self):
        monitor = Monitor(self)
        self.bus.kill()
        self.assertEqual(monitor.process.wait(PATIENCE), UNREACHABLE)
        self.assertTrue(monitor.lines("the bus is gone"))


if __name__ == "__main__":
    unittest.main()
