# SPDX-License-Identifier: GPL-2.0-only
"""Whether a result is worse than an older one. Pure functions."""
from results import per_switch_ns

LIMIT_PCT = 5
# What BPF takes for a switch is held where all switches are of one kind.
COST_LOADS = ("pingpong",)


def worse_pct(old, new, better):
    """By how much, in percent of the old; below 0: it is better."""
    if not old:
        return 0.0 if not new or better == "higher" else 100.0
    return 100 * (new - old) / old * (1 if better == "lower" else -1)


def counted_figures(result):
    """Of each counted figure its name as "SCHEDULER: LOAD, FIGURE", its sense, median and rounds."""
    for load, figures in result["figures"].items():
        for name, figure in figures.items():
            for scheduler, summary in figure["schedulers"].items() if figure["counted"] else ():
                yield f"{scheduler}: {load}, {name}", figure["better"], summary["median"], summary["rounds"]
    for scheduler, loads in result["cost"].items():
        for load, cost in loads.items():
            if load.startswith(COST_LOADS) and cost["switches"]:
                value = per_switch_ns(cost)
                yield f"{scheduler}: {load}, BPF ns per switch", "lower", value, [value]


def regressions(old, new):
    """A line for each counted figure that both have and that is worse by more than LIMIT_PCT, and worse than each
    of the old rounds: some figures, as of context switches, are farther apart than that by themselves."""
    before = {name: (median, rounds) for name, _, median, rounds in counted_figures(old)}
    lines = []
    for name, better, value, _ in counted_figures(new):
        was, rounds = before.get(name, (value, [value]))
        pct = worse_pct(was, value, better)
        if pct > LIMIT_PCT and all(worse_pct(one, value, better) > 0 for one in rounds):
            lines.append(f"{name}: {was:.4g}, now {value:.4g}: {pct:.1f} % worse")
    return lines


def differences(old, new):
    """What makes the two no fair comparison, a line each."""
    return [f"{key}: {old[key]}, now {new[key]}" for key in ("kernel", "topology", "size") if old[key] != new[key]]
