#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The objects of nodes and domains: what they show, and how they come and go."""

import json
import unittest
import xml.etree.ElementTree as ElementTree

from harness import Case, Client, NAME, PATH, PROPERTIES, Refused, SOURCE, STATISTICS, Signals, wait_until

MANAGER = "org.freedesktop.DBus.ObjectManager"
NODE, DOMAIN = f"{NAME}.Node", f"{NAME}.Domain"
ALL = [f"{PATH}/Domain/D{i}" for i in range(4)] + [f"{PATH}/Node/N{i}" for i in range(2)]


class Children(Case):
    def setUp(self):
        super().setUp()
        self.start()

    def managed(self):
        reply = self.busctl("--json=short", "call", NAME, PATH, MANAGER, "GetManagedObjects")
        self.assertEqual(reply.returncode, 0, reply.stderr)
        return {path: {interface: {name: value["data"] for name, value in properties.items()}
                       for interface, properties in interfaces.items() if interface.startswith(NAME)}
                for path, interfaces in json.loads(reply.stdout)["data"][0].items()}

    def domain(self, number):
        return self.managed()[f"{PATH}/Domain/D{number}"][DOMAIN]

    def node(self, number):
        return self.managed()[f"{PATH}/Node/N{number}"][NODE]


class Shows(Children):
    def test_there_is_one_for_each(self):
        self.assertEqual(sorted(self.managed()), ALL)
        for domain, node, cpus in self.machine.DOMAINS:
            row = self.domain(domain)
            self.assertEqual((row["Id"], row["Node"], row["Cpus"], row["OnlineCpus"]), (domain, node, cpus, cpus))
        for node in 0, 1:
            row = self.node(node)
            cpus = list(range(4 * node, 4 * node + 4))
            self.assertEqual((row["Id"], row["Domains"], row["Cpus"], row["OnlineCpus"]),
                             (node, [2 * node, 2 * node + 1], cpus, cpus))

    def test_numbers_are_those_of_the_arena(self):
        for field, n in ("nr_tasks", 7), ("capacity", 1500), ("max_wait_ns", 123456789):
            self.fake.set_domain(2, field, n)
        self.fake.set_domain(3, "nr_tasks", 5)
        self.fake.set_domain(3, "capacity", 1000)
        row = self.domain(2)
        self.assertEqual((row["Tasks"], row["Capacity"], row["LongestWaitUSec"]), (7, 1500, 123456))
        self.assertEqual((self.node(1)["Tasks"], self.node(1)["Capacity"]), (12, 2500))
        self.assertEqual((self.node(0)["Tasks"], self.node(0)["Capacity"]), (0, 4096))

    def test_all_at_once_are_as_each_alone(self):
        self.fake.set_domain(2, "nr_tasks", 7)
        reply = self.busctl("--json=short", "call", NAME, PATH, MANAGER, "GetManagedObjects")
        objects, client = json.loads(reply.stdout)["data"][0], Client(self)
        for path in ALL:
            interfaces = objects[path]
            own = {i: {n: v["data"] for n, v in properties.items()} for i, properties in interfaces.items() if properties}
            self.assertEqual(list(own), [NODE if "/N" in path else DOMAIN])
            for interface, properties in own.items():
                alone = client.call("GetAll", "s", interface, interface=PROPERTIES, path=path)
                self.assertEqual(set(alone), set(properties))
                for name in "Id", "Cpus", "OnlineCpus", "Capacity", "Tasks":
                    self.assertEqual(alone[name], properties[name])
            self.assertEqual(set(interfaces) - set(own), {f"org.freedesktop.DBus.{i}" for i in ("Peer", "Introspectable", "Properties")})

    def test_bound_of_the_wait(self):
        """As bpf/guard.bpf.h derives it, with the longer slice; 7 tasks on 2 CPUs."""
        self.fake.set_domain(1, "nr_online", 0)
        self.assertEqual(self.domain(1)["WaitBoundUSec"], 2**64 - 1)
        self.fake.set_domain(2, "nr_tasks", 7)
        self.assertEqual(self.domain(2)["WaitBoundUSec"], 5000000 + 2 * 1000000 + 4 * 20000)
        self.assert_set("SliceUnderutilUSec", "t", "50000")
        self.assertEqual(self.domain(2)["WaitBoundUSec"], 5000000 + 2 * 1000000 + 4 * 50000)
        self.assert_set("FifoSched", "b", "yes")
        self.assertEqual(self.domain(2)["WaitBoundUSec"], 4 * 50000)

    def test_capacity_is_known_before_the_balancer_looks(self):
        self.assert_set("BalanceIntervalUSec", "t", "60000000")
        Client(self).call("Reattach", "a{sv}", {})
        self.assertEqual([self.domain(i)["Capacity"] for i in range(4)], [2048] * 4)
        self.assertEqual([self.node(i)["Capacity"] for i in range(2)], [4096] * 2)

    def test_loads_and_moves(self):
        self.assert_set("BalanceIntervalUSec", "t", "100000")
        self.fake.add_hogs(16, 0)
        wait_until("requests", lambda: " 12 " in self.get("Moves", STATISTICS))
        self.fake.answer_moves(2)
        wait_until("moves", lambda: [self.domain(i)["Moves"] for i in range(4)] == [0, 4, 4, 4])
        wait_until("evenness", lambda: all(abs(self.domain(i)["Load"] - 2) < 0.01 for i in range(4)))
        self.assertAlmostEqual(self.domain(0)["Imbalance"], 0, 1)
        self.assertAlmostEqual(self.node(0)["Load"], 4, 1)
        self.assertAlmostEqual(self.node(0)["Imbalance"], 0, 1)

    def test_busy(self):
        wait_until("a reading", lambda: 0 <= self.domain(0)["BusyPercent"] <= 100)
        busy = [self.domain(i)["BusyPercent"] for i in range(2)]
        self.assertLessEqual(min(busy) - 100, self.node(0)["BusyPercent"])
        self.assertGreaterEqual(self.node(0)["BusyPercent"], 0)

    def test_everybody_reads(self):
        nobody = Client(self, user="nobody")
        self.assertEqual(sorted(nobody.call("GetManagedObjects", interface=MANAGER)), ALL)
        got = nobody.call("GetAll", "s", DOMAIN, interface=PROPERTIES, path=f"{PATH}/Domain/D1")
        self.assertEqual(got["Cpus"], [2, 3])

    def test_nobody_writes(self):
        for path in ALL[0], ALL[-1]:
            interface = DOMAIN if "Domain" in path else NODE
            for name in self.managed()[path][interface]:
                result = self.busctl("set-property", NAME, path, interface, name, "u", "1")
                self.assertNotEqual(result.returncode, 0, name)
            with self.assertRaises(Refused) as caught:
                Client(self).call("Format", interface=interface, path=path)
            self.assertEqual(caught.exception.name, "org.freedesktop.DBus.Error.UnknownMethod")

    def test_what_is_not_there(self):
        client = Client(self)
        for name in "Domain/D4", "Domain/D01", "Domain/D", "Domain/N0", "Domain/D0/x", "Node/N2", "Domain/D4294967296":
            with self.subTest(name), self.assertRaises(Refused) as caught:
                client.call("GetAll", "s", "", interface=PROPERTIES, path=f"{PATH}/{name}")
            self.assertEqual(caught.exception.name, "org.freedesktop.DBus.Error.UnknownObject")

    def test_annotations_are_true(self):
        """What changes by itself says so, and is not told."""
        said = {}
        for interface in ElementTree.parse(SOURCE / "dbus/org.scx.Wd40.xml").iter("interface"):
            for p in interface.iter("property"):
                said[interface.get("name"), p.get("name")] = [a.get("value") for a in p.iter("annotation")]
        for interface in NODE, DOMAIN:
            self.assertEqual(said[interface, "Id"], ["const"])
            self.assertEqual(said[interface, "OnlineCpus"], [])
            for name in "Load", "Imbalance", "Tasks", "Capacity", "BusyPercent":
                self.assertEqual(said[interface, name], ["false"])


