# SPDX-License-Identifier: GPL-2.0-only
"""Who may do what: root, others by polkit, and what happens when polkit or the caller goes away."""

import unittest
import xml.etree.ElementTree as ElementTree

from harness import Case, Client, NAME, Polkit, Refused, SOURCE, wait_until

OVER = "SliceOverutilUSec"
DENIED = "org.freedesktop.DBus.Error.AccessDenied"
CHALLENGE = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
ACTIONS = ["set-tunables", "save-configuration", "manage-scheduler", "reset-statistics", "dump"]

# Arguments of each method that not everybody may call, and its action.
GUARDED = {
    "SetTunables": ("set-tunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {}),
    "ConfirmTunables": ("set-tunables", "t", 1),
    "RevertTunables": ("set-tunables", "t", 1),
    "ResetTunables": ("set-tunables", "asa{sv}", [], {}),
    "SaveTunables": ("save-configuration", "asa{sv}", [], {}),
    "Reload": ("set-tunables", "t", 0),
    "Attach": ("manage-scheduler", "a{sv}", {}),
    "Detach": ("manage-scheduler", "a{sv}", {}),
    "Reattach": ("manage-scheduler", "a{sv}", {}),
    "Dump": ("dump", ""),
}
FREE = {"DescribeTunables", "CheckConfig", "GetPermissions"}


class Permissions(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.nobody = Client(self, user="nobody")

    def refused(self, method, *arguments, **options):
        with self.assertRaises(Refused) as caught:
            self.nobody.call(method, *arguments, **options)
        return caught.exception.name

    def change(self, value=2000, **options):
        return self.nobody.call("SetTunables", "a{sv}a{sv}", {OVER: ["t", value]}, {}, **options)


class WithPolkit(Permissions):
    def setUp(self):
        super().setUp()
        self.polkit = Polkit(self)

    def test_every_method_is_known_here(self):
        interface = ElementTree.parse(SOURCE / "dbus/org.scx.Wd40.xml").find(f"interface[@name='{NAME}']")
        self.assertEqual({m.get("name") for m in interface.iter("method")}, set(GUARDED) | FREE)

    def test_each_method_asks_for_its_action(self):
        for method, (action, *arguments) in GUARDED.items():
            with self.subTest(method):
                self.assertEqual(self.refused(method, *arguments), DENIED)
                self.assertEqual(self.polkit.asked()[-1]["action"], f"{NAME}.{action}")
        self.assertEqual(self.get("Generation"), "t 1")
        self.assertEqual(self.get("State"), 's "attached"')

    def test_reading_asks_nobody(self):
        self.assertEqual(self.get(OVER), "t 1000")
        self.nobody.call("DescribeTunables")
        self.nobody.call("CheckConfig")
        self.assertEqual(self.polkit.asked(), [])

    def test_allowed(self):
        self.polkit.answer("yes")
        self.assertEqual(self.change(), [2, []])
        self.assertEqual(self.get(OVER), "t 2000")
        self.nobody.call("ResetTunables", "asa{sv}", [OVER], {"dry-run": ["b", True], "reason": ["s", "für\tBüro"]})
        self.assertIn("für?Büro", self.polkit.asked()[1]["details"]["call"])
        asked = self.polkit.asked()[0]
        self.assertEqual(asked["subject"][0], "system-bus-name")
        self.assertTrue(asked["subject"][1].startswith(":"))
        self.assertEqual(asked["details"], {"call": f"SetTunables {OVER}=2000 "})
        authors = Client(self).call("GetDetails", interface=f"{NAME}.Details")["Authors"]
        self.assertEqual(authors[OVER]["uid"], 65534)

    def test_the_log_says_who(self):
        self.polkit.answer("yes")
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nslice-us-overutil = 3000")
        self.nobody.call("Reload", "t", 0)
        generation = self.nobody.call("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]},
                                      {"confirm-timeout-usec": ["t", 30000000]})[0]
        self.nobody.call("ConfirmTunables", "t", generation)
        log = self.daemon.log()
        self.assertIn("slice-us-overutil = 3000 us, by reload, uid 65534", log)
        self.assertIn(f"generation {generation} is confirmed, by uid 65534", log)

    def test_text_of_files_is_for_those_who_may_read_them(self):
        """Also of one who may have them read anew."""
        self.polkit.answer("yes")
        self.machine.write("etc/wd40d/wd40d.ini.d/50-own.ini", "[wd40d]\nrosebud = geheim")
        path = self.root / "etc/wd40d/wd40d.ini.d/50-own.ini"
        for mode, untold in (0o644, False), (0o600, True):
            with self.subTest(f"{mode:o}"):
                path.chmod(mode)
                found, key, line, message = self.nobody.call("CheckConfig")[0]
                self.assertEqual((found, line), (str(path), 2))
                self.assertEqual("rosebud" not in key + message, untold)
                with self.assertRaises(Refused) as caught:
                    self.nobody.call("Reload", "t", 1)
                self.assertIn("50-own.ini:2: ", caught.exception.message)
                self.assertEqual("rosebud" not in caught.exception.message, untold)
                self.assertIn("rosebud", Client(self).call("CheckConfig")[0][3])

    def test_property_writes_ask_too(self):
        result = self.busctl("set-property", NAME, "/org/scx/Wd40", NAME, OVER, "t", "2000", user="nobody")
        self.assertNotEqual(result.returncode, 0)
        self.polkit.answer("yes")
        result = self.busctl("set-property", NAME, "/org/scx/Wd40", NAME, OVER, "t", "2000", user="nobody")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.get(OVER), "t 2000")
        self.assertEqual(self.get("Generation"), "t 2")

    def test_log_level_asks_too(self):
        command = ["set-property", NAME, "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1", "LogLevel",
                   "s", "debug"]
        self.assertNotEqual(self.busctl(*command, user="nobody").returncode, 0)
        self.assertEqual(self.polkit.asked()[-1]["action"], f"{NAME}.manage-scheduler")

    def test_writing_to_disk_is_setting_and_saving(self):
        disk = {"persist": ["s", "disk"]}
        for method, *arguments in (["SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, disk],
                                   ["ResetTunables", "asa{sv}", [], disk]):
            with self.subTest(method):
                for action in "set-tunables", "save-configuration":
                    self.polkit.answer("yes", f"{NAME}.{action}")
                    self.assertEqual(self.refused(method, *arguments), DENIED)
                    self.polkit.answer("no", f"{NAME}.{action}")
                self.assertEqual(self.get("Generation"), "t 1")
        for action in "set-tunables", "save-configuration":
            self.polkit.answer("yes", f"{NAME}.{action}")
        self.nobody.call("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, disk)
        self.assertEqual(self.get(OVER), "t 2000")
        self.assertEqual([a["action"] for a in self.polkit.asked()[-2:]],
                         [f"{NAME}.set-tunables", f"{NAME}.save-configuration"])

    def test_caller_that_goes_away_between_two_questions(self):
        self.polkit.answer("yes", f"{NAME}.set-tunables")
        self.polkit.answer("wait")
        self.nobody.send("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {"persist": ["s", "disk"]})
        wait_until("the second question", lambda: len(self.polkit.asked()) == 2)
        self.nobody.kill()
        wait_until("it is taken back", lambda: "cancelled" in self.polkit.asked()[-1])
        self.assertEqual(self.get(OVER), "t 1000")

    def test_nobody_is_asked_for_what_cannot_be(self):
        self.polkit.answer("yes")
        values = {OVER: ["t", 2000]}
        self.assertEqual(self.refused("SetTunables", "a{sv}a{sv}", values, {"reason": ["s", "x" * 70000]}), "LimitExceeded")
        many = {"reason": ["s", "x" * 1000], **{f"option-{n}": ["b", True] for n in range(3000)}}
        self.assertEqual(self.refused("SetTunables", "a{sv}a{sv}", values, many), "LimitExceeded")
        self.assertEqual(self.refused("SetTunables", "s", "x"), "org.freedesktop.DBus.Error.InvalidArgs")
        self.assertEqual(self.polkit.asked(), [])

    def test_what_is_asked_for_is_short(self):
        self.polkit.answer("yes")
        self.nobody.call("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {"reason": ["s", "ä" * 20000]})
        text = self.polkit.asked()[0]["details"]["call"]
        self.assertTrue(text.startswith(f"SetTunables {OVER}=2000 reason=ää"), text)
        self.assertLessEqual(len(text.encode()), 400)

    def test_password_that_may_not_be_asked_for(self):
        self.polkit.answer("challenge")
        self.assertEqual(self.refused("Attach", "a{sv}", {}), CHALLENGE)
        self.assertEqual(self.polkit.asked()[-1]["flags"], 0)

    def test_interactive_flag_is_passed_on(self):
        self.polkit.answer("yes")
        self.change(interactive=True)
        self.assertEqual(self.polkit.asked()[-1]["flags"], 1)

    def test_others_do_not_wait_for_a_question(self):
        self.polkit.answer("wait")
        self.nobody.send("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {})
        wait_until("the question", self.polkit.asked)
        self.assertEqual(self.get(OVER), "t 1000")
        self.assert_set(OVER, "t", "3000")
        self.polkit.answer("yes")
        self.assertEqual(self.nobody.receive(), [3, []])
        self.assertEqual(self.get(OVER), "t 2000")

    def test_caller_that_goes_away(self):
        self.polkit.answer("wait")
        self.nobody.send("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {})
        wait_until("the question", self.polkit.asked)
        self.nobody.kill()
        wait_until("the question is taken back", lambda: [a for a in self.polkit.asked() if "cancelled" in a])
        self.polkit.answer("yes")
        self.assertEqual(self.get(OVER), "t 1000")
        self.assertEqual(self.get("Generation"), "t 1")

    def test_polkit_that_dies_during_a_question(self):
        self.polkit.answer("wait")
        self.nobody.send("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {})
        wait_until("the question", self.polkit.asked)
        self.polkit.kill()
        with self.assertRaises(Refused) as caught:
            self.nobody.receive()
        self.assertEqual(caught.exception.name, DENIED)
        self.assertIn("polkit cannot be asked", caught.exception.message)

    def test_polkit_that_does_not_answer(self):
        """It takes 25 seconds, which is what the daemon waits for a program. Both calls wait together."""
        self.polkit.answer("wait")
        self.nobody.send("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {})
        reader = Client(self, user="nobody")
        reader.send("GetPermissions")
        wait_until("both questions", lambda: len(self.polkit.asked()) == 2)
        with self.assertRaises(Refused) as caught:
            self.nobody.receive()
        self.assertEqual(caught.exception.name, DENIED)
        self.assertIn("nobody answered in time", caught.exception.message)
        self.assertEqual(set(reader.receive().values()), {"unknown"})
        wait_until("both are taken back", lambda: sum("cancelled" in a for a in self.polkit.asked()) == 2)
        self.assertEqual(len(self.polkit.asked()), 4)

    def test_bus_that_dies_during_a_question(self):
        self.polkit.answer("wait")
        self.nobody.send("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {})
        wait_until("the question", self.polkit.asked)
        self.bus.kill()
        self.bus.start()
        wait_until("the name is back", lambda: self.busctl("status", NAME).returncode == 0)
        self.assertEqual(self.get(OVER), "t 1000")
        self.assert_set(OVER, "t", "3000")

    def test_get_permissions(self):
        self.polkit.answer("yes", f"{NAME}.set-tunables")
        self.polkit.answer("challenge", f"{NAME}.dump")
        self.assertEqual(self.nobody.call("GetPermissions"), {
            f"{NAME}.{a}": {"set-tunables": "yes", "dump": "auth"}.get(a, "no") for a in ACTIONS})
        self.assertEqual({a["flags"] for a in self.polkit.asked()}, {0})
        self.assertEqual(Client(self).call("GetPermissions"), {f"{NAME}.{a}": "yes" for a in ACTIONS})

    def test_a_caller_has_few_calls_waiting(self):
        self.polkit.answer("wait")
        crowd = self.crowd(17)
        self.polkit.answer("yes")
        self.assertEqual(sorted(crowd()), [""] * 16 + [f"{NAME}.Error.LimitExceeded"])

    def crowd(self, n):
        """Sends n calls from one connection at once; returns what waits for the errors' names."""
        import dbus
        import dbus.mainloop.glib
        from gi.repository import GLib

        self.seteuid_connection()
        answers = []
        for _ in range(n):
            self.connection.call_async(NAME, "/org/scx/Wd40", NAME, "ConfirmTunables", "t", (1,),
                                       lambda *a: answers.append(""),
                                       lambda e: answers.append("" if "NothingToConfirm" in e.get_dbus_name()
                                                                else e.get_dbus_name()))
        wait_until("the questions", lambda: (GLib.MainContext.default().iteration(False),
                                             len(self.polkit.asked()) == 16)[1])

        def finish():
            wait_until("answers", lambda: (GLib.MainContext.default().iteration(False), len(answers) == n)[1])
            return answers

        return finish

    def seteuid_connection(self):
        """A connection that the bus takes for one of nobody."""
        import os
        import dbus.bus
        import dbus.mainloop.glib

        os.seteuid(65534)
        try:
            self.connection = dbus.bus.BusConnection(self.bus.address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        finally:
            os.seteuid(0)
        self.addCleanup(self.connection.close)


class WithoutPolkit(Permissions):
    def test_only_root(self):
        self.assertEqual(self.refused("SetTunables", "a{sv}a{sv}", {OVER: ["t", 2000]}, {}), DENIED)
        self.assert_set(OVER, "t", "2000")
        self.assertEqual(self.nobody.call("GetPermissions"), {f"{NAME}.{a}": "no" for a in ACTIONS})
        self.assertEqual(Client(self).call("Attach", "a{sv}", {}), None)

    def test_unknown_members_are_refused(self):
        root = Client(self)
        for method, error in ("Format", "UnknownMethod"), ("SetTunables", "InvalidArgs"):
            with self.assertRaises(Refused) as caught:
                root.call(method, "s", "x")
            self.assertEqual(caught.exception.name, f"org.freedesktop.DBus.Error.{error}")


if __name__ == "__main__":
    unittest.main()
