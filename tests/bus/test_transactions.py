# SPDX-License-Identifier: GPL-2.0-only
"""Methods that change tunables: all or nothing, generations, trials, provenance."""

import json
import pathlib
import select
import subprocess
import sys
import unittest

from harness import Client, NAME, Refused, Signals, die_with_parent, wait_until
from transactions import OVER, Transactions, UNDER, usec
from tunables import TUNABLES


class Sets(Transactions):
    def test_several_at_once(self):
        signals = Signals(self)
        self.assertEqual(self.change({UNDER: usec(60000), OVER: usec(50000)}), [2, []])
        self.assertEqual(self.config()["slice_overutil_ns"], 50000000)
        self.assertEqual(self.config()["generation"], 2)
        self.assertEqual(signals.take("TunablesChanged"), [("TunablesChanged", (2, {UNDER: 60000, OVER: 50000}, "runtime"))])

    def test_all_or_nothing(self):
        signals = Signals(self)
        self.refused("OutOfRange", {UNDER: usec(60000), OVER: usec(99)}, "slice-us-overutil", "99", "100")
        self.refused("Conflict", {UNDER: usec(5000), OVER: usec(6000)}, "slice-us-underutil")
        self.refused("UnknownTunable", {UNDER: usec(5000), "Nonsense": usec(1)}, "Nonsense")
        self.refused("org.freedesktop.DBus.Error.InvalidArgs", {UNDER: ["s", "5000"]}, UNDER, "type t")
        self.refused("org.freedesktop.DBus.Error.InvalidArgs", {"Cpumasks": ["as", ["0", ""]]}, "Cpumasks")
        self.assertEqual(signals.take(), [])
        self.assertEqual(self.get("Generation"), "t 1")
        self.assertEqual(self.config()["slice_underutil_ns"], 20000000)

    def test_bad_options(self):
        self.refused("UnknownOption", {OVER: usec(2000)}, "confirm", confirm=usec(1))
        self.refused("org.freedesktop.DBus.Error.InvalidArgs", {OVER: usec(2000)}, "dry-run", dry_run=["s", "yes"])
        self.refused("org.freedesktop.DBus.Error.InvalidArgs", {OVER: usec(2000)}, "persist", persist=["s", "tape"])
        self.assertEqual(self.get("Generation"), "t 1")

    def test_pending_is_told(self):
        self.assertEqual(self.change({"CacheLevel": ["u", 2], OVER: usec(2000)}), [2, ["CacheLevel"]])

    def test_pending_is_what_differs_from_what_is_attached(self):
        self.assertEqual(self.change({"CacheLevel": ["u", 2], "Cpumasks": ["as", ["0xf"]]})[1], ["CacheLevel", "Cpumasks"])
        for dry in True, False:
            values = {"CacheLevel": ["u", 3], "Cpumasks": ["as", ["0-3"]]}
            self.assertEqual(self.change(values, dry_run=["b", dry])[1], ["Cpumasks"])
        self.assertEqual(self.get("PendingReattach"), 'as 1 "Cpumasks"')
        self.client.call("Reattach", "a{sv}", {})
        self.assertEqual(self.change({"Cpumasks": ["as", ["0-1", "2-3"]]}, dry_run=["b", True])[1], ["Cpumasks"])
        self.assertEqual(self.change({"Cpumasks": ["as", ["0xf"]]}, dry_run=["b", True])[1], [])

    def test_dry_run(self):
        signals = Signals(self)
        self.assertEqual(self.change({"CacheLevel": ["u", 2]}, dry_run=["b", True]), [1, ["CacheLevel"]])
        self.refused("OutOfRange", {"Cpumasks": ["as", ["0-99"]]}, "99", dry_run=["b", True])
        self.assertEqual(signals.take(), [])
        self.assertEqual(self.get("CacheLevel"), "u 3")

    def test_expected_generation(self):
        self.change({OVER: usec(2000)}, expected_generation=usec(1))
        for stale in 1, 0:
            self.refused("StaleGeneration", {OVER: usec(3000)}, str(stale), "2", expected_generation=usec(stale))
        self.assertEqual(self.get(OVER), "t 2000")

    def test_expected_instance(self):
        """A restarted daemon counts from 1 again: the same generation, of another instance."""
        before = self.get("InstanceId")
        self.assertRegex(before, '^s "[0-9a-f]{32}"$')
        instance = before[3:-1]
        self.change({OVER: usec(2000)}, expected_generation=usec(1), expected_instance=["s", instance])
        self.daemon.stop()
        self.notifications.messages.clear()
        self.start()
        self.client = Client(self)
        self.assertNotEqual(self.get("InstanceId"), before)
        self.refused("StaleGeneration", {OVER: usec(2000)}, "instance", expected_generation=usec(1),
                     expected_instance=["s", instance])
        self.assertEqual(self.get(OVER), "t 1000")

    def test_each_generation_has_one_winner(self):
        """Eight clients race for 25 generations; each takes what it sees, and many lose."""
        clients = [Client(self) for _ in range(8)]
        won = {}
        while (generation := int(self.get("Generation").split()[1])) <= 25:
            for i, client in enumerate(clients):
                client.send("SetTunables", "a{sv}a{sv}", {UNDER: usec(20000 + 10 * generation + i), OVER:
                            usec(1000 + 10 * generation + i)}, {"expected-generation": usec(generation)})
            for i, client in enumerate(clients):
                try:
                    won.setdefault(client.receive()[0], []).append(i)
                except Refused as refused:
                    self.assertEqual(refused.name, "StaleGeneration")
            winner = won[generation + 1]
            self.assertEqual(len(winner), 1)
            seen = self.config()
            self.assertEqual(seen["generation"], generation + 1)
            self.assertEqual(seen["slice_overutil_ns"], (1000 + 10 * generation + winner[0]) * 1000)
            self.assertEqual(seen["slice_underutil_ns"], (20000 + 10 * generation + winner[0]) * 1000)
        self.assertEqual(sorted(won), list(range(2, 27)))


