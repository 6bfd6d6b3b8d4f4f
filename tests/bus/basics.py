# SPDX-License-Identifier: GPL-2.0-only
"""Paths and names that the bus tests go by, and how they wait."""

import ctypes
import os
import pathlib
import signal
import time

SOURCE = pathlib.Path(os.environ["WD40D_SOURCE"])
DAEMON = os.environ["WD40D_FAKE"]  # daemon/main.c with tests/fake/sched-fake.c
ARENA_PEEK = os.environ["WD40D_ARENA_PEEK"]
CTL = os.environ["WD40CTL"]
PATIENCE = float(os.environ.get("WD40D_PATIENCE", 20))  # seconds until a condition counts as failed

NAME = "org.scx.Wd40"
PATH = "/org/scx/Wd40"
STATISTICS = "org.scx.Wd40.Statistics"
PROPERTIES = "org.freedesktop.DBus.Properties"


def wait_until(what, condition, patience=PATIENCE):
    """The first true value of condition; fails the test when there is none in time."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s for: {what}")
        time.sleep(0.01)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def as_user(user):
    """What to put before a command. The change of user undoes die_with_parent(), so it is set once more."""
    return ["setpriv", f"--reuid={user}", "--clear-groups", "--pdeathsig=KILL"]
