# SPDX-License-Identifier: GPL-2.0-only
"""Connections to the bus: one that calls methods, one that collects signals."""

import json
import os
import pathlib
import subprocess
import sys

from basics import NAME, PATH, PATIENCE, as_user, die_with_parent, wait_until


class Client:
    """A connection of its own that calls methods with exact types, as another user if wanted. dbus-python
    cannot change its user, so that one is a program of its own: tests/bus/client.py."""

    def __init__(self, case, user=None):
        self.command = [sys.executable, "-B", str(pathlib.Path(__file__).with_name("client.py")), case.bus.address]
        if user:
            self.command = [*as_user(user), *self.command]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        case.addCleanup(self.kill)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def send(self, method, signature="", *arguments, interface=NAME, path=PATH, interactive=False):
        self.process.stdin.write(json.dumps([path, interface, method, signature, arguments, interactive]) + "\n")
        self.process.stdin.flush()

    def receive(self):
        kind, value = json.loads(self.process.stdout.readline())
        if kind == "error":
            raise Refused(*value)
        return value

    def next_signal(self, member):
        """The arguments of the next signal of that name that was sent to this client alone."""
        self.process.stdin.write(json.dumps({"signal": member, "patience": PATIENCE}) + "\n")
        self.process.stdin.flush()
        return self.receive()

    def call(self, *arguments, **options):
        """The reply's values; one alone as it is, none as None. Refused when it is an error."""
        self.send(*arguments, **options)
        return self.receive()


class Refused(Exception):
    """An error as a reply; name without the prefix of ours, message."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name.removeprefix(f"{NAME}.Error.")
        self.message = message


class Signals:
    """Collects the daemon's signals. They arrive in order, and before the reply to a later call, so
    after a call everything that was sent before it is here."""

    def __init__(self, case, owned_name=None, everywhere=False, details=False, user=None):
        """everywhere: those of the objects below too; then each is (member, path, arguments). details: those that are
        for root alone too. user: the number of another one than root who listens."""
        import dbus.bus
        import dbus.mainloop.glib
        from gi.repository import GLib

        self.context = GLib.MainContext.default()
        loop = dbus.mainloop.glib.DBusGMainLoop()
        os.seteuid(user or 0)
        try:
            self.connection = dbus.bus.BusConnection(case.bus.address, mainloop=loop)
        finally:
            os.seteuid(0)
        self.seen, self.details = [], details
        if owned_name:
            self.connection.request_name(owned_name)
            return
        if everywhere:
            self.connection.add_signal_receiver(self.on_any_signal, member_keyword="member", path_keyword="path")
        else:
            self.connection.add_signal_receiver(self.on_signal, path=PATH, member_keyword="member",
                                                interface_keyword="interface")
        self.object = self.connection.get_object(NAME, PATH, introspect=False)
        case.addCleanup(self.connection.close)

    def on_signal(self, *arguments, member, interface):
        if self.details or interface != f"{NAME}.Details":
            self.seen.append((member, plain(arguments)))

    def on_any_signal(self, *arguments, member, path):
        if path.startswith(PATH):
            self.seen.append((member, str(path), plain(arguments)))

    def take(self, member=None):
        """Every signal up to now."""
        self.object.Ping(dbus_interface="org.freedesktop.DBus.Peer")
        while self.context.iteration(False):
            pass
        seen, self.seen = self.seen, []
        return [s for s in seen if member in (None, s[0])]

    def wait_for(self, member):
        found = []

        def arrived():
            found.extend(self.take(member))
            return found

        return wait_until(member, arrived)[0][1]


def plain(value):
    """The value without dbus-python's types."""
    import dbus

    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, dbus.Boolean):
        return bool(value)
    for kind in int, float, str:
        if isinstance(value, kind):
            return kind(value)
    return value
