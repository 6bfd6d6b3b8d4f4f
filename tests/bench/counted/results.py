# SPDX-License-Identifier: GPL-2.0-only
"""A run's result, from the journals of its guests: what tests/lab bench keeps as JSON. Pure functions."""
from collections import defaultdict

from figures import summary
from loads import LOADS

BASE = "eevdf"  # what the others are compared with
WARM_UP, COST = "warm-up", "cost"
WAKEUPS_MIN = 50  # fewer of one name in a load tell nothing
OWN = ("python3", "waking")  # what measures


def ended(steps):
    return [step for step in steps if "begins" not in step and step["round"] != WARM_UP]


def figures_of(load, steps):
    """{figure: its unit and sense, and a summary by scheduler} from a load's steps."""
    table = {}
    for figure in load.figures:
        values = defaultdict(list)
        for step in steps:
            if figure.name in step.get("figures", {}):
                values[step["scheduler"]].append(step["figures"][figure.name])
        if values:
            table[figure.name] = {"unit": figure.unit, "better": figure.better, "counted": figure.counted,
                                  "schedulers": {name: summary(rounds) for name, rounds in values.items()}}
    return table


def wakeups_of(steps):
    """{scheduler: {"NAME policy": medians of the rounds}} of what was traced in a load's steps."""
    rows = defaultdict(lambda: defaultdict(list))
    for step in steps:
        for row in step.get("waking", []):
            if row["count"] >= WAKEUPS_MIN and row["comm"] not in OWN:
                rows[step["scheduler"]][f"{row['comm']} {row['policy']}"].append(row)
    return {scheduler: {who: {part: summary([row[part] for row in found])["median"]
                              for part in ("count", "p50_us", "p99_us", "max_us")}
                        for who, found in by_name.items()}
            for scheduler, by_name in rows.items()}


def costs_of(steps):
    costs = defaultdict(dict)
    for step in steps:
        if "cost" in step:
            costs[step["scheduler"]][step["load"]] = step["cost"]
    return dict(costs)


def collect(meta, steps):
    """The result: meta, and all that the steps of all guests have."""
    steps = ended(steps)
    by_load = {load: [step for step in steps if step["load"] == load.name] for load in LOADS}
    return meta | {
        "figures": {load.name: table for load, found in by_load.items() if (table := figures_of(load, found))},
        "wakeups": {load.name: rows for load, found in by_load.items() if (rows := wakeups_of(found))},
        "cost": costs_of(steps),
        "repeated": [{key: step.get(key) for key in ("round", "scheduler", "load", "tries", "failed")}
                     for step in steps if step["tries"] > 1 or "failed" in step],
    }


def per_switch_ns(cost):
    """Run time of all programs for each context switch; None without one."""
    spent_ns = sum(program["ns"] for program in cost["programs"].values())
    return spent_ns / cost["switches"] if cost["switches"] else None


def per_wakeup_ns(cost):
    spent_ns = sum(program["ns"] for program in cost["programs"].values())
    return spent_ns / cost["wakeups"] if cost["wakeups"] else None
