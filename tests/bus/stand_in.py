# SPDX-License-Identifier: GPL-2.0-only
"""Something that is on the bus in wd40d's stead: stand_in.py PART. A call that its part has
no answer for gets an error; the silent one has no part."""

import sys
import time

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib

ESCAPE = "\x1b]0;title\x07 \x1b[31mred\u202e\n State: fine"


def usec(clock):
    return dbus.UInt64(time.clock_gettime_ns(clock) // 1000)


def clock_was_set():
    """Attached 90 s ago, when the clock was an hour ahead."""
    return {"GetAll": ("a{sv}", {
        "State": "attached", "OpsName": "wd40",
        "AttachedTimestamp": dbus.UInt64(usec(time.CLOCK_REALTIME) + 3600_000_000),
        "AttachedTimestampMonotonic": dbus.UInt64(usec(time.CLOCK_MONOTONIC) - 90_000_000)})}


def escapes():
    """Text that would steer the terminal."""
    row = dbus.Dictionary({"key": ESCAPE, "type": "s", "unit": ESCAPE, "current": ESCAPE, "origin": ESCAPE, "reason": ESCAPE,
                           "description": ESCAPE}, "sv")
    return {"GetAll": ("a{sv}", {"State": ESCAPE, "StateReason": ESCAPE, "Topology": ESCAPE, "OpsName": ESCAPE,
                                 "ConfigFiles": dbus.Array([ESCAPE], "s"), "PendingReattach": dbus.Array([ESCAPE], "s")}),
            "DescribeTunables": ("a{sa{sv}}", {ESCAPE: row}), "GetPermissions": ("a{ss}", {ESCAPE: ESCAPE}),
            "CheckConfig": ("a(ssus)", [(ESCAPE, ESCAPE, 1, ESCAPE)]),
            "GetMetadata": ("a{sa{sv}}", {ESCAPE: {"scope": "machine", "type": ESCAPE, "unit": ESCAPE, "description": ESCAPE}}),
            "GetStatistics": ("a{sv}", {ESCAPE: ESCAPE})}


def nonsense():
    """Answers of other types than were agreed on."""
    nan = dbus.Array([float("nan")], "d")
    broken = {"GetAll": ("a{sv}", {"State": nan, "LastExit": 7, "AttachedTimestamp": "soon", "PendingReattach": nan,
                                   "UnsavedTunables": nan, "ConfigFiles": nan}),
              "Get": ("v", nan), "SetTunables": ("tad", 1, nan), "ResetTunables": ("ad", nan), "SaveTunables": ("s", ""),
              "GetMetadata": ("a{sv}", {"queued": "counter", "queue_wait": {"scope": "machine", "type": "histogram", "bounds": 3},
                                        "domain.load": {"scope": "domain", "type": "gauge"}, "x": nan}),
              "GetStatistics": ("a{sv}", {"queue_wait": nan, "queued": nan, "domains": nan, "nodes": 3, "x": 3})}
    return {**dict.fromkeys(["DescribeTunables", "CheckConfig", "GetPermissions", "GetManagedObjects"], ("ad", nan)), **broken}


ANSWERS = {"silent": {}, "clock_was_set": clock_was_set(), "escapes": escapes(), "nonsense": nonsense()}[sys.argv[1]]


def on_message(connection, message):
    answer = ANSWERS.get(message.get_member())
    if message.get_type() != 1 or message.get_interface() == "org.freedesktop.DBus.Peer":
        return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
    if answer:
        reply = dbus.lowlevel.MethodReturnMessage(message)
        reply.append(*answer[1:], signature=answer[0])
        connection.send_message(reply)
    elif ANSWERS:
        connection.send_message(dbus.lowlevel.ErrorMessage(message, "org.example.Error.No", ESCAPE))
    return dbus.lowlevel.HANDLER_RESULT_HANDLED


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
bus.add_message_filter(on_message)
bus.request_name("org.scx.Wd40")
GLib.MainLoop().run()
