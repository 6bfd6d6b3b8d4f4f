# SPDX-License-Identifier: GPL-2.0-only
"""Whether the statistics' socket has room: stats_observer.py PATH SECONDS. Connects, asks and goes, again and again. Prints as
observer.py does, for one target."""

import json
import sys
import time

import floods

PERIOD = 0.1


def ask(path):
    """What was wrong, or None."""
    try:
        with floods.connect_stats(path) as s:
            s.sendall(b'{"req":"stats"}\n')
            return None if s.recv(1 << 16) else "refused"
    except OSError as error:
        return str(error)


def main():
    path, end = sys.argv[1], time.monotonic() + float(sys.argv[2])
    took, errors = [], []
    print("ready", flush=True)
    while (start := time.monotonic()) < end:
        if error := ask(path):
            errors.append(error)
        took.append(time.monotonic() - start)
        time.sleep(max(0, start + PERIOD - time.monotonic()))
    print(json.dumps([{"took": took, "errors": errors, "unanswered": 0}]))


main()