class Race(Transactions):
    """1000 conflicting changes by eight clients that wait for nobody."""

    CLIENTS, ATTEMPTS = 8, 125

    def racer(self, number):
        script = pathlib.Path(__file__).with_name("racer.py")
        process = subprocess.Popen([sys.executable, "-B", script, self.bus.address, str(number), str(self.ATTEMPTS)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   preexec_fn=die_with_parent)
        for cleanup in process.stdin.close, process.stdout.close, process.wait, process.kill:
            self.addCleanup(cleanup)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def test_each_generation_is_won_once(self):
        racers = [self.racer(i) for i in range(self.CLIENTS)]
        seen = []
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        # What BPF would go by, all the time.
        while any(not select.select([racer.stdout], [], [], 0)[0] for racer in racers):
            seen.append(self.config())
        results = [json.loads(racer.stdout.readline()) for racer in racers]
        committed = {}
        for result in results:
            self.assertEqual(len(result["won"]) + result["late"], self.ATTEMPTS)
            for generation, under, over in result["won"]:
                self.assertNotIn(generation, committed)
                committed[generation] = under * 1000, over * 1000
        self.assertEqual(sorted(committed), list(range(2, len(committed) + 2)))
        self.assertEqual(self.get("Generation"), f"t {len(committed) + 1}")
        self.assertGreater(sum(result["late"] for result in results), 100)  # they did collide
        self.assertGreater(len({config["generation"] for config in seen}), 5)
        committed[1] = 20000000, 1000000
        for config in [*seen, self.config()]:
            self.assertEqual((config["slice_underutil_ns"], config["slice_overutil_ns"]),
                             committed[config["generation"]])


class Trials(Transactions):
    def on_trial(self, value=2000, **options):
        return self.change({OVER: usec(value)}, confirm_timeout_usec=usec(options.pop("timeout", 30000000)),
                           **options)[0]

    def test_expires(self):
        signals = Signals(self)
        generation = self.on_trial(timeout=300000)
        self.assertEqual(self.config()["slice_overutil_ns"], 2000000)
        self.assertEqual(signals.wait_for("TunablesReverted"), (generation, "expired"))
        self.assertEqual(self.get(OVER), "t 1000")
        self.assertEqual(self.config()["slice_overutil_ns"], 1000000)
        self.assertEqual(self.get("UnconfirmedGeneration"), "t 0")
        self.assertEqual(self.describe(OVER)["reverted"], [generation, "expired"])
        self.assertIn(f"generation {generation} is taken back: expired", self.daemon.log())
        self.on_trial()  # may be tried again

    def test_is_shown_and_confirmed(self):
        signals = Signals(self)
        generation = self.on_trial()
        told = {}
        for _, (_, changed, _) in signals.take("PropertiesChanged"):
            told.update(changed)
        self.assertEqual(told["UnconfirmedGeneration"], generation)
        self.assertGreater(told["RevertDeadlineUSec"], 0)
        self.client.call("ConfirmTunables", "t", generation)
        self.assertEqual(self.get("UnconfirmedGeneration"), "t 0")
        self.assertEqual(self.get("RevertDeadlineUSec"), "t 0")
        self.assertEqual(self.get(OVER), "t 2000")
        with self.assertRaises(Refused) as caught:
            self.client.call("ConfirmTunables", "t", generation)
        self.assertEqual(caught.exception.name, "NothingToConfirm")

    def test_is_taken_back_on_request(self):
        generation = self.on_trial()
        with self.assertRaises(Refused) as caught:
            self.client.call("RevertTunables", "t", generation + 1)
        self.assertEqual(caught.exception.name, "NothingToConfirm")
        signals = Signals(self)
        self.client.call("RevertTunables", "t", generation)
        self.assertEqual(signals.take("TunablesReverted"), [("TunablesReverted", (generation, "requested"))])
        self.assertEqual(self.get(OVER), "t 1000")

    def test_outlives_its_client_and_then_expires(self):
        other = Client(self)
        self.change({OVER: usec(2000)}, client=other, confirm_timeout_usec=usec(500000))
        other.kill()
        self.assertEqual(self.get(OVER), "t 2000")
        wait_until("the old value", lambda: self.get(OVER) == "t 1000")

    def test_nothing_else_changes_meanwhile(self):
        self.on_trial()
        self.refused("Busy", {UNDER: usec(30000)}, "trial")
        self.assertNotEqual(self.set("GreedyThreshold", "u", "3").returncode, 0)
        for call in ("ResetTunables", "asa{sv}", [], {}), ("SaveTunables", "asa{sv}", [], {}), ("Reload", "t", 0):
            with self.assertRaises(Refused) as caught:
                self.client.call(*call)
            self.assertEqual(caught.exception.name, "Busy")

    def test_scheduler_that_ends_takes_it_back(self):
        for kind, cause in (self.fake.ERROR, "scheduler-exit"), (self.fake.ERROR_STALL, "stall"):
            with self.subTest(cause):
                signals = Signals(self)
                restarts = int(self.get("RestartCount").split()[1])
                generation = self.on_trial(2000 + restarts)
                self.fake.end(kind, 0, "it went wrong")
                self.assertEqual(signals.wait_for("TunablesReverted"), (generation, cause))
                wait_until("attached", lambda: self.get("RestartCount") == f"u {restarts + 1}")
                self.assertEqual(self.config()["slice_overutil_ns"], 1000000)
                bad = {OVER: usec(2000 + restarts)}
                self.refused("Conflict", bad, "slice-us-overutil", cause, str(generation))
                self.client.call("ConfirmTunables", "t", generation)
                self.change(bad)
                self.change({OVER: usec(1000)})

    def test_hotplug_is_nobodys_fault(self):
        self.on_trial()
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG)
        wait_until("attached", lambda: self.get("RestartCount") == "u 1")
        self.assertEqual(self.config()["slice_overutil_ns"], 2000000)

    def test_attach_that_fails_without_a_report_blames_nothing(self):
        self.fake.end(self.fake.ERROR_STALL, 0, "stall", "long ago")
        wait_until("attached", lambda: self.get("RestartCount") == "u 1")
        generation = self.on_trial()
        signals = Signals(self)
        self.fake.fail("attach", "EIO", 1)
        with self.assertRaises(Refused) as caught:
            self.client.call("Reattach", "a{sv}", {})
        self.assertEqual(caught.exception.name, "AttachFailed")
        self.assertNotIn("long ago", caught.exception.message)
        self.assertEqual(signals.take("SchedulerExited"), [])
        wait_until("attached", lambda: self.get("RestartCount") == "u 2")
        self.assertEqual(self.get("UnconfirmedGeneration"), f"t {generation}")
        self.assertEqual(self.config()["slice_overutil_ns"], 2000000)

    def test_reload_by_signal_takes_it_back(self):
        signals = Signals(self)
        generation = self.on_trial()
        self.daemon.process.send_signal(1)
        self.assertEqual(signals.wait_for("TunablesReverted"), (generation, "reload"))

    def test_needs_live_values(self):
        self.refused("ReattachRequired", {"CacheLevel": ["u", 2]}, "cache-level", confirm_timeout_usec=usec(1000000))
        for short in 1, 0:
            self.refused("OutOfRange", {OVER: usec(2000)}, "confirm-timeout-usec", confirm_timeout_usec=usec(short))
        self.assertEqual(self.get(OVER), "t 1000")


