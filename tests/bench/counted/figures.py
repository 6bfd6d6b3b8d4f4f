# SPDX-License-Identifier: GPL-2.0-only
"""From what loads print to figures, and from the figures of rounds to medians. Pure functions."""
import re
import statistics


def parse_own(text):
    """Lines "NAME VALUE", which the bench's own programs print."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        found[name] = float(value)
    return found


def parse_hackbench(text):
    return {"seconds": float(re.search(r"^Time: ([\d.]+)", text, re.MULTILINE)[1])}


def percentile(histogram, part):
    """Of a histogram {value: count}: the least value that so many of all do not exceed."""
    left = part * sum(histogram.values())
    for value in sorted(histogram):
        left -= histogram[value]
        if left <= 0:
            return value
    raise ValueError("an empty histogram")


def parse_cyclictest(text):
    """Its histogram: lines "US COUNT"; what was longer than its end is taken as the longest."""
    lines = re.findall(r"^(\d{6})\s+(\d+)$", text, re.MULTILINE)
    histogram = {int(us): int(count) for us, count in lines if int(count)}
    longest, beyond = (int(re.search(rf"^# {what}: (\d+)", text, re.MULTILINE)[1])
                       for what in ("Max Latencies", "Histogram Overflows"))
    histogram[longest] = histogram.get(longest, 0) + beyond
    return {"wakeup_p50_us": percentile(histogram, 0.5), "wakeup_p99_us": percentile(histogram, 0.99),
            "wakeup_max_us": longest}


PARSERS = {
    "own": parse_own,
    "hackbench": parse_hackbench,
    "cyclictest": parse_cyclictest,
    "elapsed": lambda text: {},
}


def summary(rounds):
    """Median and spread, which is from the least to the most in percent of the median."""
    median = statistics.median(rounds)
    spread = 100 * (max(rounds) - min(rounds)) / median if median else 0.0
    return {"rounds": rounds, "median": median, "spread_pct": round(spread, 1)}


def ratio(value, base):
    """None where there is nothing to divide by."""
    return value / base if base else None
