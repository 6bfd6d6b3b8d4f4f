# SPDX-License-Identifier: GPL-2.0-only
"""Values on disk: saving and resetting them, and files that ask for what cannot be."""

import subprocess
import unittest

from harness import Case, Client, DAEMON, Refused, wait_until
from transactions import OVER, SAVED, Transactions, UNDER, usec


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

    def test_nothing_is_saved_into_a_linked_directory(self):
        elsewhere = self.root / "elsewhere"
        elsewhere.mkdir()
        (self.root / SAVED).parent.parent.mkdir(parents=True, exist_ok=True)
        (self.root / SAVED).parent.symlink_to(elsewhere)
        self.refused("PersistFailed", {OVER: usec(2000)}, "its folder is a symbolic link", persist=["s", "disk"])
        self.assertEqual(list(elsewhere.iterdir()), [])
        self.assertEqual(self.get(OVER), "t 1000")

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
        self.assertIn("trying the domains as they were", self.daemon.log())
        self.assertEqual(self.fake.arena()["nr_domains"], 3)
        self.assertEqual(self.get("PendingReattach"), 'as 1 "Cpumasks"')


if __name__ == "__main__":
    unittest.main()