class Tells(Transactions):
    def test_each_tunable_is_described(self):
        rows = self.client.call("DescribeTunables")
        self.assertEqual(set(rows), set(TUNABLES))
        for name, row in rows.items():
            self.assertEqual(row["current"], row["default"], name)
            self.assertEqual(row["origin"], "default")
            self.assertLessEqual({"key", "type", "unit", "applied", "description"}, set(row))
        row = rows["BalanceIntervalUSec"]
        self.assertEqual((row["type"], row["unit"], row["min"], row["max"]), ("t", "us", 100000, 60000000))
        self.assertEqual(rows["CacheLevel"]["applied"], "reattach")
        self.assertNotIn("min", rows["Cpumasks"])

    def test_provenance(self):
        self.daemon.stop()
        self.notifications.messages.clear()
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\n\ninterval = 3")
        self.start("--perf=7")
        self.change({OVER: usec(2000)}, reason=["s", "für's\tBüro"])
        row = self.describe("BalanceIntervalUSec")
        self.assertEqual((row["origin"], row["line"]), ("file", 3))
        self.assertEqual(self.describe("PerfLevel")["origin"], "command-line")
        self.assertEqual(self.describe(OVER)["origin"], "runtime")
        author = self.client.call("GetDetails", interface=f"{NAME}.Details")["Authors"][OVER]
        self.assertEqual((author["uid"], author["reason"]), (0, "für's?Büro"))
        self.assertIn("für's?Büro", self.daemon.log())

    def test_check_config_changes_nothing(self):
        self.assertEqual(self.client.call("CheckConfig"), [])
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 9000\nslice-us-overutil = 2000")
        path, key, line, message = self.client.call("CheckConfig")[0]
        self.assertTrue(path.endswith("etc/wd40d/wd40d.ini"))
        self.assertEqual((key, line), ("perf", 2))
        self.assertIn("0 to 1024", message)
        self.assertEqual(self.get(OVER), "t 1000")

    def test_reload(self):
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 9000\nslice-us-overutil = 2000")
        with self.assertRaises(Refused) as caught:
            self.client.call("Reload", "t", 1)
        self.assertEqual(caught.exception.name, "ConfigInvalid")
        self.assertIn("wd40d.ini:2: perf", caught.exception.message)
        self.assertEqual(self.get(OVER), "t 1000")
        self.client.call("Reload", "t", 0)
        self.assertEqual(self.get(OVER), "t 2000")
        with self.assertRaises(Refused) as caught:
            self.client.call("Reload", "t", 2)
        self.assertEqual(caught.exception.name, "UnknownOption")


