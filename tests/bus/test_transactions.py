# SPDX-License-Identifier: GPL-2.0-only
"""Methods that change tunables: all or nothing, generations, trials, saving, provenance."""

import json
import pathlib
import select
import subprocess
import sys
import unittest

from harness import Case, Client, DAEMON, NAME, Refused, Signals, die_with_parent, wait_until

OVER, UNDER = "SliceOverutilUSec", "SliceUnderutilUSec"
SAVED = "etc/wd40d/wd40d.ini.d/90-runtime.ini"


def usec(value):
    return ["t", value]


class Transactions(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.client = Client(self)

    def change(self, values, client=None, **options):
        return (client or self.client).call("SetTunables", "a{sv}a{sv}", values,
                                            {k.replace("_", "-"): v for k, v in options.items()})

    def refused(self, error, values, *parts, **options):
        with self.assertRaises(Refused) as caught:
            self.change(values, **options)
        self.assertEqual(caught.exception.name, error)
        for part in parts:
            self.assertIn(part, caught.exception.message)

    def describe(self, name):
        return self.client.call("DescribeTunables")[name]

    def config(self):
        return self.fake.arena()["config"]


class Sets(Transactions):
    def test_several_at_once(self):
        signals = Signals(self)
        self.assertEqual(self.change({UNDER: usec(60000), OVER: usec(50000)}), [2, []])
        self.assertEqual(self.config()["slice_overutil_ns"], 50000000)
        self.assertEqual(self.config()["generation"], 2)
        self.assertEqual(signals.take("TunablesChanged"), [("TunablesChanged", (2, [UNDER, OVER], "runtime", 0))])

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


class Saves(Transactions):
    def restart(self):
        self.assertEqual(self.daemon.stop(), 0)
        self.notifications.messages.clear()
        self.start()

    def test_saved_values_survive_a_restart(self):
        self.change({UNDER: usec(8000), OVER: usec(7000)})
        self.assertEqual(self.get("UnsavedTunables"), f'as 2 "{UNDER}" "{OVER}"')
        self.assertEqual(self.client.call("SaveTunables", "asa{sv}", [UNDER], {}), f"/{SAVED}")
        self.assertEqual(self.get("UnsavedTunables"), f'as 1 "{OVER}"')
        self.restart()
        self.assertEqual(self.get(UNDER), "t 8000")
        self.assertEqual(self.get(OVER), "t 1000")
        row = self.describe(UNDER)
        self.assertEqual((row["origin"], row["line"]), ("drop-in", 3))
        self.assertTrue(row["path"].endswith(SAVED))

    def test_persist(self):
        self.change({OVER: usec(2000)}, persist=["s", "disk"])
        self.assertIn("slice-us-overutil = 2000", (self.root / SAVED).read_text())
        self.assertEqual(self.client.call("ResetTunables", "asa{sv}", [OVER], {"persist": ["s", "disk"]}), 3)
        self.assertNotIn("slice", (self.root / SAVED).read_text())
        self.assertEqual(self.get(OVER), "t 1000")

    def test_link_in_its_place(self):
        precious = self.root / "precious"
        precious.write_text("mine")
        (self.root / SAVED).parent.mkdir(parents=True)
        (self.root / SAVED).symlink_to(precious)
        self.refused("PersistFailed", {OVER: usec(2000)}, "symbolic link", persist=["s", "disk"])
        self.assertEqual(precious.read_text(), "mine")
        self.assertEqual(self.get(OVER), "t 1000")
        self.assertEqual(self.get("Generation"), "t 1")

    def test_directory_in_its_place(self):
        (self.root / SAVED / "x").mkdir(parents=True)
        self.refused("PersistFailed", {OVER: usec(2000)}, "it is not a file", persist=["s", "disk"])
        self.assertEqual(self.get(OVER), "t 1000")
        self.assertTrue((self.root / SAVED / "x").is_dir())

    def mount(self, *options):
        """A file system of its own for what is saved, with something saved in it."""
        where = self.root / "etc/wd40d"
        where.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", where], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", where], check=True)
        self.change({OVER: usec(2000)}, persist=["s", "disk"])
        return where

    def nothing_is_lost(self, why):
        before = (self.root / SAVED).read_text()
        self.refused("PersistFailed", {OVER: usec(3000)}, why, persist=["s", "disk"])
        self.assertEqual(self.get(OVER), "t 2000")
        self.assertEqual(self.get("Generation"), "t 2")
        self.assertEqual(self.config()["slice_overutil_ns"], 2000000)
        self.change({OVER: usec(4000)})
        for call in ("SaveTunables", "asa{sv}", [], {}), ("ResetTunables", "asa{sv}", [], {"persist": ["s", "disk"]}):
            with self.assertRaises(Refused) as caught:
                self.client.call(*call)
            self.assertEqual(caught.exception.name, "PersistFailed")
        self.assertEqual(self.get(OVER), "t 4000")
        self.assertEqual((self.root / SAVED).read_text(), before)
        self.assertEqual([p.name for p in (self.root / SAVED).parent.iterdir()], ["90-runtime.ini"])
        row = self.describe(OVER)
        self.assertEqual((row["origin"], row["current"]), ("runtime", 4000))
        self.restart()
        self.assertEqual(self.get(OVER), "t 2000")

    def test_full_disk(self):
        where = self.mount()
        with open(where / "filler", "wb", 0) as filler, self.assertRaises(OSError):
            while True:
                filler.write(b"x" * 512)
        self.nothing_is_lost("No space left on device")

    def test_read_only(self):
        where = self.mount()
        subprocess.run(["mount", "-o", "remount,ro", where], check=True)
        self.nothing_is_lost("Read-only file system")

    def test_trial_that_cannot_be_saved_stays_in_force(self):
        where = self.mount()
        generation = self.change({OVER: usec(3000)}, persist=["s", "disk"], confirm_timeout_usec=usec(30000000))[0]
        subprocess.run(["mount", "-o", "remount,ro", where], check=True)
        with self.assertRaises(Refused) as caught:
            self.client.call("ConfirmTunables", "t", generation)
        self.assertEqual(caught.exception.name, "PersistFailed")
        self.assertEqual(self.get(OVER), "t 3000")
        self.assertEqual(self.get("UnconfirmedGeneration"), "t 0")
        self.assertIn("2000", (self.root / SAVED).read_text())

    def test_trial_is_saved_when_confirmed(self):
        generation = self.change({OVER: usec(2000)}, persist=["s", "disk"], confirm_timeout_usec=usec(30000000))[0]
        self.assertFalse((self.root / SAVED).exists())
        self.client.call("ConfirmTunables", "t", generation)
        self.assertIn("slice-us-overutil = 2000", (self.root / SAVED).read_text())

    def test_trial_saves_what_was_in_force_before(self):
        self.change({OVER: usec(2000)})
        trial = {"persist": ["s", "disk"], "confirm_timeout_usec": usec(30000000)}
        self.assertEqual(self.change({OVER: usec(2000)}, **trial), [2, []])
        self.assertEqual(self.get("UnconfirmedGeneration"), "t 2")
        self.client.call("ConfirmTunables", "t", 2)
        self.assertIn("slice-us-overutil = 2000", (self.root / SAVED).read_text())
        self.change({OVER: usec(2000), "PerfLevel": ["u", 0], UNDER: usec(30000)}, **trial)
        self.client.call("ConfirmTunables", "t", 3)
        for line in "slice-us-underutil = 30000", "slice-us-overutil = 2000", "perf = 0":
            self.assertIn(line, (self.root / SAVED).read_text())

    def test_reset(self):
        self.change({OVER: usec(2000), UNDER: usec(30000)})
        self.assertEqual(self.client.call("ResetTunables", "asa{sv}", [OVER], {}), 3)
        self.assertEqual(self.get(OVER), "t 1000")
        self.assertEqual(self.client.call("ResetTunables", "asa{sv}", [], {}), 4)
        self.assertEqual(self.get(UNDER), "t 20000")
        self.assertEqual(self.get("UnsavedTunables"), "as 0")


    def test_reset_of_a_saved_value_that_others_lean_on(self):
        self.change({UNDER: usec(50000)}, persist=["s", "disk"])
        self.change({OVER: usec(40000)})
        saved = (self.root / SAVED).read_text()
        for dry in False, True:
            with self.assertRaises(Refused) as caught:
                self.client.call("ResetTunables", "asa{sv}", [UNDER], {"persist": ["s", "disk"], "dry-run": ["b", dry]})
            self.assertEqual(caught.exception.name, "Conflict")
        self.assertEqual((self.root / SAVED).read_text(), saved)
        self.assertEqual(self.get(UNDER), "t 50000")
        self.assertEqual(self.describe(UNDER)["line"], 3)
        self.assertEqual(self.get("Generation"), "t 3")

    def test_reset_reloads_nothing_else(self):
        self.change({"PerfLevel": ["u", 5], UNDER: usec(30000)}, persist=["s", "disk"])
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 7\nslice-us-overutil = 3000\nbogus = 1")
        self.assertEqual(self.client.call("ResetTunables", "asa{sv}", ["PerfLevel"], {"persist": ["s", "disk"]}), 3)
        self.assertEqual(self.get("PerfLevel"), "u 7")
        self.assertEqual(self.get(OVER), "t 1000")
        self.assertIn("wd40d.ini:4: bogus", self.daemon.log())
        self.assertEqual(self.describe(UNDER)["line"], 3)
        self.assertNotIn("perf", (self.root / SAVED).read_text())


    def test_each_way_to_save_is_logged(self):
        disk = {"persist": ["s", "disk"]}
        says = f"values are saved in /{SAVED}, by uid 0"
        self.change({OVER: usec(2000)}, dry_run=["b", True], **disk)
        self.assertEqual(self.client.call("SaveTunables", "asa{sv}", ["PerfLevel"], {}), "")
        self.assertEqual(self.client.call("ResetTunables", "asa{sv}", [], disk), 1)
        self.assertEqual(self.ctl("save", "perf").stdout, "nothing to save\n")
        self.assertNotIn(SAVED, self.daemon.log())
        self.change({OVER: usec(2000)}, **disk)
        self.assertEqual(self.daemon.log().count(says), 1)
        self.change({OVER: usec(3000)}, confirm_timeout_usec=usec(30000000), **disk)
        self.assertEqual(self.daemon.log().count(says), 1)
        self.client.call("ConfirmTunables", "t", 3)
        self.assertEqual(self.daemon.log().count(says), 2)
        self.change({OVER: usec(4000)})
        self.client.call("SaveTunables", "asa{sv}", [], {})
        self.assertEqual(self.daemon.log().count(says), 3)
        self.client.call("ResetTunables", "asa{sv}", [OVER], disk)
        self.assertIn(f"values are no longer saved in /{SAVED}, by uid 0", self.daemon.log())