class ComeAndGo(Children):
    def setUp(self):
        super().setUp()
        self.client = Client(self)
        self.signals = Signals(self, everywhere=True)

    def told(self, member):
        return sorted(arguments[0] for _, _, arguments in self.signals.take(member))

    def test_detach_and_attach(self):
        self.client.call("Detach", "a{sv}", {})
        self.assertEqual(self.told("InterfacesRemoved"), ALL)
        self.assertEqual(self.managed(), {})
        with self.assertRaises(Refused):
            self.client.call("GetAll", "s", DOMAIN, interface=PROPERTIES, path=ALL[0])
        self.client.call("Attach", "a{sv}", {})
        added = {arguments[0]: arguments[1] for _, _, arguments in self.signals.take("InterfacesAdded")}
        self.assertEqual(sorted(added), ALL)
        self.assertEqual(added[ALL[1]][DOMAIN]["Cpus"], [2, 3])
        self.assertEqual(sorted(self.managed()), ALL)

    def test_reattach_with_other_domains(self):
        self.assert_set("CacheLevel", "u", "2")
        self.signals.take()
        self.client.call("Reattach", "a{sv}", {})
        seen = self.signals.take()
        changes = [(member, arguments[0]) for member, _, arguments in seen if member.startswith("Interfaces")]
        self.assertEqual(sorted(path for member, path in changes if member == "InterfacesRemoved"), ALL)
        self.assertEqual(len([path for member, path in changes if member == "InterfacesAdded"]), 8 + 2)
        self.assertEqual([member for member, _ in changes], sorted((m for m, _ in changes), reverse=True))
        self.assertEqual(self.domain(7)["Cpus"], [7])

    def told_of_children(self):
        return [(member, path) for member, path, _ in self.signals.take() if member.startswith("Interfaces") or path != PATH]

    def test_reattach_with_the_same_domains(self):
        self.signals.take()
        self.client.call("Reattach", "a{sv}", {})
        self.wait_for_state("attached")
        self.assertEqual(self.told_of_children(), [])
        self.assertEqual(sorted(self.managed()), ALL)

    def test_attached_anew_by_itself(self):
        self.signals.take()
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG)
        wait_until("another attach", lambda: len(self.fake.calls("attach")) == 2)
        self.wait_for_state("attached")
        self.assertEqual(self.told_of_children(), [])
        self.assertEqual(sorted(self.managed()), ALL)

    def test_attached_anew_in_vain(self):
        """They are there until it is known that nothing is attached."""
        self.fake.fail("attach", "EINVAL")
        self.client.send("Reattach", "a{sv}", {})
        self.wait_for_state("failed")
        self.assertEqual(self.told("InterfacesRemoved"), ALL)

    def test_reattach_changes_some(self):
        """Of two domains the CPUs change: they are others then, and so is their node."""
        self.assert_set("Cpumasks", "as", "4", "0x3", "0xc", "0x70", "0x80")
        self.signals.take()
        self.client.call("Reattach", "a{sv}", {})
        self.wait_for_state("attached")
        changed = [f"{PATH}/Domain/D2", f"{PATH}/Domain/D3", f"{PATH}/Node/N1"]
        seen = self.signals.take()
        for member in "InterfacesRemoved", "InterfacesAdded":
            self.assertEqual(sorted(arguments[0] for m, _, arguments in seen if m == member), changed)
        self.assertEqual(self.domain(3)["Cpus"], [7])

    def test_scheduler_that_ends(self):
        self.fake.end(self.fake.SYSRQ)
        self.wait_for_state("detached")
        self.assertEqual(self.told("InterfacesRemoved"), ALL)
        self.assertEqual(self.managed(), {})

    def test_hotplug(self):
        self.machine.set_online("0-4,6-7")
        self.fake.hotplug(5, False)
        wait_until("the CPU is gone", lambda: self.domain(2)["OnlineCpus"] == [4])
        self.assertEqual(self.domain(2)["Cpus"], [4, 5])
        changed = [(path, arguments) for _, path, arguments in self.signals.take("PropertiesChanged") if path != PATH]
        self.assertEqual(changed, [(f"{PATH}/Node/N1", (NODE, {"OnlineCpus": [4, 6, 7]}, [])),
                                   (f"{PATH}/Domain/D2", (DOMAIN, {"OnlineCpus": [4]}, []))])
        self.machine.set_online("0-7")
        self.fake.hotplug(5, True)
        wait_until("the CPU is back", lambda: self.domain(2)["OnlineCpus"] == [4, 5])
        self.assertEqual(self.told("InterfacesRemoved"), [])

    def test_they_return_with_the_bus(self):
        self.bus.kill()
        self.bus.start()
        wait_until("the name is back", lambda: self.busctl("status", NAME).returncode == 0)
        self.assertEqual(sorted(self.managed()), ALL)
        signals = Signals(self, everywhere=True)
        self.assert_set("SliceOverutilUSec", "t", "2000")
        self.assertEqual(signals.take("InterfacesAdded"), [])


if __name__ == "__main__":
    unittest.main()
