# SPDX-License-Identifier: GPL-2.0-only
"""Names of tasks and users: root's, and of whom polkit allows it; nobody else hears of them, by either bus daemon."""

import json
import pathlib
import sys
import unittest

from harness import NAME, PROPERTIES, Case, Client, Polkit, Refused, Signals, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "attack"))

from buses import BUSES

DETAILS = "org.scx.Wd40.Details"
OVER = "SliceOverutilUSec"
NOBODY = 65534
SECRETS = ("bash", "batch night", "uid 0", "'uid'", '"uid"', "root")


class Details(Case):
    def make_bus(self):
        return BUSES["dbus-daemon"](self.directory)

    def setUp(self):
        super().setUp()
        self.start()
        self.root, self.nobody = Client(self), Client(self, user="nobody")

    def change(self, value=2000):
        return self.root.call("SetTunables", "a{sv}a{sv}", {OVER: ["t", value]}, {"reason": ["s", "batch night"]})[0]

    def end(self):
        """The kernel ends the scheduler, for good."""
        self.fake.end(self.fake.SYSRQ, 7, "disabled by sysrq-S", "bash[42] failed to run")
        wait_until("the end", lambda: self.get("State") == 's "detached"')

    def assert_no_secret(self, text):
        for secret in SECRETS:
            self.assertNotIn(secret, str(text))

    def test_what_everybody_reads(self):
        self.change()
        self.end()
        self.assertEqual(self.get("LastExit"), '(sxs) "sysrq" 7 "disabled by sysrq-S"')
        self.assertEqual(self.get("StateReason"), 's "disabled by sysrq-S"')
        self.assert_no_secret(self.nobody.call("GetAll", "s", NAME, interface=PROPERTIES))
        self.assert_no_secret(self.nobody.call("DescribeTunables"))
        self.assert_no_secret(self.nobody.call("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager"))
        self.assert_no_secret(self.notifications.messages)
        for verb in ["status"], ["describe"], ["describe", "slice-us-overutil"], ["status", "--json"], ["describe", "--json"]:
            self.assert_no_secret(self.ctl(*verb, user="nobody").stdout)
        self.root.call("Attach", "a{sv}", {})
        self.root.call("Detach", "a{sv}", {})
        self.assertEqual(self.get("StateReason"), 's "detached on request"')
        wait_until("status", lambda: self.notifications.status() == "detached: detached on request")

    def test_what_everybody_hears(self):
        """Of the same events root has all."""
        nobody, root = (Signals(self, details=True, user=user) for user in (NOBODY, None))
        generation = self.change()
        self.end()
        seen = nobody.take()
        self.assertIn(("TunablesChanged", (generation, {OVER: 2000}, "runtime")), seen)
        self.assertIn(("SchedulerExited", ("sysrq", 7, "disabled by sysrq-S", False)), seen)
        self.assert_no_secret(seen)
        all_seen = root.take()
        self.assertEqual(set(map(str, seen)) - set(map(str, all_seen)), set())
        changed = [arguments for member, arguments in all_seen if member == "TunablesChanged"]
        self.assertEqual([c[:4] + c[5:] for c in changed],
                         [(generation, {OVER: 2000}, "runtime", 0, "batch night"), (generation, {OVER: 2000}, "runtime")])
        self.assertIn(("SchedulerExited", ("sysrq", 7, "disabled by sysrq-S", False, "bash[42] failed to run")), all_seen)

    def test_details_are_asked_for(self):
        self.change()
        self.end()
        details = self.root.call("GetDetails", interface=DETAILS)
        self.assertEqual(details["StateReason"], "disabled by sysrq-S: bash[42] failed to run")
        self.assertEqual(details["LastExit"], ["sysrq", 7, "disabled by sysrq-S", "bash[42] failed to run"])
        self.assertEqual(list(details["Authors"]), [OVER])
        author = details["Authors"][OVER]
        self.assertEqual((author["uid"], author["reason"]), (0, "batch night"))
        polkit = Polkit(self)
        with self.assertRaises(Refused):
            self.nobody.call("GetDetails", interface=DETAILS)
        self.assertEqual(polkit.asked()[-1]["action"], f"{NAME}.dump")
        polkit.answer("yes")
        self.assertEqual(self.nobody.call("GetDetails", interface=DETAILS), details)

    def test_client_shows_them_to_those_who_may(self):
        self.change()
        self.end()
        self.assertIn("bash[42] failed to run", self.ctl("status").stdout)
        self.assertEqual(json.loads(self.ctl("status", "--json").stdout)["LastExit"][3], "bash[42] failed to run")
        self.assertRegex(self.ctl("describe").stdout, r"runtime: root .*\(batch night\)")
        self.assertIn("runtime\n", self.ctl("describe", user="nobody").stdout)
        self.assertIn("Last exit: sysrq: disabled by sysrq-S\n", self.ctl("status", user="nobody").stdout)


class DetailsOnBroker(Details):
    def make_bus(self):
        return BUSES["dbus-broker"](self.directory)


if __name__ == "__main__":
    unittest.main()
