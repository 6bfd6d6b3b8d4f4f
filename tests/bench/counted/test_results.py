# SPDX-License-Identifier: GPL-2.0-only
"""From the steps of guests to results, tables and plots, and what a comparison finds."""
import copy
import unittest

from compare import differences, regressions
from plot import gnuplot_script
from results import collect
from table import markdown

META = {"topology": "uni", "kernel": "7.3", "commit": "0123456789abcdef", "command": "tests/lab bench", "size": "quick",
        "rounds": 3, "real_s": 600, "cpu_s": 300, "schedulers": {"eevdf": "", "wd40": "wd40d"}}
COST = {"switches": 100, "wakeups": 50, "programs": {"wd40_enqueue": {"ns": 20000, "runs": 10},
                                                    "wd40_dispatch": {"ns": 30000, "runs": 100}}}


def step(round_name, scheduler, load, **figures):
    return {"round": round_name, "scheduler": scheduler, "load": load, "tries": 1, "figures": figures}


def waking(count, p50_us):
    return {"comm": "cyclictest", "policy": 0, "count": count, "p50_us": p50_us, "p99_us": 9.0, "max_us": 10.0}


def steps():
    rounds = [step("warm-up", "eevdf", "forks", seconds=99.0), {"round": 1, "scheduler": "eevdf", "load": "forks", "begins": True}]
    for number in (1, 2, 3):
        rounds += [step(number, "eevdf", "forks", seconds=2.0 + number / 10), step(number, "wd40", "forks", seconds=1.1),
                   step(number, "eevdf", "work", work=100.0), step(number, "wd40", "work", work=99.0),
                   step(number, "wd40", "wakeup", wakeup_p50_us=5.0) | {"waking": [waking(100, number), waking(2, 99.0)]}]
    rounds.append({"round": "cost", "scheduler": "wd40", "load": "pingpong-1", "tries": 1, "cost": COST})
    rounds.append({"round": 1, "scheduler": "wd40", "load": "audio", "tries": 2, "failed": "not over within 90 s"})
    return rounds


def result():
    return collect(META, steps())


class Collecting(unittest.TestCase):
    def test_figures_are_medians_of_the_rounds_without_the_warm_up(self):
        forks = result()["figures"]["forks"]["seconds"]
        self.assertEqual(forks["schedulers"]["eevdf"], {"rounds": [2.1, 2.2, 2.3], "median": 2.2, "spread_pct": 9.1})
        self.assertEqual((forks["unit"], forks["better"], forks["counted"]), ("s", "lower", True))

    def test_wakeups_by_name_and_policy_without_the_rare_ones(self):
        self.assertEqual(result()["wakeups"]["wakeup"]["wd40"]["cyclictest 0"],
                         {"count": 100, "p50_us": 2, "p99_us": 9.0, "max_us": 10.0})

    def test_loads_that_had_to_be_repeated_are_listed(self):
        self.assertEqual([(row["load"], row["failed"]) for row in result()["repeated"]],
                         [("audio", "not over within 90 s")])


class Showing(unittest.TestCase):
    def test_the_table_has_the_base_and_ratios_to_it(self):
        text = markdown(result())
        self.assertIn("| forks: seconds | 2.2 s (±5 %) | 0.50 (±0 %) |", text)
        self.assertIn("| work: work ↑ | 100 M (±0 %) | 0.99 (±0 %) |", text)

    def test_what_the_base_lacks_is_shown_as_it_is(self):
        self.assertIn("| wakeup: wakeup_p50_us | - | 5 (±0 %) |", markdown(result()))

    def test_the_cost_of_each_program_and_of_all(self):
        self.assertIn("| pingpong-1 | 100 | 50 | 500 | 1,000 | 300 x 1.00 | 2,000 x 0.10 |", markdown(result()))

    def test_the_plot_has_a_dot_for_each_ratio(self):
        script = gnuplot_script(result(), "out.svg")
        self.assertIn('"forks: seconds" 2, "work: work ↑" 1', script)
        self.assertIn("0.5 2\n0.99 1\ne\n", script)


class Comparing(unittest.TestCase):
    def setUp(self):
        self.old, self.new = result(), copy.deepcopy(result())

    def median(self, load, figure):
        return self.new["figures"][load][figure]["schedulers"]["wd40"]

    def test_the_same_is_no_regression(self):
        self.assertEqual(regressions(self.old, self.new), [])

    def test_five_percent_are_allowed(self):
        self.median("forks", "seconds")["median"] = 1.1 * 1.049
        self.assertEqual(regressions(self.old, self.new), [])

    def test_more_are_not(self):
        self.median("forks", "seconds")["median"] = 1.1 * 1.06
        self.assertEqual(regressions(self.old, self.new), ["wd40: forks, seconds: 1.1, now 1.166: 6.0 % worse"])

    def test_what_was_as_bad_in_a_round_of_the_old_is_not(self):
        self.median("forks", "seconds")["median"] = 1.1 * 1.06
        self.old["figures"]["forks"]["seconds"]["schedulers"]["wd40"]["rounds"] = [1.1, 1.1, 1.2]
        self.assertEqual(regressions(self.old, self.new), [])

    def test_of_work_less_is_worse(self):
        self.median("work", "work")["median"] = 120
        self.assertEqual(regressions(self.old, self.new), [])
        self.median("work", "work")["median"] = 90
        self.assertIn("wd40: work, work: 99, now 90: 9.1 % worse", regressions(self.old, self.new))

    def test_percentiles_are_not_held(self):
        self.median("wakeup", "wakeup_p50_us")["median"] = 500
        self.assertEqual(regressions(self.old, self.new), [])

    def test_what_bpf_takes_for_a_switch_is(self):
        self.new["cost"]["wd40"]["pingpong-1"]["programs"]["wd40_enqueue"]["ns"] = 25000
        self.assertEqual(regressions(self.old, self.new),
                         ["wd40: pingpong-1, BPF ns per switch: 500, now 550: 10.0 % worse"])

    def test_other_machines_are_told(self):
        self.new["kernel"] = "7.4"
        self.assertEqual(differences(self.old, self.new), ["kernel: 7.3, now 7.4"])


if __name__ == "__main__":
    unittest.main()
