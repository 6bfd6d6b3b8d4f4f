#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The balancer on the bus: loads, moves and their answers, and what it would do."""

import json
import unittest

from harness import Case, NAME, PATH, STATISTICS, wait_until

APPLIED, REFUSED_AFFINITY = 2, 4  # enum wd40_move_answer


class Balance(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.assert_set("BalanceIntervalUSec", "t", "100000")

    def read(self, name):
        reply = self.busctl("--json=short", "get-property", NAME, PATH, STATISTICS, name)
        return json.loads(reply.stdout)["data"]

    def dry_run(self, user=None):
        return self.busctl("--json=short", "call", NAME, PATH, STATISTICS, "DryRunBalance", user=user)

    def plan(self):
        return json.loads(self.dry_run().stdout)["data"][0]

    def wait_for_moves(self, **expected):
        wait_until(f"moves {expected}",
                   lambda: all(self.read("Moves")[name.replace("_", "-")] == n
                               for name, n in expected.items()))

    def wait_for_rounds(self):
        rounds = self.read("BalanceRounds")
        wait_until("three more rounds", lambda: self.read("BalanceRounds") > rounds + 3)

    def test_loads_are_told(self):
        self.assert_set("LoadBalance", "b", "no")
        self.fake.add_hogs(16, 0)
        wait_until("the load", lambda: self.read("DomainLoads")[0][2] > 7.9)
        for domain, row in enumerate(self.read("DomainLoads")):
            self.assertEqual(row[:2], [domain, domain // 2])
            self.assertAlmostEqual(row[2], 0 if domain else 8, 2)
            self.assertEqual(row[3], 2)
            self.assertAlmostEqual(row[4], -100 if domain else 300, 1)

    def test_moves_are_asked_for_and_answers_counted(self):
        self.assert_set("LoadBalance", "b", "no")
        self.fake.add_hogs(16, 0)
        self.assert_set("LoadBalance", "b", "yes")
        self.wait_for_moves(requested=12, pending=12, applied=0)
        self.fake.answer_moves(APPLIED)
        self.wait_for_moves(requested=12, pending=0, applied=12)
        wait_until("evenness", lambda: all(abs(row[2] - 2) < 0.01 for row in self.read("DomainLoads")))
        self.wait_for_rounds()
        self.wait_for_moves(requested=12)

    def test_what_is_refused_is_not_asked_again_at_once(self):
        self.assert_set("BalanceIntervalUSec", "t", "500000")
        self.assert_set("LoadBalance", "b", "no")
        self.fake.add_hogs(8, 0)
        self.assert_set("LoadBalance", "b", "yes")
        self.wait_for_moves(requested=6)
        self.fake.answer_moves(REFUSED_AFFINITY)
        self.wait_for_moves(refused_affinity=6, requested=8)

    def test_dry_run_tells_and_does_nothing(self):
        self.assert_set("LoadBalance", "b", "no")
        self.assertEqual(self.plan(), [])
        self.fake.add_hogs(16, 0)
        plan = self.plan()
        self.assertEqual(len(plan), 12)
        for pid, source, target, load, gain, reason in plan:
            self.assertIn(pid, range(1000, 1016))
            self.assertEqual((source, reason), (0, "domain" if target == 1 else "node"))
            self.assertTrue(0 < gain <= load < 0.51)
        self.wait_for_rounds()
        self.wait_for_moves(requested=0)

    def test_dry_run_is_root_s(self):
        result = self.dry_run(user="nobody")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("denied", result.stderr.lower())

    def test_dry_run_needs_a_scheduler(self):
        self.fake.end(self.fake.SYSRQ)
        self.wait_for_state("detached")
        self.assertIn("no scheduler is attached", self.dry_run().stderr)
        self.assertEqual(self.read("DomainLoads"), [])
        self.wait_for_moves(requested=0)


if __name__ == "__main__":
    unittest.main()
