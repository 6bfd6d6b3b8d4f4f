# SPDX-License-Identifier: GPL-2.0-only
"""The table of loads."""
import unittest

from figures import PARSERS
from loads import LOADS, SECONDS, Machine, loads_for, warm_up_of

ONE_CACHE = Machine(4, ((0, 1, 2, 3),))
TWO_CACHES = Machine(4, ((0, 2), (1, 3)))


class Table(unittest.TestCase):
    def test_names_are_unique(self):
        self.assertEqual(len({load.name for load in LOADS}), len(LOADS))

    def test_each_is_complete_and_its_fields_are_known(self):
        for load in LOADS:
            with self.subTest(load.name):
                self.assertIn(load.parse, PARSERS)
                self.assertTrue(load.figures and load.about)
                self.assertNotIn("{", load.command.format(**TWO_CACHES.fields(load, "quick")))
                self.assertNotIn("{", load.beside.format(**TWO_CACHES.fields(load, "full")))

    def test_figures_of_the_trace_are_traced(self):
        for load in LOADS:
            wants = any(figure.name.startswith("waking_") for figure in load.figures)
            self.assertEqual(bool(load.traced), wants, load.name)


class Choice(unittest.TestCase):
    def test_what_needs_two_caches_is_left_out_where_there_is_one(self):
        names = [load.name for load in loads_for(ONE_CACHE)]
        self.assertNotIn("wakeup-one-cache", names)
        self.assertEqual(len(loads_for(TWO_CACHES)), len(LOADS))

    def test_by_words(self):
        self.assertEqual([load.name for load in loads_for(ONE_CACHE, "forks,pingpong-1")],
                         ["pingpong-1", "pingpong-16", "forks"])

    def test_one_cache_is_named_by_its_cpus(self):
        load = next(load for load in LOADS if load.caches == 2)
        self.assertTrue(load.command.format(**TWO_CACHES.fields(load, "quick")).startswith("taskset -c 0,2 "))

    def test_warming_up_takes_each_program_once_and_little_of_it(self):
        programs = [load.command.split()[0] for load in warm_up_of(LOADS)]
        self.assertEqual(sorted(programs), sorted({load.command.split()[0] for load in LOADS}))
        for load in LOADS:
            fields = ONE_CACHE.fields(load, None)
            self.assertEqual(fields["amount"], 1)
            self.assertLessEqual(fields["seconds"], min(SECONDS.values()))


if __name__ == "__main__":
    unittest.main()
