# SPDX-License-Identifier: GPL-2.0-only
"""Rounds are interleaved, and what fails or hangs is repeated once, given up and reported."""
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest import mock

import guest
import measure
import rounds
from loads import Load, Machine, SECONDS_TAKEN

LOAD = Load("forks", "", "true", SECONDS_TAKEN, "elapsed")


class Commands(unittest.TestCase):
    def test_what_a_load_prints_is_taken(self):
        self.assertEqual(measure.run("echo work 1", 60), "work 1\n")

    def test_a_load_that_hangs_is_given_up(self):
        with self.assertRaisesRegex(measure.Failed, "not over within"):
            measure.run("sleep 600", 0.01)

    def test_a_load_that_fails_has_no_figures(self):
        with self.assertRaisesRegex(measure.Failed, "status 1"):
            measure.run("false", 60)

    def test_what_runs_beside_must_not_end(self):
        with mock.patch.object(measure, "LEAD_S", 0):
            with self.assertRaisesRegex(measure.Failed, "ended early"):
                with measure.beside("true") as process:
                    process.wait()

    def test_output_that_is_not_understood_is_a_failure(self):
        with self.assertRaisesRegex(measure.Failed, "no figures"):
            measure.parse(Load("x", "", "x", (), "hackbench"), "Killed\n")


class Rounds(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.machine = Machine(1, ((0,),))
        for where, name, value in ((guest, "SHARE", Path(folder.name)), (guest, "read_machine", lambda: self.machine),
                                   (guest, "Scheduler", mock.MagicMock()), (rounds, "loads_for", lambda *_: [LOAD])):
            patch = mock.patch.object(where, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.run = rounds.Run("quick", 2, "", [("eevdf", ""), ("wd40", "wd40d")])

    def attempt(self, *outcomes):
        scheduler = guest.Scheduler.return_value
        with mock.patch.object(self.run, "once", side_effect=outcomes), redirect_stdout(StringIO()):
            return self.run.attempt(1, LOAD, scheduler)

    def test_are_interleaved_with_the_cost_at_the_end(self):
        self.assertEqual([(name, scheduler[0]) for name, scheduler in self.run.plan()],
                         [("warm-up", "eevdf"), (1, "eevdf"), (1, "wd40"), (2, "eevdf"), (2, "wd40"), ("cost", "wd40")])

    def test_a_failure_is_repeated_once(self):
        self.assertEqual(self.attempt(measure.Failed("hangs"), {"figures": {}}), {"figures": {}, "tries": 2})

    def test_after_two_it_is_given_up(self):
        self.assertEqual(self.attempt(measure.Failed("hangs"), measure.Failed("hangs")), {"failed": "hangs", "tries": 2})

    def test_a_scheduler_that_does_not_attach_is_reported_for_each_load(self):
        guest.Scheduler.return_value.__enter__.side_effect = guest.Lost("it does not attach")
        with redirect_stdout(StringIO()):
            self.run.one_round(1, "wd40", "wd40d")
        self.assertEqual(self.run.journal.done[(1, "wd40", "forks")]["failed"], "it does not attach")


if __name__ == "__main__":
    unittest.main()
