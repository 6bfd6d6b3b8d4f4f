# SPDX-License-Identifier: GPL-2.0-only
"""Races for generations: racer.py ADDRESS ID ATTEMPTS. Begins at a line on standard input. Each attempt
reads the generation and tries to be the one who changes it. Prints as JSON what it won: [generation,
slice_underutil, slice_overutil] each; and how often it came too late."""

import json
import sys

from gi.repository import Gio, GLib

NAME, PATH = "org.scx.Wd40", "/org/scx/Wd40"


def main():
    bus = Gio.DBusConnection.new_for_address_sync(
        sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
        None, None)
    number, attempts, won, late = int(sys.argv[2]), int(sys.argv[3]), [], 0

    def call(interface, method, arguments):
        return bus.call_sync(NAME, PATH, interface, method, arguments, None, Gio.DBusCallFlags.NONE, 60000, None)

    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(attempts):
        generation = call("org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (NAME, "Generation"))).unpack()[0]
        over = 1000 + 10 * generation + number
        under = over + 20000
        try:
            new = call(NAME, "SetTunables", GLib.Variant("(a{sv}a{sv})", (
                {"SliceUnderutilUSec": GLib.Variant("t", under), "SliceOverutilUSec": GLib.Variant("t", over)},
                {"expected-generation": GLib.Variant("t", generation)}))).unpack()[0]
            won.append([new, under, over])
        except GLib.Error as error:
            if "StaleGeneration" not in error.message:
                raise
            late += 1
    print(json.dumps({"won": won, "late": late}), flush=True)


main()
