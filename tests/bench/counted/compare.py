# SPDX-License-Identifier: GPL-2.0-only
"""Whether a result is worse than an older one. Pure functions."""
from results import per_switch_ns

LIMIT_PCT = 5
# What BPF takes for a switch is held where switches are most of the load.
COST_LOADS = ("hackbench", "pingpong")


def worse_pct(old, new, better):
    """By how much, in percent of the old; below 0: it is better."""
    if not old:
        return 0.0 if not new or better == "higher" else 100.0
    return 100 * (new - old) / old * (1 if better == "lower" else -1)


def counted_figures(result):
    """Of each counted figure its name as "SCHEDULER: LOAD, FIGURE", value and sense."""
    for load, figures in result["figures"].items():
        for name, figure in figures.items():
            for scheduler, summary in figure["schedulers"].items() if figure["counted"] else ():
                yield f"{scheduler}: {load}, {name}", summary["median"], figure["better"]
    for scheduler, loads in result["cost"].items():
        for load, cost in loads.items():
            if load.startswith(COST_LOADS) and cost["switches"]:
                yield f"{scheduler}: {load}, BPF ns per switch", per_switch_ns(cost), "lower"


def regressions(old, new):
    """A line for each counted figure that both have and that is worse by more than LIMIT_PCT."""
    before = {name: value for name, value, _ in counted_figures(old)}
    lines = []
    for name, value, better in counted_figures(new):
        pct = worse_pct(before[name], value, better) if name in before else 0
        if pct > LIMIT_PCT:
            lines.append(f"{name}: {before[name]:.4g}, now {value:.4g}: {pct:.1f} % worse")
    return lines


def differences(old, new):
    """What makes the two no fair comparison, a line each."""
    return [f"{key}: {old[key]}, now {new[key]}" for key in ("kernel", "topology", "size") if old[key] != new[key]]
