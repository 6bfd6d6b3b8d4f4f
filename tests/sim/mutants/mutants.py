#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: repairs undone on purpose, to see that an oracle of the simulator notices.

usage: mutants.py apply MUTANT SOURCE OUTPUT      writes the changed source (the build does it)
       mutants.py run BUILD SIM [--only WORD]     builds all mutants, and runs each beside the unchanged SIM

A file NAME.mutant is

    # what fault it brings back
    file PATH            of the source that it changes
    sim ARGUMENT...      a command line that shows it, run in this folder
    oracle NAME          which must fire then, and does not without the change
    @@
    -lines as they are
    +lines instead
     lines that stay

with any number of changes, each behind its @@. The old lines of a change must be in the source exactly
once: a change that does not fit any more is a failure.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).parent
MUTANTS_MIN = 10  # fewer were found: something is broken
TIMEOUT_S = 60


class Mutant:
    """A file, read."""

    def __init__(self, path):
        head, *changes = re.split(r"^@@\n", path.read_text(), flags=re.M)
        lines = [line for line in head.splitlines() if line and not line.startswith("#")]
        fields = dict(line.split(" ", 1) for line in lines)
        if set(fields) != {"file", "sim", "oracle"} or len(lines) != len(fields) or not changes:
            sys.exit(f"{path}: want file, sim, oracle, each once, and a change behind @@")
        self.path, self.name = path, path.stem
        self.file, self.oracle = fields["file"], fields["oracle"]
        self.arguments = shlex.split(fields["sim"])
        self.changes = [change.splitlines() for change in changes]

    def _part(self, change, marks):
        for line in change:
            if line[:1] not in ("", " ", "-", "+"):
                sys.exit(f"{self.path}: not a line of a change: {line}")
        return "".join(f"{line[1:]}\n" for line in change if (line[:1] or " ") in marks)

    def apply(self, text):
        for change in self.changes:
            old, new = self._part(change, " -"), self._part(change, " +")
            found = len(re.findall("^" + re.escape(old), text, re.M)) if old else 0
            if found != 1:
                sys.exit(f"{self.path}: {self.file} has these lines {found} times, expected once:\n{old}")
            text = re.sub("^" + re.escape(old), lambda _, new=new: new, text, count=1, flags=re.M)
        return text


def apply(options):
    output = pathlib.Path(options.output)
    text = Mutant(pathlib.Path(options.mutant)).apply(pathlib.Path(options.source).read_text())
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text)
    return 0


def simulate(sim, arguments):
    """Exit code and standard error; None when it did not end."""
    try:
        done = subprocess.run([sim, "--no-shrink", *arguments], stdout=subprocess.DEVNULL, text=True,
                              cwd=FOLDER, stderr=subprocess.PIPE, errors="replace", timeout=TIMEOUT_S, check=False)
        return done.returncode, done.stderr
    except subprocess.TimeoutExpired:
        return None, f"no end after {TIMEOUT_S} s\n"


def judge(mutant, sim, changed):
    """What is wrong with a mutant, None: nothing; and what the simulator said last."""
    if not changed.exists():
        return "it was not built", ""
    code, said = simulate(sim, mutant.arguments)
    if code != 0:
        return f"the unchanged sim ends with {code}", said
    code, said = simulate(changed, mutant.arguments)
    if code != 1 or not said.startswith(f"violation of {mutant.oracle}:"):
        return f"the changed sim ends with {code}, expected a violation of {mutant.oracle}", said
    return None, said


def report(mutant, wrong, said, seconds):
    print(f"{'FAIL' if wrong else 'PASS'} {mutant.name}: sim {shlex.join(mutant.arguments)}  # {seconds:.1f} s")
    print(f"    {wrong}" if wrong else f"    {said.splitlines()[0]}", flush=True)
    if wrong:
        print("".join(f"    {line}\n" for line in said.splitlines()[:40]), flush=True)


def build(folder, mutants):
    """Afterwards those that did not build are not there; an old one is none."""
    for mutant in mutants:
        (folder / "mutants" / f"sim-{mutant.name}").unlink(missing_ok=True)
    subprocess.run(["cmake", "--build", folder, "--target", *(f"sim-{mutant.name}" for mutant in mutants),
                    "--", "-k", "0"], check=False)


def run(options):
    folder = pathlib.Path(options.build)
    mutants = [Mutant(path) for path in sorted(FOLDER.glob("*.mutant")) if options.only in path.stem]
    if not mutants:
        print(f"mutants.py: no mutant's name has \"{options.only}\" in it", file=sys.stderr)
        return 2
    build(folder, mutants)
    failed = 0
    for mutant in mutants:
        begin = time.monotonic()
        wrong, said = judge(mutant, options.sim, folder / "mutants" / f"sim-{mutant.name}")
        report(mutant, wrong, said, time.monotonic() - begin)
        failed += bool(wrong)
    print(f"{len(mutants)} mutants, {failed} failed")
    return 1 if failed or (not options.only and len(mutants) < MUTANTS_MIN) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("apply")
    command.add_argument("mutant")
    command.add_argument("source")
    command.add_argument("output")
    command.set_defaults(do=apply)
    command = commands.add_parser("run")
    command.add_argument("build", help="folder of the build")
    command.add_argument("sim", help="the unchanged simulator")
    command.add_argument("--only", default="", help="mutants whose name has this word")
    command.set_defaults(do=run)
    options = parser.parse_args()
    return options.do(options)


if __name__ == "__main__":
    sys.exit(main())
