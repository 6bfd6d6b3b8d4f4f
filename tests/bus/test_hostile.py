# SPDX-License-Identifier: GPL-2.0-only
"""Single calls that are made to hurt: each is answered, and the daemon stays on the bus."""

import unittest

from harness import Case, Client, NAME, PATH, PROPERTIES, STATISTICS, Refused

LOG_CONTROL = {"path": "/org/freedesktop/LogControl1", "interface": PROPERTIES}
PEER = {"interface": "org.freedesktop.DBus.Peer"}


class Hostile(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.client = Client(self)

    def refused(self, *arguments, **options):
        with self.assertRaises(Refused) as caught:
            self.client.call(*arguments, **options)
        return caught.exception

    def stayed(self):
        self.assertNotIn("the bus is gone", self.daemon.log())

    def test_errors_that_are_cut_inside_a_character(self):
        """Whatever length a text is cut to, one of these names is cut inside of a character."""
        for length in 49, 99, 139, 199, 249:
            name = "a" * length + "ääää"
            with self.subTest(length):
                for key in "names", "scopes", name:
                    self.assertIn("aaa", self.refused("GetStatistics", "a{sv}", {key: ["as", [name]]},
                                                      interface=STATISTICS).message)
                self.assertEqual(self.refused("SetTunables", "a{sv}a{sv}", {name: ["t", 1]}, {}).name, "UnknownTunable")
                self.assertEqual(self.refused("SetTunables", "a{sv}a{sv}", {}, {name: ["t", 1]}).name, "UnknownOption")
                self.assertEqual(self.refused("ResetTunables", "asa{sv}", [name], {}).name, "UnknownTunable")
                level = ["org.freedesktop.LogControl1", "LogLevel", ["s", name]]
                self.assertIn("aaa", self.refused("Set", "ssv", *level, **LOG_CONTROL).message)

    def test_names_of_properties_without_end(self):
        name = "x" * 100000
        for method, *arguments in (["Get", "ss", name, "State"], ["Get", "ss", NAME, name], ["GetAll", "s", name],
                                   ["Set", "ssv", NAME, name, ["s", ""]]):
            self.assertLess(len(self.refused(method, *arguments, interface=PROPERTIES).message), 300)

    def test_lists_without_end(self):
        """Of names that are known, so that only the number can be wrong."""
        names = ["SliceOverutilUSec"] * 64
        for method, *arguments in (["ResetTunables", "asa{sv}", names, {}], ["SaveTunables", "asa{sv}", names, {}]):
            self.assertEqual(self.refused(method, *arguments).name, "LimitExceeded")
        for key, name in ("scopes", "node"), ("names", "tasks"):
            self.assertEqual(self.refused("GetStatistics", "a{sv}", {key: ["as", [name] * 300]}, interface=STATISTICS).name,
                             "LimitExceeded")

    def test_paths_without_end(self):
        """Each folder above is looked up, so they are not to be many."""
        for path in "/a" * 30000, f"{PATH}/Domain/" + "x" * 60000:
            error = self.refused("Get", "ss", NAME, "State", interface=PROPERTIES, path=path)
            self.assertEqual(error.name, "org.freedesktop.DBus.Error.UnknownObject")
            self.assertLess(len(error.message), 300)

    def test_descriptors_do_not_pass_the_bus(self):
        self.client = Client(self, user="nobody")
        error = self.refused("Attach", "h", 0)
        self.assertEqual(error.name, "org.freedesktop.DBus.Error.AccessDenied")
        self.assertIn("rejected", error.message.lower())
        self.assertIsNotNone(self.client.call("DescribeTunables"))

    def test_machine_id(self):
        """There is none in the tests' tree, or it is empty: which is no reason to leave the bus."""
        try:
            self.assertEqual(len(self.client.call("GetMachineId", **PEER)), 32)
        except Refused as error:
            self.assertIn("machine", error.message)
        self.client.call("Ping", **PEER)
        self.stayed()


if __name__ == "__main__":
    unittest.main()
