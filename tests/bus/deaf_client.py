# SPDX-License-Identifier: GPL-2.0-only
"""A D-Bus client that does not read: deaf_client.py ADDRESS METHOD N. Makes N calls (METHOD: subscribe, statistics,
objects, introspect or ping), says "ready" when all are sent, and reads nothing until there is a line on its standard
input. Then it reads, answers Pings, and says how many replies, errors and samples came when nothing comes any more."""

import select
import sys

from gi.repository import Gio, GLib

from raw_client import NAME, PATH, connect, message

STATISTICS = f"{NAME}.Statistics"
METHODS = {
    "subscribe": (PATH, STATISTICS, "Subscribe", GLib.Variant("t", 100000), GLib.Variant("a{sv}", {})),
    "statistics": (PATH, STATISTICS, "GetStatistics", GLib.Variant("a{sv}", {})),
    "objects": (PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
    "introspect": (PATH, "org.freedesktop.DBus.Introspectable", "Introspect"),
    "ping": ("/", "org.freedesktop.DBus.Peer", "Ping"),
}
QUIET = 1.5  # seconds without a message


def send(s, method, n):
    path, interface, member, *arguments = METHODS[method]
    blob = bytearray(message(2, NAME, path, interface, member, *arguments))
    for serial in range(2, 2 + n):
        blob[8:12] = serial.to_bytes(4, "little")
        s.sendall(blob)


def answer(s, call, serial):
    reply = Gio.DBusMessage.new_method_reply(call)
    reply.set_serial(serial)
    s.sendall(bytes(reply.to_blob(Gio.DBusCapabilityFlags.NONE)))


def messages(s):
    data = b""
    while select.select([s], [], [], QUIET)[0]:
        data += s.recv(1 << 20)
        while len(data) >= 16 and len(data) >= (size := Gio.DBusMessage.bytes_needed(data)):
            yield Gio.DBusMessage.new_from_blob(data[:size], Gio.DBusCapabilityFlags.NONE)
            data = data[size:]


def main():
    s = connect(sys.argv[1])
    try:
        send(s, sys.argv[2], int(sys.argv[3]))
    except OSError:
        return  # the bus is gone
    print("ready", flush=True)
    if not sys.stdin.readline():
        return
    kinds = {Gio.DBusMessageType.METHOD_RETURN: 0, Gio.DBusMessageType.ERROR: 0, Gio.DBusMessageType.SIGNAL: 0}
    for n, m in enumerate(messages(s)):
        if m.get_message_type() == Gio.DBusMessageType.METHOD_CALL:
            answer(s, m, 1 << 20 | n)
        else:
            kinds[m.get_message_type()] += 1
    print(*kinds.values(), flush=True)


main()
