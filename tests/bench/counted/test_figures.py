# SPDX-License-Identifier: GPL-2.0-only
"""Reading what loads print, and medians."""
import unittest

import figures

CYCLICTEST = """# Histogram
000000 000000
000001 000000
000019 000090
000036 000009
000038 000001
# Min Latencies: 00019
# Avg Latencies: 00021
# Max Latencies: 00038
# Histogram Overflows: 00000
"""


class Parsing(unittest.TestCase):
    def test_own_programs_print_a_figure_a_line(self):
        self.assertEqual(figures.parse_own("work 323.57\nkyields 2e3\n"), {"work": 323.57, "kyields": 2000})

    def test_hackbench_prints_its_time_last(self):
        self.assertEqual(figures.parse_hackbench("Running in process mode\nTime: 2.713\n"), {"seconds": 2.713})

    def test_cyclictest_prints_a_histogram(self):
        self.assertEqual(figures.parse_cyclictest(CYCLICTEST),
                         {"wakeup_p50_us": 19, "wakeup_p99_us": 36, "wakeup_max_us": 38})

    def test_what_is_beyond_its_histogram_counts_as_the_longest(self):
        text = CYCLICTEST.replace("00038\n", "40000\n").replace("Overflows: 00000", "Overflows: 00300")
        self.assertEqual(figures.parse_cyclictest(text),
                         {"wakeup_p50_us": 40000, "wakeup_p99_us": 40000, "wakeup_max_us": 40000})

    def test_what_is_not_there_is_an_error(self):
        for name in ("hackbench", "cyclictest"):
            with self.assertRaises((TypeError, ValueError)):
                figures.PARSERS[name]("Killed\n")


class Percentile(unittest.TestCase):
    def test_is_the_least_value_that_so_many_do_not_exceed(self):
        histogram = {10: 50, 20: 49, 1000: 1}
        self.assertEqual([figures.percentile(histogram, part) for part in (0.5, 0.51, 0.99, 1)], [10, 20, 20, 1000])

    def test_of_nothing_is_an_error(self):
        with self.assertRaises(ValueError):
            figures.percentile({}, 0.5)


class Summary(unittest.TestCase):
    def test_has_the_median_and_the_spread_around_it(self):
        self.assertEqual(figures.summary([110, 90, 100]), {"rounds": [110, 90, 100], "median": 100, "spread_pct": 20.0})

    def test_of_zeros_has_no_spread(self):
        self.assertEqual(figures.summary([0, 0])["spread_pct"], 0)

    def test_no_ratio_to_nothing(self):
        self.assertIsNone(figures.ratio(1, 0))
        self.assertEqual(figures.ratio(1, 2), 0.5)


if __name__ == "__main__":
    unittest.main()
