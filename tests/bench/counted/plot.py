# SPDX-License-Identifier: GPL-2.0-only
"""A result as a plot, for gnuplot: a row for each figure, a dot for each scheduler at its ratio to the base."""
from figures import ratio
from results import BASE

ROW_PX, MARGIN_PX, WIDTH_PX = 18, 110, 1000
COLOURS = ("#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#e6ab02")


def plot_rows(result):
    """(label, {scheduler: ratio}) of each figure that can be divided by the base's."""
    found = []
    for load, figures in result["figures"].items():
        for name, figure in figures.items():
            base = figure["schedulers"].get(BASE, {}).get("median")
            ratios = {other: ratio(summary["median"], base)
                      for other, summary in figure["schedulers"].items() if other != BASE}
            ratios = {other: value for other, value in ratios.items() if value}
            if ratios:
                found.append((f"{load}: {name}" + (" ↑" if figure["better"] == "higher" else ""), ratios))
    return found


def series(found, scheduler):
    """Its dots as gnuplot reads them: ratio and row, counted from below."""
    return "".join(f"{ratios[scheduler]:.6g} {len(found) - row}\n"
                   for row, (_, ratios) in enumerate(found) if scheduler in ratios) + "e\n"


def gnuplot_script(result, output):
    found = plot_rows(result)
    others = [name for name in result["schedulers"] if any(name in ratios for _, ratios in found)]
    tics = ", ".join(f'"{label}" {len(found) - row}' for row, (label, _) in enumerate(found))
    dots = ", ".join(f"'-' using 1:2 with points pt 7 ps 0.7 lc rgb '{COLOURS[i % len(COLOURS)]}' title \"{name}\""
                     for i, name in enumerate(others))
    return f"""set terminal svg noenhanced size {WIDTH_PX},{len(found) * ROW_PX + MARGIN_PX} background rgb 'white' font 'sans,12'
set output '{output}'
set title "{result['topology']}, kernel {result['kernel']}, commit {result['commit'][:12]}: ratios to {BASE}"
set logscale x
set grid x y lc rgb '#dddddd'
set border 3
set tics nomirror
set key outside top right
set lmargin 38
set yrange [0.5:{len(found)}.5]
set ytics ({tics})
set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb '#444444'
set xlabel 'ratio; less is better, but more where an arrow stands'
plot {dots}
{''.join(series(found, name) for name in others)}"""
