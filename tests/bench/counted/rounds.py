# SPDX-License-Identifier: GPL-2.0-only
"""Which load runs when, and what is done when one fails."""
import json
import os
import time

import guest
import measure
from journal import Journal
from loads import loads_for, warm_up_of
from results import COST, WARM_UP

TRIES = 2  # of a load that fails or hangs


class Run:
    def __init__(self, size, rounds, pattern, schedulers):
        self.size, self.rounds, self.schedulers = size, rounds, schedulers
        self.machine = guest.read_machine()
        self.loads = loads_for(self.machine, pattern)
        self.journal = Journal(guest.SHARE / "journal")

    def plan(self):
        """Rounds of one scheduler."""
        return ([(WARM_UP, scheduler) for scheduler in self.schedulers[:1]] +
                [(number, scheduler) for number in range(1, self.rounds + 1) for scheduler in self.schedulers] +
                [(COST, scheduler) for scheduler in self.schedulers if scheduler[1]])

    def once(self, round_name, load, scheduler):
        """One load, and in the round for it what the programs cost in it."""
        fields = self.machine.fields(load, None if round_name == WARM_UP else self.size)
        if round_name != COST:
            found, rows = measure.measure(load, fields, scheduler)
            return {"figures": found, "waking": rows}
        return {"cost": measure.measure_cost(load, fields)}

    def attempt(self, round_name, load, scheduler):
        for tries in range(1, TRIES + 1):
            try:
                return self.once(round_name, load, scheduler) | {"tries": tries}
            except measure.Failed as failure:
                say(f"{scheduler.name}: {load.name}: {failure}, try {tries} of {TRIES}")
                why = str(failure)
                scheduler.restart_if_lost()
        return {"failed": why, "tries": tries}

    def left(self, round_name, name):
        """The loads of a round that are not done."""
        loads = warm_up_of(self.loads) if round_name == WARM_UP else self.loads
        return [load for load in loads if not self.journal.is_done((round_name, name, load.name))]

    def one_round(self, round_name, name, command):
        left = self.left(round_name, name)
        if not left:
            return
        try:
            with guest.Scheduler(name, command) as scheduler:
                for load in left:
                    self.journal.begin((round_name, name, load.name))
                    self.end((round_name, name, load.name), load, self.attempt(round_name, load, scheduler))
        except guest.Lost as why:
            for load in self.left(round_name, name):
                self.end((round_name, name, load.name), load, {"failed": str(why), "tries": 1})

    def end(self, key, load, result):
        self.journal.end(key, **result)
        found = result.get("figures", {})
        figures = [f"{figure.name} {found[figure.name]:.4g}" for figure in load.figures if figure.name in found]
        say(f"round {key[0]} of {self.rounds}, {key[1]}: {load.name}: {', '.join(figures) or result.get('failed', '-')}")

    def go(self):
        say(f"{len(self.loads)} loads, {len(self.schedulers)} schedulers, {self.machine}")
        (guest.SHARE / "machine").write_text(json.dumps({
            "kernel": os.uname().release, "cpus": self.machine.cpus, "caches": self.machine.caches}))
        for round_name, (name, command) in self.plan():
            with measure.bpf_stats(round_name == COST):
                self.one_round(round_name, name, command)


def say(text):
    print(f"{time.monotonic():7.1f} s  {text}", flush=True)
