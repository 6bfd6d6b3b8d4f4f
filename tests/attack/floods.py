# SPDX-License-Identifier: GPL-2.0-only
"""How to be a nuisance: the engines of tests/attack/attacker.py. Each prepares itself up to its yield, and then runs until the
process is killed."""

import os
import selectors
import socket
import time

import wire


class Flooder:
    """A connection that sends the same calls again and again."""

    def __init__(self, address, calls, joined, reads=True, window=0, fds=()):
        """joined: the calls in one. window: sends them once, and again when as many replies came; 0: sends all the time.
        fds go with each call."""
        self.bus = wire.Connection(address)
        self.bus.socket.setblocking(False)
        self.calls, self.reads, self.window, self.fds = calls, reads, window, list(fds)
        self.joined = self.left = joined
        self.replies = -1 if window else 0  # that to Hello does not count

    def events(self):
        return (selectors.EVENT_READ if self.reads else 0) | (selectors.EVENT_WRITE if self.left else 0)

    def on_writable(self):
        if self.fds:
            return self.send_with_fds()
        self.left = self.left[self.bus.socket.send(self.left):]
        if not self.left and not self.window:
            self.left = self.joined
        return True

    def send_with_fds(self):
        """Each call with its descriptors, so whole."""
        self.bus.socket.setblocking(True)
        for c in self.calls:
            self.bus.send(c, self.fds)
        self.bus.socket.setblocking(False)
        self.left = b""
        return True

    def on_readable(self):
        if not self.window:
            return bool(self.bus.socket.recv(1 << 20))
        if not self.bus.fill():
            return False
        while m := self.bus.take():
            self.replies += m.kind in (wire.RETURN, wire.ERROR)
        if self.replies >= self.window:
            self.replies = 0
            self.left = self.joined
        return True


def flood(address, calls, connections=1, **options):
    """Many Flooders in one process. One that the bus throws out comes again."""
    calls = numbered(calls)
    joined = memoryview(b"".join(calls))
    selector = selectors.DefaultSelector()

    def add():
        flooder = Flooder(address, calls, joined, **options)
        if flooder.events():
            selector.register(flooder.bus, flooder.events(), flooder)

    for _ in range(connections):
        add()
    yield
    while True:
        for key, events in selector.select(1):
            flooder = key.data
            try:
                well = (not events & selectors.EVENT_READ or flooder.on_readable()) and \
                    (not events & selectors.EVENT_WRITE or flooder.on_writable())
            except BlockingIOError:
                continue
            except OSError:
                well = False
            if well and flooder.events():
                selector.modify(flooder.bus, flooder.events(), flooder)
                continue
            selector.unregister(flooder.bus)
            if not well:
                flooder.bus.close()
                patiently(add)


def numbered(calls):
    """With a serial of its own for each, which a bus insists on while it is not answered."""
    return [wire.with_serial(c, serial) for serial, c in enumerate(calls, 2)]


def patiently(attempt):
    """The bus lets only so many in at once."""
    while True:
        try:
            return attempt()
        except OSError:
            time.sleep(0.01)


def churn(address, calls):
    """Comes, calls and goes without waiting, again and again."""
    calls = b"".join(numbered(calls))
    yield
    while True:
        bus = patiently(lambda: wire.Connection(address))
        try:
            bus.send(calls)
        except OSError:
            pass
        bus.close()


def connect_stats(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(path)
    return s


def stats_churn(path):
    """A connection for each question."""
    yield
    while True:
        try:
            with connect_stats(path) as s:
                s.sendall(b'{"req":"stats"}\n')
                s.recv(1 << 16)
        except OSError:
            pass


def stats_slowly(path, connections):
    """Connections that stay, and say a byte now and then."""
    held = []
    yield
    while True:
        for s in held[:]:
            try:
                s.sendall(b"{")
            except OSError:
                held.remove(s)
        try:
            while len(held) < connections:
                held.append(connect_stats(path))
        except OSError:
            pass
        time.sleep(0.02)


def descriptors(n):
    return [os.open("/dev/null", os.O_RDONLY) for _ in range(n)]
