# SPDX-License-Identifier: GPL-2.0-only
"""The client wd40ctl against the daemon: what it prints, its JSON, its exit codes."""

import json
import unittest

from harness import Case

OK, FAILED, USAGE, UNREACHABLE, NOT_PERMITTED, REFUSED, STALE, BUSY, NEGATIVE = range(9)


class Ctl(Case):
    def setUp(self):
        super().setUp()
        self.start()

    def run_ctl(self, *arguments, code=OK, user=None, **environment):
        """What it prints, on stdout for 0 and 8, else on stderr."""
        result = self.ctl(*arguments, user=user, **environment)
        self.assertEqual(result.returncode, code, f"{arguments}: {result.stdout}{result.stderr}")
        self.assertNotIn("Sanitizer", result.stderr)
        if code not in (OK, NEGATIVE):
            self.assertEqual(result.stdout, "")
            self.assertTrue(result.stderr.startswith("wd40ctl: "), result.stderr)
            return result.stderr
        return result.stdout

    def ctl_json(self, *arguments, **options):
        return json.loads(self.run_ctl(*arguments, "--json", **options))


class Reads(Ctl):
    def test_get(self):
        lines = self.run_ctl("get").splitlines()
        self.assertEqual(len(lines), 20)
        self.assertIn("slice-us-overutil=1000", lines)
        self.assertIn("interval=2", lines)
        self.assertIn("cpumasks=", lines)
        self.assertEqual(self.run_ctl("get", "TuneIntervalUSec", "load-balance"), "tune-interval=0.1\nload-balance=yes\n")
        self.assertEqual(self.run_ctl("get", "--value", "direct-greedy-under"), "90\n")
        self.assertEqual(self.ctl_json("get", "tune-interval", "cpumasks", "perf", "partial"),
                         {"tune-interval": 0.1, "cpumasks": [], "perf": 0, "partial": False})
        self.assertIn("did you mean interval?", self.run_ctl("get", "intervall", code=REFUSED))

    def test_status(self):
        text = self.run_ctl("status")
        for part in ("State: attached since", "Scheduler: wd40, 0 restarts", "8 CPUs", "Generation: 1"):
            self.assertIn(part, text)
        self.assertNotIn("\033", text)
        self.assertIn("State: attached since", self.run_ctl())
        self.assertEqual(self.ctl_json("status")["State"], "attached")


if __name__ == "__main__":
    unittest.main()
