# SPDX-License-Identifier: GPL-2.0-only
"""wd40ctl with something on the bus that is no wd40d as it should be: silent, wrong, or out to trick it."""

import os
import pathlib
import subprocess
import sys
import unittest

from harness import CTL, NAME, Case, die_with_parent, wait_until

READS = [["status"], ["get"], ["get", "--json"], ["describe"], ["describe", "perf"], ["describe", "--json"], ["domains"],
         ["check"], ["permissions"], ["stats"], ["stats", "--json"], ["stats", "--openmetrics"], ["confirm"], ["revert"]]


class Strange(Case):
    def stand_in(self, part):
        process = subprocess.Popen([sys.executable, "-B", str(pathlib.Path(__file__).with_name("stand_in.py")), part],
                                   env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}, preexec_fn=die_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until("the stand-in", lambda: self.busctl("status", NAME).returncode == 0)

    def assert_well(self, code, text):
        self.assertNotIn("Sanitizer", text)
        self.assertIn(code, range(9), text)

    def test_silent(self):
        """Who only reads is not held up for minutes."""
        self.stand_in("silent")
        reads = [["status"], ["get"], ["stats"], ["check"], ["confirm"], ["domains"]]
        running = [subprocess.Popen([CTL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                    env=self.ctl_environment(), preexec_fn=die_with_parent) for arguments in reads]
        for arguments, process in zip(reads, running, strict=True):
            with self.subTest(arguments):
                self.addCleanup(process.kill)
                out, err = process.communicate(timeout=30)
                self.assertEqual((process.returncode, out), (3, ""), err)
                self.assertIn("wd40d does not answer", err)
                self.assertIn("systemctl status wd40d", err)

    def test_clock_was_set(self):
        self.stand_in("clock_was_set")
        self.assertRegex(self.ctl("status").stdout, r"attached since .*, for 1min 3\ds\n")

    def test_escapes(self):
        self.stand_in("escapes")
        for arguments in READS:
            with self.subTest(arguments):
                result = self.ctl(*arguments)
                self.assert_well(result.returncode, result.stderr)
                for character in "\x1b\x07\u202e":
                    self.assertNotIn(character, result.stdout + result.stderr)
                self.assertNotIn("\n State: fine", result.stdout + result.stderr)

    def test_nonsense(self):
        self.stand_in("nonsense")
        for arguments in [*READS, ["set", "perf=1"], ["reset"], ["save"], ["set", "perf=1", "--json"]]:
            with self.subTest(arguments):
                result = self.ctl(*arguments)
                self.assert_well(result.returncode, result.stderr)


if __name__ == "__main__":
    unittest.main()
