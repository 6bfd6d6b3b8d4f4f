# SPDX-License-Identifier: GPL-2.0-only
"""The object: its interfaces, its state and its statistics."""

import subprocess
import time
import unittest
import xml.etree.ElementTree as ElementTree

from harness import Case, DAEMON, NAME, PATH, SOURCE, STATISTICS, Signals, wait_until

XML = SOURCE / "dbus/org.scx.Wd40.xml"


def interfaces(xml):
    """Our interfaces as comparable data: name, then each member with all it says."""
    found = {}
    for interface in ElementTree.fromstring(xml).iter("interface"):
        if interface.get("name").startswith(NAME):
            found[interface.get("name")] = sorted(
                ElementTree.tostring(member, encoding="unicode").split() for member in interface)
    return found


class Introspection(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.shown = {}
        for path in PATH, f"{PATH}/Node/N0", f"{PATH}/Domain/D0":
            self.shown |= interfaces(self.busctl("--xml-interface", "introspect", NAME, path).stdout)

    def test_installed_xml_is_what_the_daemon_shows(self):
        self.assertEqual(self.shown, interfaces(XML.read_text()))

    def test_bus_introspect_prints_the_installed_xml(self):
        printed = subprocess.run([DAEMON, "--bus-introspect"], capture_output=True, text=True,
                                 check=True)
        self.assertEqual(printed.stdout, XML.read_text(), f"make it anew: --bus-introspect > {XML}")

    def test_members_say_how_they_change(self):
        annotations = {p.get("name"): [a.get("value") for a in p.findall("annotation")
                                       if a.get("name").endswith("EmitsChangedSignal")]
                       for p in ElementTree.parse(XML).iter("property")}
        self.assertEqual(annotations["Version"], ["const"])
        self.assertEqual(annotations["Queued"], ["false"])
        self.assertEqual(annotations["SliceOverutilUSec"], [])  # not said is "true"

    def test_every_interface_passes_the_bus_policy(self):
        policy = (SOURCE / "dbus/org.scx.Wd40.conf").read_text()
        for interface in self.shown:
            self.assertIn(f'send_interface="{interface}"', policy)


class State(Case):
    def setUp(self):
        super().setUp()
        self.start()

    def test_after_attach(self):
        self.assertEqual(self.get("State"), 's "attached"')
        self.assertEqual(self.get("OpsName"), 's "wd40"')
        self.assertEqual(self.get("ApiVersion"), "u 2")
        self.assertEqual(self.get("EnableSequence"), "t 1")
        self.assertEqual(self.get("RestartCount"), "u 0")
        self.assertEqual(self.get("LastExit"), '(sxs) "none" 0 ""')
        self.assertEqual(self.get("PendingReattach"), "as 0")

    def test_version_is_that_of_the_program(self):
        version = subprocess.run([DAEMON, "--version"], capture_output=True, text=True).stdout.split()
        self.assertEqual(self.get("Version"), f's "{version[1]}"')

    def test_attach_is_dated(self):
        realtime = int(self.get("AttachedTimestamp").split()[1]) / 1e6
        monotonic = int(self.get("AttachedTimestampMonotonic").split()[1]) / 1e6
        self.assertLess(abs(time.time() - realtime), 60)
        self.assertLess(abs(time.monotonic() - monotonic), 60)

    def test_domains_are_those_of_the_machine(self):
        flat = []
        for domain, node, cpus in self.machine.DOMAINS:
            flat += [domain, node, len(cpus), *cpus]
        self.assertEqual(self.get("Domains"), f"a(uuau) 4 {' '.join(map(str, flat))}")
        self.assertIn("4 domains, 2 nodes", self.get("Topology"))

    def test_everybody_reads_everything(self):
        for interface in NAME, STATISTICS:
            result = self.busctl("introspect", NAME, PATH, interface, user="nobody")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("property", result.stdout)


class Statistics(Case):
    def setUp(self):
        super().setUp()
        self.start()

    def test_counters_are_read_from_the_arena(self):
        self.assertEqual(self.get("DirectGreedyFar", STATISTICS), "t 0")
        self.fake.count("direct_greedy_far", 5)
        self.assertEqual(self.get("DirectGreedyFar", STATISTICS), "t 5")
        self.fake.count("direct_greedy_far", 2)
        self.assertEqual(self.get("DirectGreedyFar", STATISTICS), "t 7")

    def test_each_counter_of_the_contract_is_there(self):
        text = (SOURCE / "bpf/shared.h").read_text()
        fields = [line.split(",")[1].strip() for line in text.splitlines()
                  if line.startswith("\tX(") and line.rstrip().endswith("\\")]
        fields.append("task_missing")
        self.assertGreater(len(fields), 20)
        for field in fields:
            self.get("".join(word.capitalize() for word in field.split("_")), STATISTICS)

    def test_tuner_tells_how_busy_the_machine_is(self):
        def busy():
            return float(self.get("CpuBusyPercent", STATISTICS).split()[1])

        wait_until("a reading", lambda: 0 <= busy() <= 100)
        self.assertIn(self.get("Overutilized", STATISTICS), ("b false", "b true"))

    def test_counters_are_not_told(self):
        signals = Signals(self)
        self.fake.count("queued", 1)
        first = self.fake.arena()["tune"]["round"]
        wait_until("three rounds", lambda: self.fake.arena()["tune"]["round"] > first + 3)
        self.assertEqual(signals.take(), [])


if __name__ == "__main__":
    unittest.main()
