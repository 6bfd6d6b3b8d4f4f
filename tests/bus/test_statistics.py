# SPDX-License-Identifier: GPL-2.0-only
"""Statistics: snapshots, metadata, samples, their limits, and counting anew."""

import signal
import unittest

from harness import Case, Client, NAME, PATH, Polkit, Refused, STATISTICS, wait_until

DENIED = "org.freedesktop.DBus.Error.AccessDenied"
INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
TENTH = 100000  # us, the shortest interval


class Statistics(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.client = Client(self)

    def call(self, method, *arguments, client=None):
        return (client or self.client).call(method, *arguments, interface=STATISTICS)

    def statistics(self, client=None, **options):
        """Lists as options: scopes, names."""
        return self.call("GetStatistics", "a{sv}", {k: ["as", v] for k, v in options.items()}, client=client)

    def refused(self, method, *arguments, client=None):
        with self.assertRaises(Refused) as caught:
            self.call(method, *arguments, client=client)
        return caught.exception

    def subscribe(self, usec=TENTH, client=None, **options):
        return self.call("Subscribe", "ta{sv}", usec, {k: ["as", v] for k, v in options.items()}, client=client)


class Snapshot(Statistics):
    def test_state_of_the_service(self):
        def state():
            now = self.statistics(scopes=["machine"], names=["attached", "on_trial", "version"])
            return now["attached"], now["on_trial"], now["version"]
        version = self.get("Version").split('"')[1]
        self.assertEqual(state(), (1, 0, version))
        self.client.call("SetTunables", "a{sv}a{sv}", {"PerfLevel": ["u", 3]}, {"confirm-timeout-usec": ["t", 60_000_000]})
        self.assertEqual(state(), (1, 1, version))
        self.client.call("RevertTunables", "t", 2)
        self.client.call("Detach", "a{sv}", {})
        self.assertEqual(state(), (0, 0, version))

    def test_counters_by_name(self):
        self.fake.count("prev_idle", 5)
        self.fake.count("steal_far", 2)
        self.fake.count("queued", 9)
        now = self.statistics()
        self.assertEqual((now["prev_idle"], now["steal_far"], now["queued"]), (5, 2, 9))
        self.assertEqual(now["events"], 7)

    def test_what_is_a_sum_is_exactly_that(self):
        self.fake.add_hogs(16, 0)
        wait_until("the load", lambda: self.statistics()["load"] > 7.9)
        for number in range(8):
            self.fake.wait(number, number % 4, 1 + number)
        now = self.statistics()
        domains, nodes = now["domains"], now["nodes"]
        self.assertEqual([d["id"] for d in domains], [0, 1, 2, 3])
        self.assertEqual([(n["id"], len([d for d in domains if d["node"] == n["id"]])) for n in nodes], [(0, 2), (1, 2)])
        self.assertAlmostEqual(now["load"], sum(d["load"] for d in domains))
        for node in nodes:
            of = [d for d in domains if d["node"] == node["id"]]
            for name in "load", "imbal", "delta", "tasks", "online":
                self.assertAlmostEqual(node[name], sum(d[name] for d in of))
        total, buckets = now["queue_wait"]
        self.assertEqual(total, sum(d["queue_wait"][0] for d in domains))
        self.assertEqual(sum(buckets), sum(range(1, 9)))
        for i, n in enumerate(buckets):
            self.assertEqual(n, sum(d["queue_wait"][1][i] for d in domains))

    def test_a_domain_has_the_waits_of_its_cpus(self):
        self.fake.wait(3, 10, 4)  # CPU 3 is in domain 1
        domains = self.statistics()["domains"]
        self.assertEqual(domains[1]["queue_wait"][1][10], 4)
        self.assertEqual(sum(domains[0]["queue_wait"][1] + domains[2]["queue_wait"][1]), 0)

    def test_metadata_is_of_what_is_served(self):
        wait_until("a reading of the CPUs", lambda: "cpu_busy" in self.statistics())
        metadata = self.call("GetMetadata")
        now = self.statistics()
        served = {k for k in now if k not in ("nodes", "domains")}
        served |= {f"node.{k}" for n in now["nodes"] for k in n}
        served |= {f"domain.{k}" for d in now["domains"] for k in d}
        # the made-up machine has CPUs that this one has not, whose busy share stays unknown
        self.assertEqual(set(metadata), served | {"domain.busy"})
        for name, row in metadata.items():
            self.assertEqual(row["scope"], name.split(".")[0] if "." in name else "machine")
            self.assertIn(row["type"], ("counter", "gauge", "histogram", "mask", "info", "label"))
            self.assertTrue(row["description"])
            self.assertIn("unit", row)
        self.assertEqual(len(metadata["run_delay"]["bounds"]), len(now["run_delay"][1]) - 1)
        self.assertEqual(metadata["domain.queue_wait"]["bounds"][0], 1024)

    def test_the_properties_are_the_same_numbers(self):
        self.fake.count("kept", 3)
        self.assertEqual(self.get("Kept", STATISTICS), f"t {self.statistics()['kept']}")

    def test_only_what_is_asked_for(self):
        self.assertEqual(set(self.statistics(scopes=[], names=[])), set(self.statistics()), "empty lists leave nothing out")
        self.assertEqual(set(self.statistics(scopes=["domain"])), {"domains"})
        self.assertEqual(set(self.statistics(scopes=["machine"], names=["kept", "load"])), {"kept", "load"})
        now = self.statistics(names=["load"])
        self.assertEqual(set(now), {"load", "nodes", "domains"})
        self.assertEqual(set(now["domains"][0]), {"id", "node", "load"})

    def test_what_is_unknown_is_refused(self):
        self.assertEqual(self.refused("GetStatistics", "a{sv}", {"scope": ["as", []]}).name, "UnknownOption")
        self.assertEqual(self.refused("GetStatistics", "a{sv}", {"scopes": ["as", ["core"]]}).name, INVALID)
        self.assertEqual(self.refused("GetStatistics", "a{sv}", {"names": ["as", ["kept", "loda"]]}).name, INVALID)
        self.assertEqual(self.refused("GetStatistics", "a{sv}", {"names": ["s", "kept"]}).name, INVALID)
        self.assertEqual(self.refused("Subscribe", "ta{sv}", TENTH, {"x": ["t", 1]}).name, "UnknownOption")

    def test_everybody_reads(self):
        nobody = Client(self, user="nobody")
        self.assertIn("events", self.statistics(client=nobody))
        self.assertIn("events", self.call("GetMetadata", client=nobody))
        self.subscribe(client=nobody)

    def test_detached(self):
        self.fake.count("kept", 3)
        self.fake.end(self.fake.SYSRQ)
        self.wait_for_state("detached")
        now = self.statistics()
        self.assertEqual((now["kept"], now["nodes"], now["domains"]), (0, [], []))

    def test_balancer_s_answers(self):
        self.assert_set("BalanceIntervalUSec", "t", "100000")
        self.assert_set("LoadBalance", "b", "no")
        self.fake.add_hogs(16, 0)
        self.assert_set("LoadBalance", "b", "yes")
        wait_until("moves", lambda: self.statistics()["balance_requested"] == 12)
        self.fake.answer_moves(2)
        wait_until("answers", lambda: self.statistics()["balance_applied"] == 12)
        now = self.statistics()
        self.assertEqual(now["balance_pending"], 0)
        self.assertGreater(now["balance_rounds"], 2)
        self.assertGreater(now["balance_time_us"], 0)


class Reset(Statistics):
    def test_counts_anew(self):
        self.fake.count("kept", 3)
        self.fake.wait(0, 5, 2)
        before = self.statistics()
        self.call("ResetStatistics")
        now = self.statistics()
        self.assertEqual((before["kept"], now["kept"]), (3, 0))
        self.assertEqual(sum(now["queue_wait"][1]), 0)
        self.assertGreater(now["since_us"], before["since_us"])
        self.assertEqual(now["tasks"], before["tasks"])
        self.assertEqual(self.get("Kept", STATISTICS), "t 0")
        self.fake.count("kept", 4)
        self.fake.wait(0, 5, 1)
        now = self.statistics()
        self.assertEqual((now["kept"], now["queue_wait"][1][5], now["domains"][0]["queue_wait"][1][5]), (4, 1, 1))
        self.assertIn("statistics count from now on, by uid 0", self.daemon.log())

    def test_an_attach_counts_anew_too(self):
        self.fake.count("kept", 3)
        self.call("ResetStatistics")
        self.client.call("Reattach", "a{sv}", {})
        self.wait_for_state("attached")
        self.fake.count("kept", 2)
        now = self.statistics()
        self.assertEqual((now["kept"], now["restarts"]), (2, 1))
        self.assertGreater(now["tuner_rounds"], 0)

    def test_is_not_for_everybody(self):
        polkit = Polkit(self)
        nobody = Client(self, user="nobody")
        self.assertEqual(self.refused("ResetStatistics", client=nobody).name, DENIED)
        self.assertEqual(polkit.asked()[-1]["action"], f"{NAME}.reset-statistics")
        polkit.answer("yes")
        self.call("ResetStatistics", client=nobody)


class Samples(Statistics):
    def take(self, client, n):
        """The next n samples as (id, sequence, statistics)."""
        return [client.next_signal("Sample") for _ in range(n)]

    def subscriptions(self):
        return self.statistics()["subscriptions"]

    def test_come_one_after_the_other(self):
        identity = self.subscribe(names=["tuner_rounds", "at_us"], scopes=["machine"])
        samples = self.take(self.client, 4)
        self.assertEqual([s[0] for s in samples], [identity] * 4)
        self.assertEqual([s[1] for s in samples], [1, 2, 3, 4])
        times = [s[2]["at_us"] for s in samples]
        self.assertGreater(times[3] - times[0], 0.8 * 3 * TENTH)
        self.assertEqual(set(samples[0][2]), {"tuner_rounds", "at_us"})

    def test_are_for_the_subscriber_alone(self):
        other = Client(self)
        first, second = self.subscribe(), self.subscribe(client=other)
        self.assertNotEqual(first, second)
        self.assertEqual({s[0] for s in self.take(self.client, 3)}, {first})
        self.assertEqual({s[0] for s in self.take(other, 3)}, {second})

    def test_end_when_told_to(self):
        identity = self.subscribe()
        self.take(self.client, 1)
        self.assertEqual(self.refused("Unsubscribe", "u", identity, client=Client(self)).name, INVALID)
        self.call("Unsubscribe", "u", identity)
        self.assertEqual(self.subscriptions(), 0)
        sent = self.statistics()["samples"]
        rounds = self.statistics()["tuner_rounds"]
        wait_until("three rounds", lambda: self.statistics()["tuner_rounds"] > rounds + 3)
        self.assertEqual(self.statistics()["samples"], sent)
        self.assertEqual(self.refused("Unsubscribe", "u", identity).name, INVALID)

    def test_interval_has_limits(self):
        for usec in 0, TENTH - 1, 3600000001, 1 << 63:
            refusal = self.refused("Subscribe", "ta{sv}", usec, {})
            self.assertEqual(refusal.name, "OutOfRange")
            self.assertIn("allowed: 100000 to 3600000000 us", refusal.message)
        self.assertEqual(self.subscriptions(), 0)

    def test_a_user_has_a_quota(self):
        nobody, again, daemon = (Client(self, user=u) for u in ("nobody", "nobody", "daemon"))
        for client in (nobody, again) * 8:
            self.subscribe(3600000000, client=client)
        for client in nobody, again:
            self.assertEqual(self.refused("Subscribe", "ta{sv}", TENTH, {}, client=client).name, "LimitExceeded")
        self.subscribe(client=daemon)
        for _ in range(20):
            self.subscribe(3600000000)

    def test_there_is_a_limit_for_all(self):
        for _ in range(256):
            self.subscribe(3600000000)
        self.assertEqual(self.refused("Subscribe", "ta{sv}", TENTH, {}).name, "LimitExceeded")
        self.assertEqual(self.subscriptions(), 256)

    def test_end_with_their_client(self):
        other = Client(self)
        self.subscribe(client=other)
        self.subscribe()
        self.assertEqual(self.subscriptions(), 2)
        other.kill()
        wait_until("the end of its subscription", lambda: self.subscriptions() == 1)
        self.take(self.client, 2)

    def test_a_client_that_is_gone_at_once(self):
        for _ in range(5):
            other = Client(self)
            other.send("Subscribe", "ta{sv}", TENTH, {}, interface=STATISTICS)
            other.kill()
        wait_until("the end of all subscriptions", lambda: self.subscriptions() == 0)

    def test_a_bus_that_does_not_take_them(self):
        other = Client(self)
        for _ in range(32):
            self.subscribe(client=other)
        rounds = self.fake.arena()["tune"]["round"]
        self.bus.process.send_signal(signal.SIGSTOP)
        try:
            # 32 samples of 12 KiB, as they are counted, each time: soon more than may be unread
            wait_until("rounds of the tuner", lambda: self.fake.arena()["tune"]["round"] > rounds + 30)
        finally:
            self.bus.process.send_signal(signal.SIGCONT)
        now = wait_until("an answer", self.statistics)
        self.assertGreater(now["samples_dropped"], 32 * 10)
        self.assertEqual(now["subscriptions"], 32)
        missing = 0
        last = {}
        while not missing:
            identity, sequence, _ = other.next_signal("Sample")
            missing = sequence - last.get(identity, sequence - 1) - 1
            last[identity] = sequence
            self.assertLess(sequence, 100)

    def test_who_does_not_take_them_harms_nobody(self):
        other = Client(self)
        self.subscribe(client=other)
        other.process.send_signal(signal.SIGSTOP)
        self.subscribe()
        self.assertEqual([s[1] for s in self.take(self.client, 10)], list(range(1, 11)))
        self.assertEqual(self.subscriptions(), 2)

    def test_end_with_the_bus(self):
        self.subscribe()
        self.bus.kill()
        wait_until("the loss", lambda: "the bus is gone" in self.daemon.log())
        self.bus.start()
        wait_until("the name", lambda: self.busctl("status", NAME).returncode == 0)
        self.client = Client(self)
        self.assertEqual(self.subscriptions(), 0)
        self.subscribe()
        self.take(self.client, 2)


if __name__ == "__main__":
    unittest.main()
