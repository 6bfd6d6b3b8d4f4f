# SPDX-License-Identifier: GPL-2.0-only
"""What others notice: observer.py ADDRESS SECONDS WHAT. Calls the daemon and the control in turn, at a steady pace whether
answers come or not, and prints as JSON for each of both how long each call took in seconds (the last ones up to now, if
no answer came) and the errors. WHAT: get, State is read; permissions, root's are, which goes the way of calls that not
everybody may make. Says "ready" first."""

import json
import select
import sys
import time

import wire
from basics import NAME, PATH, PROPERTIES
from buses import CONTROL

PERIOD = 0.01
WAITING_MAX = 15  # the daemon lets a connection wait for 16 permissions
PATIENCE = 5  # for what is still to come in the end


def get(serial, name):
    return wire.call(serial, name, PATH, PROPERTIES, "Get", "ss", NAME, "State")


def permissions(serial, name):
    return wire.call(serial, name, PATH, NAME, "GetPermissions")


class Target:
    def __init__(self, name, make):
        self.name, self.make = name, make
        self.waiting = {}  # when it was sent, by serial
        self.took, self.errors = [], []

    def ask(self, bus):
        if len(self.waiting) >= WAITING_MAX:
            return
        serial = bus.next_serial()
        self.waiting[serial] = time.monotonic()
        bus.send(self.make(serial, self.name))

    def on_reply(self, m):
        sent = self.waiting.pop(m.fields.get("reply_serial"), None)
        if sent is None:
            return
        self.took.append(time.monotonic() - sent)
        if m.kind == wire.ERROR:
            self.errors.append(f"{m.fields['error']}: {m.text()}")

    def result(self):
        now = time.monotonic()
        return {"took": self.took + [now - sent for sent in self.waiting.values()], "unanswered": len(self.waiting),
                "errors": self.errors}


def serve(bus, targets, until, enough=lambda: False):
    """Takes replies up to a time, or until it is enough."""
    while not enough() and (left := until - time.monotonic()) > 0:
        if not select.select([bus], [], [], left)[0]:
            return
        if not bus.fill():
            sys.exit("the bus has closed the connection")
        while m := bus.take():
            for target in targets:
                target.on_reply(m)


def main():
    address, seconds, what = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    make = {"get": get, "permissions": permissions}[what]
    bus = wire.Connection(address).hello()
    targets = [Target(NAME, make), Target(CONTROL, make)]
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        for target in targets:
            target.ask(bus)
        serve(bus, targets, now + PERIOD)
    serve(bus, targets, end + PATIENCE, lambda: not any(target.waiting for target in targets))
    print(json.dumps([target.result() for target in targets]))


main()