class Control(Transactions):
    def attempt(self, method):
        with self.assertRaises(Refused) as caught:
            self.client.call(method, "a{sv}", {})
        return caught.exception.name

    def test_detach_and_attach(self):
        self.client.call("Detach", "a{sv}", {"reason": ["s", "to compare"]})
        self.assertEqual(self.get("State"), 's "detached"')
        self.assertEqual(self.fake.calls("detach"), [("detach", 0)])
        self.assertIn("to compare", self.daemon.log())
        self.assertEqual(self.client.call("Detach", "a{sv}", {}), None, "so it is already")
        self.assertEqual(self.fake.calls("detach"), [("detach", 0)])
        self.assertEqual(self.attempt("Reattach"), "NotAttached")
        self.client.call("Attach", "a{sv}", {})
        self.assertEqual(self.get("State"), 's "attached"')
        self.client.call("Attach", "a{sv}", {})
        self.assertEqual(len(self.fake.calls("attach")), 2)

    def test_reattach_applies_what_is_pending(self):
        self.change({"CacheLevel": ["u", 2]})
        self.client.call("Reattach", "a{sv}", {})
        self.assertEqual(self.get("PendingReattach"), "as 0")
        self.assertEqual(self.fake.arena()["nr_domains"], 8)

    def test_failures_have_names(self):
        self.client.call("Detach", "a{sv}", {})
        for call, errno_name, error in [("attach", "EBUSY", "AnotherSchedulerActive"),
                                        ("open", "EOPNOTSUPP", "UnsupportedKernel"),
                                        ("open", "EINVAL", "VerifierRejected"), ("open", "ENOMEM", "AttachFailed")]:
            with self.subTest(error):
                self.fake.fail(call, errno_name)
                self.assertEqual(self.attempt("Attach"), error)
                self.fake.succeed(call)
                if self.get("State") == 's "reattaching"':
                    self.client.call("Detach", "a{sv}", {})

    def test_detach_ends_the_attempts(self):
        self.fake.fail("open", "ENOMEM")
        self.fake.end(self.fake.ERROR, 0, "runtime error")
        self.wait_for_state("reattaching")
        self.client.call("Detach", "a{sv}", {})
        self.assertEqual(self.get("State"), 's "detached"')

    def test_dump(self):
        text = self.client.call("Dump")
        for part in "state: attached", "slice-us-overutil = 1000 (default)", "[counters]":
            self.assertIn(part, text)

    def test_log_level(self):
        def level(*value):
            return self.busctl("set-property" if value else "get-property", NAME, "/org/freedesktop/LogControl1",
                               "org.freedesktop.LogControl1", "LogLevel", *value)

        self.assertEqual(level().stdout, 's "info"\n')
        self.assertEqual(level("s", "debug").returncode, 0)
        self.assertEqual(level().stdout, 's "debug"\n')
        self.assertNotEqual(level("s", "loud").returncode, 0)


if __name__ == "__main__":
    unittest.main()
