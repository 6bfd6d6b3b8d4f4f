# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program on a socket of its own, and passes on the bytes between it and our own stdin and stdout:
relay.py PROGRAM [ARGUMENT...]."""

import os
import socket
import subprocess
import sys
import threading

ours, theirs = socket.socketpair()


def copy(source, sink):
    while data := os.read(source, 65536):
        while data:
            data = data[os.write(sink, data):]


def upward():
    copy(sys.stdin.fileno(), ours.fileno())
    ours.shutdown(socket.SHUT_WR)


with subprocess.Popen(sys.argv[1:], stdin=theirs, stdout=theirs):
    theirs.close()
    threading.Thread(target=upward, daemon=True).start()
    copy(ours.fileno(), sys.stdout.fileno())
