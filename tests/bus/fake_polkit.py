# SPDX-License-Identifier: GPL-2.0-only
"""polkit's authority for the tests: fake_polkit.py FOLDER. The file named as the action, else "default",
holds the answer: yes, no, challenge, or wait, which holds the answer back until the file changes. Calls
are logged in FOLDER/log."""

import json
import pathlib
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

FOLDER = pathlib.Path(sys.argv[1])
ANSWERS = {"yes": (True, False, {}), "no": (False, False, {}), "challenge": (False, True, {})}
INTERFACE = "org.freedesktop.PolicyKit1.Authority"


class Authority(dbus.service.Object):
    cancelled = set()

    @dbus.service.method(INTERFACE, in_signature="(sa{sv})sa{ss}us", out_signature="(bba{ss})",
                         async_callbacks=("reply", "error"))
    def CheckAuthorization(self, subject, action, details, flags, cancellation, reply, error):
        self.log(subject=[str(subject[0]), str(subject[1]["name"])], action=str(action),
                 details={str(k): str(v) for k, v in details.items()}, flags=int(flags))
        self.try_answer(str(action), int(flags), reply, error, str(cancellation))

    def try_answer(self, action, flags, reply, error, cancellation):
        if cancellation in self.cancelled:
            error(dbus.DBusException("taken back", name="org.freedesktop.PolicyKit1.Error.Cancelled"))
            return False
        path = FOLDER / action
        answer = (path if path.exists() else FOLDER / "default").read_text().strip()
        if answer == "wait":
            GLib.timeout_add(20, self.try_answer, action, flags, reply, error, cancellation)
        else:
            reply(dbus.Struct(ANSWERS[answer], signature="bba{ss}"))
        return False

    @dbus.service.method(INTERFACE, in_signature="s")
    def CancelCheckAuthorization(self, cancellation):
        self.cancelled.add(str(cancellation))
        self.log(cancelled=str(cancellation))

    def log(self, **what):
        with open(FOLDER / "log", "a") as log:
            log.write(json.dumps(what) + "\n")


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
Authority(bus, "/org/freedesktop/PolicyKit1/Authority")
name = dbus.service.BusName("org.freedesktop.PolicyKit1", bus)
GLib.MainLoop().run()