class Overridden(Transactions):
    """The command line has the last word on PerfLevel after a restart."""

    def start(self):
        super().start("--perf=5")

    def test_is_refused_before_it_is_tried(self):
        disk = {"persist": ["s", "disk"]}
        for more in {"dry_run": ["b", True]}, {"confirm_timeout_usec": usec(30000000)}, {}:
            self.refused("PersistFailed", {"PerfLevel": ["u", 3]}, "perf: the command line", **disk, **more)
        self.assertEqual(self.get("PerfLevel"), "u 5")
        self.assertEqual(self.get("UnconfirmedGeneration"), "t 0")

    def test_of_all_those_that_can_be_are_saved(self):
        self.change({"PerfLevel": ["u", 3]})
        with self.assertRaises(Refused) as caught:
            self.client.call("SaveTunables", "asa{sv}", [], {})
        self.assertEqual(caught.exception.name, "PersistFailed")
        self.change({OVER: usec(2000)})
        result = self.ctl("save")
        self.assertEqual(result.stdout, f"saved in /{SAVED}\nperf cannot be saved; why: wd40ctl save perf\n")
        self.assertIn("slice-us-overutil = 2000", (self.root / SAVED).read_text())
        self.assertEqual(self.get("UnsavedTunables"), 'as 1 "PerfLevel"')
        self.assertIn("the command line", self.ctl("save", "perf").stderr)


