# SPDX-License-Identifier: GPL-2.0-only
"""The control of an experiment: control.py ADDRESS. A service on the same bus that nobody attacks, which answers
every call with a variant, as Get is answered. What it takes to reach it is the work of the bus and of the machine, not
of the daemon. Also wakes up every 100 ms as the tuner does; for each line on standard input it prints how often it did."""

import select
import sys
import time

import wire
from buses import CONTROL

PERIOD = 0.1


def answer(bus, m):
    if m.kind == wire.CALL:
        bus.send(wire.message(wire.RETURN, bus.next_serial(), wire.marshal("v", ("s", "attached")), reply_serial=m.serial,
                              destination=m.fields["sender"], signature="v"))


def main():
    bus = wire.Connection(sys.argv[1]).hello()
    bus.request(*wire.DRIVER, "RequestName", "su", CONTROL, 0)
    rounds, due = 0, time.monotonic() + PERIOD
    print("ready", flush=True)
    while True:
        readable, _, _ = select.select([bus, sys.stdin], [], [], max(0, due - time.monotonic()))
        if bus in readable and not bus.fill():
            return
        while m := bus.take():
            answer(bus, m)
        if (now := time.monotonic()) >= due:
            rounds += 1
            due += ((now - due) // PERIOD + 1) * PERIOD  # what was missed is not made up for, as in the daemon
        if sys.stdin in readable:
            if not sys.stdin.readline():
                return
            print(rounds, flush=True)


main()
