# SPDX-License-Identifier: GPL-2.0-only
"""The tunables as properties: reading, writing, refusing, and what is told of changes."""

import unittest

from harness import Case, NAME, PATH, PROPERTIES, Signals, wait_until
from tunables import IN_ARENA, REATTACH, TUNABLES


def words(value):
    return value.replace('"', "").split()


class Tunables(Case):
    def setUp(self):
        super().setUp()
        self.start()

    def test_each_has_type_and_default(self):
        for name, (signature, default, _, _) in TUNABLES.items():
            with self.subTest(name):
                self.assertEqual(self.get(name), f"{signature} {default}")

    def test_no_other_property_is_writable(self):
        result = self.busctl("introspect", NAME, PATH, NAME)
        writable = {line.split()[0][1:] for line in result.stdout.splitlines() if "writable" in line}
        self.assertEqual(writable, set(TUNABLES))

    def test_each_takes_a_good_value(self):
        for name, (signature, _, good, _) in TUNABLES.items():
            with self.subTest(name):
                self.assert_set(name, signature, *words(good))
                self.assertEqual(self.get(name), f"{signature} {good}")

    def test_each_refuses_a_value_out_of_range(self):
        for name, (signature, default, _, bad) in TUNABLES.items():
            if bad is None:
                continue
            with self.subTest(name):
                self.assert_refused("OutOfRange", name, signature, *words(bad))
                self.assertEqual(self.get(name), f"{signature} {default}")

    def assert_refused(self, error, name, signature, *values):
        """Refused by that error, with nothing changed or told. Returns the message."""
        signals = Signals(self)
        refusal = self.refusal(name, signature, *values)
        self.assertEqual(refusal[0], f"{NAME}.Error.{error}")
        self.assertEqual(signals.take(), [])
        return refusal[1]

    def refusal(self, name, signature, *values):
        """Name and message of the error; busctl shows the message only."""
        import dbus

        types = {"t": lambda v: dbus.UInt64(int(v)), "u": lambda v: dbus.UInt32(int(v)),
                 "d": lambda v: dbus.Double(float(v))}
        value = types[signature](values[0]) if signature in types else dbus.Array(values[1:], "s")
        with self.assertRaises(dbus.DBusException) as refused:
            Signals(self).object.Set(NAME, name, value, dbus_interface=PROPERTIES,
                                     signature="ssv")
        return refused.exception.get_dbus_name(), refused.exception.get_dbus_message()

    def test_refusal_names_tunable_value_and_range(self):
        message = self.assert_refused("OutOfRange", "SliceOverutilUSec", "t", "99")
        for part in "slice-us-overutil", "99", "100", "1000000":
            self.assertIn(part, message)

    def test_conflict_is_refused(self):
        message = self.assert_refused("Conflict", "SliceOverutilUSec", "t", "30000")
        self.assertIn("slice-us-underutil", message)
        self.assert_refused("Conflict", "TuneIntervalUSec", "t", "3000000")
        self.assertEqual(self.get("Generation"), "t 1")
        self.assert_set("GreedyThreshold", "u", "0")
        self.assert_refused("Conflict", "GreedyThresholdXNuma", "u", "1")

    def test_values_that_are_no_numbers_are_refused(self):
        for value in "nan", "inf", "-inf":
            with self.subTest(value):
                self.assertNotEqual(self.set("KickGreedyUnderPercent", "d", value).returncode, 0)
                self.assertEqual(self.get("KickGreedyUnderPercent"), "d 100")

    def test_broken_cpu_sets_are_refused(self):
        for sets in ["0-"], ["x"], ["0-3", "3-5"], ["0\n1"], ["9000"], ["0;0"], ["0", ""]:
            with self.subTest(sets):
                result = self.set("Cpumasks", "as", str(len(sets)), *sets)
                self.assertNotEqual(result.returncode, 0)
        self.assertEqual(self.get("Cpumasks"), "as 0")
        self.assertEqual(self.get("Generation"), "t 1")

    def test_wrong_type_is_invalid_args(self):
        for signature, value in ("s", "2000"), ("u", "2000"), ("d", "2000"), ("x", "2000"):
            with self.subTest(signature):
                result = self.set("SliceOverutilUSec", signature, value)
                self.assertIn("SliceOverutilUSec", result.stderr)
                self.assertNotEqual(result.returncode, 0)
        self.assertEqual(self.refusal("SliceOverutilUSec", "u", "2000")[0],
                         "org.freedesktop.DBus.Error.InvalidArgs")

    def test_read_only_and_unknown_properties_are_refused(self):
        self.assertEqual(self.refusal("Generation", "t", "9")[0],
                         "org.freedesktop.DBus.Error.PropertyReadOnly")
        self.assertEqual(self.refusal("Slice", "t", "9")[0],
                         "org.freedesktop.DBus.Error.UnknownProperty")

    def test_arena_holds_what_was_set(self):
        before = self.fake.arena()["config"]
        for name, (field, value) in IN_ARENA.items():
            with self.subTest(name):
                self.assertNotEqual(before[field], value)
                self.assert_set(name, TUNABLES[name][0], TUNABLES[name][2])
                config = self.fake.arena()["config"]
                self.assertEqual(config[field], value)
                self.assertEqual(self.get("Generation"), f"t {config['generation']}")

    def test_properties_are_read_back_from_the_arena(self):
        self.fake.raise_config(3)
        shown = {name: self.get(name).split()[1] for name in IN_ARENA}
        self.assertEqual(shown, {
            "SliceUnderutilUSec": "20003", "SliceOverutilUSec": "1003", "GreedyThreshold": "4",
            "GreedyThresholdXNuma": "3", "PerfLevel": "3", "KthreadsLocal": "true",
            "FifoSched": "true", "WakeupPreemption": "true", "DirectGreedyNuma": "true",
            "MempolicyAffinity": "true"})

    def test_half_life_reaches_the_arena(self):
        before = self.fake.arena()["config"]["load_half_life_ns"]
        self.assert_set("LoadHalfLifeUSec", "t", "500000")
        self.assertLess(self.fake.arena()["config"]["load_half_life_ns"], before)

    def test_nothing_detaches(self):
        sequence = self.get("EnableSequence")
        for name in TUNABLES:
            self.assert_set(name, TUNABLES[name][0], *words(TUNABLES[name][2]))
        self.assertEqual([c for c, _ in self.fake.calls()], ["open", "attach"])
        self.assertEqual(self.get("EnableSequence"), sequence)

    def test_many_changes_use_up_no_slots(self):
        for value in range(1001, 1041):
            self.assert_set("SliceOverutilUSec", "t", str(value))
        self.assertEqual(self.fake.arena()["config"]["generation"], 41)
        self.assertEqual(self.get("SliceOverutilUSec"), "t 1040")

    def test_generation_counts_changes(self):
        self.assertEqual(self.get("Generation"), "t 1")
        self.assert_set("GreedyThreshold", "u", "2")
        self.assertEqual(self.get("Generation"), "t 2")
        self.assert_set("GreedyThreshold", "u", "2")
        self.assertEqual(self.get("Generation"), "t 2")

    def test_change_is_told_once(self):
        signals = Signals(self)
        self.assert_set("SliceOverutilUSec", "t", "2000")
        told = signals.take()
        self.assertEqual(sorted(told), [
            ("PropertiesChanged", (NAME, {"SliceOverutilUSec": 2000, "Generation": 2,
                                          "UnsavedTunables": ["SliceOverutilUSec"]}, [])),
            ("TunablesChanged", (2, {"SliceOverutilUSec": 2000}, "runtime"))])

    def test_same_value_is_not_told(self):
        signals = Signals(self)
        self.assert_set("SliceOverutilUSec", "t", "1000")
        self.assertEqual(signals.take(), [])

    def test_reattach_tunables_become_pending(self):
        signals = Signals(self)
        self.assert_set("CacheLevel", "u", "2")
        self.assertEqual(self.get("PendingReattach"), 'as 1 "CacheLevel"')
        self.assertIn(("PropertiesChanged", (NAME, {"CacheLevel": 2, "Generation": 2,
                                                    "UnsavedTunables": ["CacheLevel"],
                                                    "PendingReattach": ["CacheLevel"]}, [])),
                      signals.take())
        self.assert_set("CacheLevel", "u", "3")
        self.assertEqual(self.get("PendingReattach"), "as 0")
        self.assertIn(("PropertiesChanged", (NAME, {"CacheLevel": 3, "Generation": 3,
                                                    "UnsavedTunables": [],
                                                    "PendingReattach": []}, [])), signals.take())

    def test_every_reattach_tunable_is_pending_and_no_other(self):
        for name in TUNABLES:
            self.assert_set(name, TUNABLES[name][0], *words(TUNABLES[name][2]))
        pending = set(words(self.get("PendingReattach"))[2:])
        self.assertEqual(pending, REATTACH)

    def test_pending_applies_with_the_next_attach(self):
        self.assert_set("CacheLevel", "u", "2")
        signals = Signals(self)
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG, "unregistered")
        wait_until("attached again", lambda: self.get("RestartCount") == "u 1")
        told = {}
        for _, (_, changed, _) in signals.take("PropertiesChanged"):
            told.update(changed)
        self.assertEqual(told["PendingReattach"], [])
        self.assertEqual(len(told["Domains"]), 8)
        self.assertIn("8 domains", told["Topology"])
        self.assertEqual(self.get("PendingReattach"), "as 0")
        self.assertEqual(self.fake.arena()["nr_domains"], 8)
        self.assertTrue(self.get("Domains").startswith("a(uuau) 8 "))

    def test_domains_that_the_machine_cannot_have_are_refused(self):
        message = self.assert_refused("OutOfRange", "Cpumasks", "as", "1", "0-99")
        self.assertTrue(message.startswith('cpumasks: "0-99" '), message)

    def test_cpu_sets_take_masks_too(self):
        self.assert_set("Cpumasks", "as", "2", "0xf", "4-7")
        self.assertEqual(self.get("Cpumasks"), 'as 2 "0-3" "4-7"')

    def test_tune_interval_is_live(self):
        self.assert_set("TuneIntervalUSec", "t", "10000")
        first = self.fake.arena()["tune"]["round"]
        wait_until("20 rounds", lambda: self.fake.arena()["tune"]["round"] > first + 20)

    def test_tuner_thresholds_apply_at_once(self):
        self.assert_set("TuneIntervalUSec", "t", "2000000")
        self.assert_set("DirectGreedyUnderPercent", "d", "0")
        self.assertEqual(self.fake.arena()["tune"]["direct_greedy"], 0)

    def test_unprivileged_reads_but_does_not_write(self):
        self.assertEqual(self.get("SliceOverutilUSec", user="nobody"), "t 1000")
        result = self.set("SliceOverutilUSec", "t", "2000", user="nobody")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("Access denied", result.stderr)
        self.assertEqual(self.get("SliceOverutilUSec"), "t 1000")
        self.assertEqual(self.get("Generation"), "t 1")


if __name__ == "__main__":
    unittest.main()
