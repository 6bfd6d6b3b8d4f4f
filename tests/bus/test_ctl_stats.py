# SPDX-License-Identifier: GPL-2.0-only
"""wd40ctl stats: tables, JSON, OpenMetrics as a strict reader takes it, and samples."""

import json
import subprocess
import unittest

from harness import CTL, Client, STATISTICS, die_with_parent, wait_until
from test_ctl import Ctl, REFUSED, UNREACHABLE, USAGE


class Stats(Ctl):
    def row(self, name, *arguments):
        for line in self.run_ctl("stats", *arguments).splitlines():
            if line.split()[:1] == [name]:
                return line.split()
        self.fail(f"no line of {name}")

    def test_tables(self):
        self.fake.count("prev_idle", 5)
        self.fake.wait(3, 14, 10)
        self.assertEqual(self.row("prev_idle")[1], "5")
        self.assertIn(self.row("slice_us")[1:3], (["20000", "us"], ["1000", "us"]))  # as full as the machine is
        self.assertEqual(self.row("queue_wait")[1:6], ["p50", "<16.8", "p99", "<16.8", "ms"])
        self.assertEqual(self.row("run_delay")[1], "-")
        text = self.run_ctl("stats")
        machine, nodes, domains = text.split("\n\n")
        self.assertTrue(machine.startswith("STATISTIC"))
        self.assertEqual(len(nodes.splitlines()), 1 + 2)
        self.assertEqual(len(domains.splitlines()), 1 + 4)
        self.assertEqual(domains.splitlines()[0].split()[:3], ["domain", "node", "load"])
        self.assertNotIn("STATISTIC", self.run_ctl("stats", "--no-legend"))

    def test_reset(self):
        self.fake.count("prev_idle", 5)
        self.fake.wait(3, 14, 10)
        self.assertEqual(self.run_ctl("reset-statistics"), "")
        self.fake.count("prev_idle", 2)
        self.assertEqual(self.row("prev_idle")[1], "2")
        self.assertEqual(self.row("queue_wait")[1], "-")

    def test_names(self):
        self.assertEqual(set(self.ctl_json("stats", "kept", "queued")), {"kept", "queued", "at_us", "nodes", "domains"})
        self.assertEqual(len(self.run_ctl("stats", "kept").splitlines()), 3)
        self.assertIn("kepd: no such statistic", self.run_ctl("stats", "kepd", code=REFUSED))

    def test_json_is_what_the_daemon_says(self):
        now = wait_until("the CPUs' shares", lambda: "cpu_busy" in self.ctl_json("stats")) and self.ctl_json("stats")
        there = Client(self).call("GetStatistics", "a{sv}", {}, interface=STATISTICS)
        self.assertEqual(set(now), set(there))
        self.assertEqual(len(now["domains"]), 4)
        self.assertEqual(now["domains"][2].keys(), there["domains"][2].keys())

    def test_options_that_do_not_fit(self):
        for options in (["--openmetrics", "--json"], ["--openmetrics", "--watch"], ["--count", "3"], ["--interval", "2s"],
                        ["--watch", "--count", "none"], ["--watch", "--interval", "soon"]):
            self.run_ctl("stats", *options, code=USAGE)
        for interval in "0", "1ms", "2h":
            self.fails(REFUSED, "stats", "--watch", "--interval", interval,
                       says=[f"--interval: {interval} is out of range (allowed: 100ms to 1h)"])

    def test_watch(self):
        lines = self.run_ctl("stats", "--watch", "--json", "--count", "3", "--interval", "100ms").splitlines()
        samples = [json.loads(line) for line in lines]
        self.assertEqual(len(samples), 3)
        self.assertGreater(samples[2]["at_us"], samples[0]["at_us"])
        text = self.run_ctl("stats", "--watch", "--count", "2", "--interval", "100ms", "--no-legend", "tuner_rounds")
        first, second = [line for line in text.splitlines() if line.startswith("tuner_rounds")]
        self.assertNotIn("/s", first)
        self.assertIn("/s", second)

    def watch(self):
        process = subprocess.Popen([CTL, "stats", "--watch", "--json", "--interval=100ms"], text=True,
                                   env=self.ctl_environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        process.stdout.readline()
        return process

    def test_watch_ends_with_the_daemon(self):
        process = self.watch()
        self.daemon.stop()
        self.assertIn("wd40d has ended", process.communicate()[1])
        self.assertEqual(process.returncode, UNREACHABLE)

    def test_watch_that_is_killed_leaves_no_subscription(self):
        process = self.watch()
        self.assertEqual(self.ctl_json("stats")["subscriptions"], 1)
        process.kill()
        wait_until("no subscription", lambda: self.ctl_json("stats")["subscriptions"] == 0)


class OpenMetrics(Ctl):
    def families(self, *arguments):
        """By name; read by the strict parser of python3-prometheus-client."""
        from prometheus_client.openmetrics.parser import text_string_to_metric_families

        self.text = self.run_ctl("stats", "--openmetrics", *arguments)
        self.assertTrue(self.text.endswith("\n# EOF\n"))
        return {f.name: f for f in text_string_to_metric_families(self.text)}

    def value(self, families, family, sample=None, **labels):
        found = [s.value for s in families[family].samples if s.name == (sample or family) and s.labels == labels]
        self.assertEqual(len(found), 1, (family, sample, labels))
        return found[0]

    def test_state_of_the_service(self):
        f = self.families()
        version = self.get("Version").split('"')[1]
        self.assertEqual((f["wd40_version"].type, self.value(f, "wd40_version", "wd40_version_info", version=version)), ("info", 1))
        self.assertEqual((self.value(f, "wd40_attached"), self.value(f, "wd40_on_trial")), (1, 0))
        self.run_ctl("set", "perf=3", "--for=2min")
        self.assertEqual(self.value(self.families(), "wd40_on_trial"), 1)
        self.run_ctl("revert")
        self.run_ctl("detach")
        self.assertEqual(self.value(self.families(), "wd40_attached"), 0)

    def test_types_units_and_values(self):
        self.fake.count("prev_idle", 5)
        self.fake.count("steal_far", 2**53 + 1)
        f = self.families()
        self.assertEqual((f["wd40_prev_idle"].type, f["wd40_prev_idle"].unit), ("counter", ""))
        self.assertEqual(self.value(f, "wd40_prev_idle", "wd40_prev_idle_total"), 5)
        self.assertIn(f"\nwd40_steal_far_total {2**53 + 1}\n", self.text)
        self.assertEqual((f["wd40_slice_seconds"].type, f["wd40_slice_seconds"].unit), ("gauge", "seconds"))
        self.assertIn(self.value(f, "wd40_slice_seconds"), (0.02, 0.001))  # a full machine has the short one
        self.assertEqual(f["wd40_tuner_time_seconds"].type, "counter")
        self.assertEqual(f["wd40_domain_load_cpus"].unit, "cpus")
        self.assertEqual(self.value(f, "wd40_domain_tasks", domain="3", node="1"), 0)
        self.assertEqual(self.value(f, "wd40_node_imbal", node="0"), 0)

    def test_histograms(self):
        self.fake.wait(3, 10, 4)
        self.fake.wait(2, 12, 1)
        self.fake.wait(5, 24, 2)
        f = self.families()["wd40_domain_queue_wait_seconds"]
        self.assertEqual((f.type, f.unit), ("histogram", "seconds"))
        buckets = {s.labels["le"]: s.value for s in f.samples
                   if s.name.endswith("_bucket") and s.labels["domain"] == "1"}
        self.assertEqual(len(buckets), 25)
        values = [buckets[le] for le in sorted(buckets, key=float)]
        self.assertEqual(values, [0] * 10 + [4, 4] + [5] * 13)
        self.assertEqual(buckets[f"{1024 * 2**10 / 1e9:.9g}"], 4)
        families = self.families()
        self.assertEqual(self.value(families, "wd40_queue_wait_seconds", "wd40_queue_wait_seconds_count"), 7)
        self.assertAlmostEqual(self.value(families, "wd40_domain_queue_wait_seconds", "wd40_domain_queue_wait_seconds_sum",
                                          domain="1", node="0"), (4 * 2**10 + 2**12) * 1024e-9)

    def test_all_that_is_served_is_there(self):
        metadata = Client(self).call("GetMetadata", interface=STATISTICS)
        wanted = [row for row in metadata.values() if row["type"] in ("counter", "gauge", "histogram", "info")]
        found = self.families()
        helps = {f.documentation for f in found.values()}
        for row in wanted:
            if "busy" not in row["description"]:  # unknown for made-up CPUs
                self.assertIn(row["description"], helps)
        self.assertLessEqual(len(found), len(wanted))
        self.assertGreaterEqual(len(found), len(wanted) - 2)

    def test_some_only(self):
        self.assertEqual(set(self.families("kept")), {"wd40_kept", "wd40_at_seconds"})

    def test_without_a_scheduler(self):
        self.fake.end(self.fake.SYSRQ)
        self.wait_for_state("detached")
        self.assertNotIn("wd40_domain_load", self.families())


if __name__ == "__main__":
    unittest.main()
