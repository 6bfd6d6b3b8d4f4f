# SPDX-License-Identifier: GPL-2.0-only
"""One load under the scheduler that is attached: its figures, or why it has none."""
import json
import os
import shlex
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager

import guest
from figures import PARSERS

LEAD_S = 0.5  # what runs beside a load is at its full then


class Failed(Exception):
    pass


def start(command, **options):
    return subprocess.Popen(shlex.split(command), start_new_session=True, text=True,
                            stderr=subprocess.DEVNULL, **options)


def end(process):
    """With all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    if process.stdout:
        process.stdout.close()


@contextmanager
def beside(command):
    """Runs it until the end of the block."""
    if not command:
        yield None
        return
    process = start(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(LEAD_S)
        yield process
        if process.poll() is not None:
            raise Failed(f"{command}: it ended early")
    finally:
        end(process)


@contextmanager
def waking():
    """Traces wakeups; what it is given as is a list that has the rows of waking.c afterwards."""
    rows, process = [], start("waking", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if process.stdout.readline().strip() != "attached":
            raise Failed("waking: it did not attach")
        yield rows
        output, _ = process.communicate()
        rows += map(json.loads, output.splitlines())
    finally:
        end(process)


def run(command, limit_s):
    """What it prints."""
    process = start(command, stdout=subprocess.PIPE)
    try:
        output, _ = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise Failed(f"not over within {limit_s} s") from None
    finally:
        end(process)
    if process.returncode:
        raise Failed(f"status {process.returncode}")
    return output


def parse(load, output):
    try:
        return PARSERS[load.parse](output)
    except (TypeError, ValueError):
        raise Failed(f"what it printed has no figures: {output[-200:]!r}") from None


def traced_figures(rows, comm):
    """The waits of the tasks of that name; of the policy that most of their wakeups had."""
    row = max((row for row in rows if row["comm"] == comm), key=lambda row: row["count"], default=None)
    if not row:
        raise Failed(f"no wakeup of {comm} was seen")
    return {f"waking_{part}": row[part] for part in ("p50_us", "p99_us", "max_us")}


def observe(load, fields, trace, read):
    """Runs the load: what it prints, what read() gives before and after, and the rows of waking if it traces."""
    with ExitStack() as stack:
        rows = stack.enter_context(waking()) if trace else []
        stack.enter_context(beside(load.beside.format(**fields)))
        before = read()
        output = run(load.command.format(**fields), load.limit_s)
        after = read()
    return output, before, after, rows


def measure(load, fields, scheduler):
    """Figures by name, and the rows of waking where the load has figures of it."""
    def read():
        return guest.counters() | {"scheduler_ms": scheduler.ran_ms(), "seconds": time.monotonic()}

    output, before, after, rows = observe(load, fields, bool(load.traced), read)
    found = {name: after[name] - before[name] for name in after} | parse(load, output)
    if load.traced:
        found |= traced_figures(rows, load.traced)
    if scheduler.lost():
        raise Failed("the scheduler ended")
    return found, rows


@contextmanager
def bpf_stats(wanted):
    """The kernel times each run of a BPF program meanwhile."""
    guest.BPF_STATS.write_text("1" if wanted else "0")
    yield
    guest.BPF_STATS.write_text("0")


def measure_cost(load, fields):
    """Run time (ns) and count of each of the scheduler's programs, and the context switches and wakeups meanwhile,
    which are the runs of the bench's own programs."""
    _, before, after, _ = observe(load, fields, True, guest.programs)
    spent = {name: (after[name][0] - ns, after[name][1] - runs) for name, (ns, runs) in before.items()}
    return {"switches": spent.pop("bench_switch")[1], "wakeups": spent.pop("bench_waking")[1],
            "programs": {name: {"ns": ns, "runs": runs} for name, (ns, runs) in spent.items() if runs}}
