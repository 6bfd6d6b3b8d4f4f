# SPDX-License-Identifier: GPL-2.0-only
"""wd40ctl status: what a person wants to know first."""

import signal
import unittest

from harness import wait_until
from test_ctl import FAILED, NEGATIVE, SAVED, Ctl, Monitor


class Status(Ctl):
    def test_in_short(self):
        text = self.run_ctl("status")
        for part in ("State: attached since", "Scheduler: wd40, 0 restarts", "8 CPUs", "Generation: 1"):
            self.assertIn(part, text)
        self.assertNotIn("\033", text)
        self.assertIn("State: attached since", self.run_ctl())
        self.assertEqual(self.ctl_json("status")["State"], "attached")

    def test_says_what_is_left_to_do(self):
        self.run_ctl("set", "cache-level=2", "perf=5")
        text = self.run_ctl("status")
        self.assertIn("Pending: cache-level (wd40ctl reattach)", text)
        self.assertIn("Unsaved: perf, cache-level (wd40ctl save)", text)
        self.run_ctl("set", "perf=6", "--for", "1min")
        self.assertRegex(self.run_ctl("status"), r"On trial: generation 3, for another \d+(\.\d+)?s \(wd40ctl confirm 3\)")

    def test_counts_problems_in_the_files(self):
        self.assertNotIn("Problems", self.run_ctl("status"))
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 9000\ninterval = soon\nfoo = 1")
        self.assertNotIn("Problems", self.run_ctl("status"), "the daemon has not read them")
        monitor = Monitor(self)
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until("ConfigProblems", lambda: self.get("ConfigProblems") == "u 3")
        self.assertIn("Problems: 3 in the files (wd40ctl check)", self.run_ctl("status"))
        self.assertEqual(self.ctl_json("status")["ConfigProblems"], 3)
        self.assertIn("3", monitor.wait_for("ConfigProblems"))
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 9")
        self.run_ctl("reload")
        self.assertNotIn("Problems", self.run_ctl("status"))

    def test_lists_the_file_that_was_saved_to(self):
        self.machine.write("etc/wd40d/wd40d.ini", "")
        self.run_ctl("reload")
        self.assertNotIn(SAVED, self.run_ctl("status"))
        self.run_ctl("set", "perf=5", "--save")
        self.assertRegex(self.run_ctl("status"), f"Files: .*/etc/wd40d/wd40d.ini\n *.*/{SAVED}\n")

    def test_of_what_is_not_attached(self):
        self.run_ctl("detach")
        text = self.run_ctl("status", code=NEGATIVE)
        self.assertIn("State: detached", text)
        self.assertIn("Reason: detached by uid 0", text)
        self.assertEqual(self.ctl_json("status", code=NEGATIVE)["State"], "detached")
        self.assertEqual(self.ctl_json("status", code=NEGATIVE)["StateReason"], "detached by uid 0")

    def test_says_why_it_is_not_attached(self):
        self.fake.fail("attach", "EBUSY")
        self.fails(FAILED, "reattach", says=["another scheduler is active"])
        self.assertIn("Reason: another scheduler is active", self.run_ctl("status", code=NEGATIVE))
        self.fake.succeed("attach")
        self.run_ctl("attach")
        self.assertNotIn("Reason:", self.run_ctl("status"))


if __name__ == "__main__":
    unittest.main()
