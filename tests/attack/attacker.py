# SPDX-License-Identifier: GPL-2.0-only
"""One process of an attack: attacker.py NAME ADDRESS STATS. Says "ready", waits for a line on standard
input, and goes on until it is killed."""

import sys

from attacks import ATTACKS


def main():
    name, address, stats = sys.argv[1:]
    steps = ATTACKS[name].start(address, stats)
    next(steps)
    print("ready", flush=True)
    sys.stdin.readline()
    next(steps)


main()
