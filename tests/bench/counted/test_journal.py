# SPDX-License-Identifier: GPL-2.0-only
"""A guest goes on where the last one hung."""
import tempfile
import unittest
from pathlib import Path

from journal import TRIES_MAX, Journal

KEY = (1, "eevdf", "forks")


class Resuming(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "journal"

    def begin(self, times):
        for _ in range(times):
            Journal(self.path).begin(KEY)

    def test_nothing_is_done_at_first(self):
        self.assertFalse(Journal(self.path).is_done(KEY))

    def test_what_ended_is_done_for_the_next_guest(self):
        journal = Journal(self.path)
        journal.begin(KEY)
        journal.end(KEY, figures={"seconds": 1.0}, tries=1)
        self.assertTrue(Journal(self.path).is_done(KEY))
        self.assertFalse(Journal(self.path).is_done((2, "eevdf", "forks")))

    def test_what_hung_one_guest_is_tried_again(self):
        self.begin(TRIES_MAX - 1)
        self.assertFalse(Journal(self.path).is_done(KEY))

    def test_what_hung_several_is_given_up_and_reported(self):
        self.begin(TRIES_MAX)
        self.assertTrue(Journal(self.path).is_done(KEY))
        self.assertEqual(Journal(self.path).done[KEY]["failed"], "the guest hung")


if __name__ == "__main__":
    unittest.main()
