# SPDX-License-Identifier: GPL-2.0-only
"""A D-Bus client without manners: raw_client.py ADDRESS deaf N | ask N [CONNECTIONS] | pour. Calls GetAll of the
statistics, deaf: N times, without reading a single reply, and stays; pour: without end, reading what comes
but waiting for nothing. ask: the same as deaf with a call that needs permission. Says "ready" when it has
begun (deaf: when all is sent; ask: when the bus has
taken all, from each of the connections)."""

import os
import re
import select
import signal
import socket
import sys

from gi.repository import Gio, GLib

NAME, PATH = "org.scx.Wd40", "/org/scx/Wd40"


def message(serial, destination, path, interface, method, *arguments):
    m = Gio.DBusMessage.new_method_call(destination, path, interface, method)
    m.set_body(GLib.Variant.new_tuple(*arguments))
    m.set_serial(serial)
    return bytes(m.to_blob(Gio.DBusCapabilityFlags.NONE))


def question(serial):
    return message(serial, NAME, PATH, "org.freedesktop.DBus.Properties", "GetAll",
                   GLib.Variant("s", f"{NAME}.Statistics"))


def request(serial):
    return message(serial, NAME, PATH, NAME, "ConfirmTunables", GLib.Variant("t", 1))


def connect(address):
    s = socket.socket(socket.AF_UNIX)
    s.connect(address.removeprefix("unix:path="))
    s.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    if not s.recv(1000).startswith(b"OK"):
        sys.exit("not authenticated")
    s.sendall(b"BEGIN\r\n" + message(1, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "Hello"))
    return s


def wait_for_bus(s):
    """Until it has come to a call that is sent now: to its ID, in a reply."""
    s.sendall(message(1 << 20, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId"))
    seen = b""
    while not re.search(rb"[0-9a-f]{32}\0", seen):
        seen = seen[-32:] + s.recv(1 << 16)


def pour(s):
    s.setblocking(False)
    serial, left = 2, b""
    while True:
        readable, writable, _ = select.select([s], [s], [])
        if readable and not s.recv(1 << 20):
            return
        if writable:
            while len(left) < 1 << 16:
                left += question(serial)
                serial += 1
            left = left[s.send(left):]


def main():
    kind, *numbers = sys.argv[2:]
    calls, connections, *_ = [*map(int, numbers), 1, 1]
    try:
        sockets = [connect(sys.argv[1]) for _ in range(connections)]
        if kind == "pour":
            print("ready", flush=True)
            pour(*sockets)
        make = question if kind == "deaf" else request
        for s in sockets:
            s.sendall(b"".join(make(serial) for serial in range(2, 2 + calls)))
        for s in sockets if kind == "ask" else []:
            wait_for_bus(s)
        print("ready", flush=True)
        signal.pause()
    except OSError:
        pass  # the bus is gone


if __name__ == "__main__":
    main()