class Tells(Transactions):
    def test_each_tunable_is_described(self):
        rows = self.client.call("DescribeTunables")
        self.assertEqual(len(rows), 20)
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
        self.change({OVER: usec(2000)}, reason=["s", "too\tslow"])
        row = self.describe("BalanceIntervalUSec")
        self.assertEqual((row["origin"], row["line"]), ("file", 3))
        self.assertEqual(self.describe("PerfLevel")["origin"], "command-line")
        row = self.describe(OVER)
        self.assertEqual((row["origin"], row["uid"], row["reason"]), ("runtime", 0, "too?slow"))
        self.assertIn("too?slow", self.daemon.log())

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


class Impossible(Case):
    """Files ask for domains that this machine cannot have."""

    BAD = '[wd40d]\n\ncpumasks = "0-3;100-200"\nperf = 7'

    def write(self, text):
        self.machine.write("etc/wd40d/wd40d.ini", text)

    def refused(self, *call):
        with self.assertRaises(Refused) as caught:
            self.client.call(*call)
        return caught.exception

    def test_reload(self):
        self.write('[wd40d]\ncpumasks = "0-3;4-7"')
        self.start()
        self.client = Client(self)
        self.write(self.BAD)
        path, key, line, message = self.client.call("CheckConfig")[0]
        self.assertEqual((path, key, line), (f"{self.root}/etc/wd40d/wd40d.ini", "cpumasks", 3))
        self.assertIn("that the machine has not", message)
        refused = self.refused("Reload", "t", 1)
        self.assertEqual(refused.name, "ConfigInvalid")
        self.assertIn("wd40d.ini:3: cpumasks: ", refused.message)
        self.assertEqual(self.get("Cpumasks"), 'as 2 "0-3" "4-7"')
        self.client.call("Reload", "t", 0)
        self.assertIn(f"wd40d.ini:3: {message}", self.daemon.log())
        self.assertEqual(self.get("Cpumasks"), "as 0")
        self.assertEqual(self.get("PerfLevel"), "u 7")
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG)
        wait_until("attached", lambda: self.get("RestartCount") == "u 1")
        self.assertEqual(self.fake.arena()["nr_domains"], 4)

    def test_start(self):
        self.write(self.BAD)
        self.start()
        self.assertIn("wd40d.ini:3: cpumasks: ", self.daemon.log())
        self.assertEqual(self.get("Cpumasks"), "as 0")
        self.assertEqual(self.get("PerfLevel"), "u 7")

    def check(self, *arguments):
        return subprocess.run([DAEMON, f"--root={self.root}", "--check", *arguments], capture_output=True, text=True)

    def test_check(self):
        self.assertEqual(self.check("--cpumasks=0-3;4-7").returncode, 0)
        result = self.check("--cpumasks=0-3;99")
        self.assertEqual(result.returncode, 65)
        self.assertIn("command line: cpumasks: ", result.stdout)
        self.write(self.BAD)
        result = self.check()
        self.assertEqual(result.returncode, 65)
        self.assertIn("wd40d.ini:3: cpumasks: ", result.stdout)

    def test_machine_that_became_smaller(self):
        """What was possible when it was asked for is so no more when the scheduler restarts."""
        self.start()
        self.assert_set("Cpumasks", "as", "2", "0-5", "6-7")
        self.machine.write("sys/devices/system/cpu/possible", "0-5")
        self.machine.write("sys/devices/system/cpu/online", "0-5")
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG)
        wait_until("attached", lambda: self.get("RestartCount") == "u 1")
        self.assertIn("the domains stay as they were", self.daemon.log())
        self.assertEqual(self.fake.arena()["nr_domains"], 3)
        self.assertEqual(self.get("PendingReattach"), 'as 1 "Cpumasks"')


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
        self.assertEqual(self.attempt("Detach"), "NotAttached")
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
