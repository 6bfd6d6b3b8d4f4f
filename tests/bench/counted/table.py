# SPDX-License-Identifier: GPL-2.0-only
"""A result as Markdown. Pure functions."""
from figures import ratio
from loads import LOADS
from results import BASE, per_switch_ns, per_wakeup_ns

RARE = 0.01  # runs for each context switch
POLICIES = {0: "normal", 1: "fifo", 2: "rr", 3: "batch", 5: "idle", 6: "deadline", 7: "ext"}


def number(value):
    """With four digits that count, and none beyond the point from 1000 on."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def quantity(value, unit):
    return f"{number(value)} {unit}".rstrip()


def rows(header, lines):
    align = ["---"] + ["--:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, align, *lines])


def against(summary, base):
    """The median's ratio to that of the base, and the spread of the rounds."""
    if summary is None:
        return "-"
    quotient = ratio(summary["median"], base["median"]) if base else None
    value = number(summary["median"]) if quotient is None else f"{quotient:.2f}"
    return f"{value} (±{summary['spread_pct'] / 2:.0f} %)"


def figure_row(load, name, figure, others):
    found = figure["schedulers"]
    base = found.get(BASE)
    value = f"{quantity(base['median'], figure['unit'])} (±{base['spread_pct'] / 2:.0f} %)" if base else "-"
    sense = "" if figure["better"] == "lower" else " ↑"
    return [f"{load}: {name}{sense}", value, *(against(found.get(other), base) for other in others)]


def figures_table(result):
    others = [name for name in result["schedulers"] if name != BASE]
    lines = [figure_row(load, name, figure, others)
             for load, figures in result["figures"].items() for name, figure in figures.items()]
    return rows(["", BASE, *others], lines)


def wakeups_table(result):
    names = list(result["schedulers"])
    lines = []
    for load, found in result["wakeups"].items():
        for who in sorted({who for by_name in found.values() for who in by_name}):
            comm, _, policy = who.rpartition(" ")
            cells = [found.get(name, {}).get(who) for name in names]
            lines.append([f"{load}: {comm}, {POLICIES.get(int(policy), policy)}"] + [
                f"{number(row['p50_us'])} / {number(row['p99_us'])} / {number(row['max_us'])}" if row else "-"
                for row in cells])
    return rows(["", *names], lines)


def cost_table(loads):
    """Of one scheduler: a row for each load, a column for each program that is not rare everywhere."""
    programs = sorted({program for cost in loads.values() for program, spent in cost["programs"].items()
                       if spent["runs"] > RARE * cost["switches"]})
    lines = []
    for load, cost in loads.items():
        cells = [cost["programs"].get(program) for program in programs]
        lines.append([load, number(cost["switches"]), number(cost["wakeups"]), number(per_switch_ns(cost)),
                      number(per_wakeup_ns(cost)),
                      *(f"{number(cell['ns'] / cell['runs'])} x {cell['runs'] / cost['switches']:.2f}"
                        if cell and cost["switches"] else "-" for cell in cells)])
    return rows(["", "switches", "wakeups", "ns / switch", "ns / wakeup", *programs], lines)


def heading(result):
    return f"""# {result['topology']}, kernel {result['kernel']}

`{result['command']}`, commit {result['commit']}, {result['rounds']} rounds, in {result['real_s'] / 60:.0f} minutes, \
of which the guests ran for {result['cpu_s'] / 60:.0f} minutes of CPU time."""


def loads_list(result):
    return "\n".join(f"- {load.name}: {load.about}" for load in LOADS if load.name in result["figures"])


def schedulers_list(result):
    return "\n".join(f"- {name}: `{command}`" if command else f"- {name}: the kernel's own"
                     for name, command in result["schedulers"].items())


def repeated_list(result):
    if not result["repeated"]:
        return "No load had to be repeated."
    return "Repeated or given up:\n\n" + "\n".join(
        f"- round {step['round']}, {step['scheduler']}: {step['load']}: {step['failed'] or 'good at the second try'}"
        for step in result["repeated"])


def markdown(result):
    parts = [heading(result), schedulers_list(result), repeated_list(result),
             f"Medians of the rounds; the others as ratios to {BASE}, less is better but where an arrow says more is. In "
             "brackets half of the spread from the least to the most.", figures_table(result),
             "## Wakeups by program\n\nFrom sched_waking to the switch, p50 / p99 / max in us, by name and policy:",
             wakeups_table(result), "## The loads\n\n" + loads_list(result)]
    for scheduler, loads in result["cost"].items():
        parts += [f"## Cost inside: {scheduler}\n\nIts BPF programs with the kernel's own timing of them, in a round of "
                  "its own: ns a run x runs for each context switch.", cost_table(loads)]
    return "\n\n".join(parts) + "\n"
