#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Random calls to every method and every property of every object on a system bus, by root and by a user: each is answered.

WD40D_BUS names the bus daemon, WD40D_RANDOM_CALLS how many calls of each method and property, WD40D_SEED what to
begin with, as a failure tells."""

import os
import pathlib
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "bus"))

import wire
from buses import BUSES
from harness import NAME, PATH, PATIENCE, PROPERTIES, Case, Polkit, as_user, die_with_parent
from random_values import Values

BUS = os.environ.get("WD40D_BUS", "dbus-daemon")
CALLS = int(os.environ.get("WD40D_RANDOM_CALLS", 20))
SEED = int(os.environ.get("WD40D_SEED", 1))
AT_ONCE = 8
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"

# Options of methods, and names that are asked for.
OPTIONS = {"dry-run": "b", "persist": "s", "expected-generation": "t", "confirm-timeout-usec": "t", "reason": "s", "names": "as",
           "scopes": "as", "runtime": "s", "disk": "s", "machine": "s", "tasks": "s", "debug": "s"}


class Caller:
    """Calls by this process's user, several at a time."""

    def __init__(self, address, values):
        self.bus = wire.Connection(address, PATIENCE).hello()
        self.values = values
        self.waiting, self.answers = {}, {}

    def introspect(self, path="/"):
        """(path, its description) of each object."""
        reply = self.bus.request(NAME, path, INTROSPECTABLE, "Introspect")
        node = ElementTree.fromstring(reply.text())
        yield path, node
        for child in node.findall("node"):
            yield from self.introspect(f"{path.rstrip('/')}/{child.get('name')}")

    def call(self, path, interface, member, signature, *values):
        """Sends it, and takes what answers have come."""
        serial = self.bus.next_serial()
        self.waiting[serial] = f"{path} {interface}.{member} {signature} {values}"
        self.bus.send(wire.call(serial, NAME, path, interface, member, signature, *values))
        self.wait(AT_ONCE)

    def wait(self, left):
        """Until no more calls than so many have no answer."""
        while len(self.waiting) > left:
            try:
                m = self.bus.receive()
            except OSError as error:
                sys.exit(f"{error}; no answer to " + "; ".join(self.waiting.values())[:2000])
            if m.kind in (wire.RETURN, wire.ERROR) and self.waiting.pop(m.fields["reply_serial"], None):
                answer = m.fields.get("error", "return")
                self.answers[answer] = self.answers.get(answer, 0) + 1

    def call_method(self, path, interface, method):
        signature = "".join(arg.get("type") for arg in method.findall("arg") if arg.get("direction", "in") == "in")
        self.call(path, interface, method.get("name"), *self.values.arguments(signature))

        if method.get("name") == "Detach":  # most of the objects are there only while the scheduler is
            self.call(path, interface, "Attach", "a{sv}", {})

    def call_property(self, path, interface, prop):
        kind, name = prop.get("type"), prop.get("name")
        self.call(path, PROPERTIES, "Get", "ss", interface, name)
        if self.values.random.random() < 0.2:
            kind = self.values.type()
        self.call(path, PROPERTIES, "Set", "ssv", interface, name, (kind, self.values.value(kind)))

    def call_everything(self):
        objects = list(self.introspect())
        for _ in range(CALLS):
            for path, node in objects:
                for interface in node.findall("interface"):
                    name = interface.get("name")
                    for method in interface.findall("method"):
                        self.call_method(path, name, method)
                    for prop in interface.findall("property"):
                        self.call_property(path, name, prop)
        self.wait(0)


def words():
    """Names that mean something, and the types of their values."""
    tree = ElementTree.parse(pathlib.Path(os.environ["WD40D_SOURCE"]) / "dbus/org.scx.Wd40.xml")
    return {**{p.get("name"): p.get("type") for p in tree.iter("property")}, **OPTIONS}


class Random(Case):
    def make_bus(self):
        return BUSES[BUS](self.directory)

    def random_calls(self, user):
        self.start()
        owner = self.owner()
        command = [*as_user(user), sys.executable, "-B", __file__, self.bus.address]
        result = subprocess.run(command, capture_output=True, text=True, preexec_fn=die_with_parent)
        self.assertEqual(result.returncode, 0, f"seed {SEED}: {result.stderr}")
        print(f"by {user}, {BUS}: {result.stdout}", flush=True)
        self.assertEqual(self.owner(), owner, "the bus was lost")
        self.assertTrue(self.get("Version"))

    def owner(self):
        bus = wire.Connection(self.bus.address).hello()
        self.addCleanup(bus.close)
        return bus.request(*wire.DRIVER, "GetNameOwner", "s", NAME).text()

    def test_by_a_user(self):
        self.random_calls("nobody")

    def test_by_a_user_whom_polkit_lets(self):
        Polkit(self).answer("yes")
        self.random_calls("nobody")

    def test_by_root(self):
        self.random_calls("root")


def main():
    caller = Caller(sys.argv[1], Values(SEED, words()))
    caller.call_everything()
    print(f"{sum(caller.answers.values())} calls, answers: {caller.answers}")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].startswith("unix:"):
        main()
    else:
        unittest.main()
