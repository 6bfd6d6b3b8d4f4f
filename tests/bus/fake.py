# SPDX-License-Identifier: GPL-2.0-only
"""The fake scheduler back-end, as the tests see it."""

import json
import os
import subprocess

from basics import ARENA_PEEK


class Fake:
    """The controls of tests/fake/sched-fake.c."""

    UNREG, UNREG_KERN, SYSRQ, ERROR, ERROR_STALL = 64, 66, 67, 1024, 1026
    HOTPLUG = 1 << 48 | 1 << 32  # SCX_ECODE_ACT_RESTART | SCX_ECODE_RSN_HOTPLUG

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        os.mkfifo(directory / "control")

    def fail(self, call, errno_name, count=None):
        """Makes a call fail, count times or until succeed()."""
        (self.directory / call).write_text(errno_name + (f" {count}\n" if count else "\n"))

    def succeed(self, call):
        (self.directory / call).unlink()

    def probe(self, *lines):
        (self.directory / "probe").write_text("".join(line + "\n" for line in lines))

    def end(self, kind, code=0, reason="", message=""):
        """The kernel ends the scheduler."""
        with open(self.directory / "control", "w", encoding="latin-1") as control:
            control.write(f"{kind} {code} {reason}|{message}\n")

    def calls(self, name=None):
        log = self.directory / "log"
        lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        return [(call, int(result)) for call, result in lines if name in (None, call)]

    def arena(self):
        """The configuration, tuner decision and counters that BPF would see now."""
        peek = subprocess.run([ARENA_PEEK, self.directory / "arena"], capture_output=True, check=True)
        return json.loads(peek.stdout)

    def raise_config(self, n):
        """Changes what BPF goes by, behind the daemon's back."""
        subprocess.run([ARENA_PEEK, self.directory / "arena", "config", str(n)], check=True)

    def add_hogs(self, n, domain):
        for _ in range(n):
            subprocess.run([ARENA_PEEK, self.directory / "arena", "hog", str(domain)], check=True)

    def answer_moves(self, answer):
        """Answers all requests to move a task, as enum wd40_move_answer."""
        subprocess.run([ARENA_PEEK, self.directory / "arena", "answer", str(answer)], check=True)

    def wait(self, cpu, bucket, n):
        """Counts n waits in a queue of about 1024 << bucket ns, of tasks that came to run on the CPU."""
        subprocess.run([ARENA_PEEK, self.directory / "arena", "wait", str(cpu), str(bucket), str(n)], check=True)

    def set_domain(self, domain, field, n):
        subprocess.run([ARENA_PEEK, self.directory / "arena", "domain", str(domain), field, str(n)], check=True)

    def hotplug(self, cpu, online):
        """The kernel tells BPF that a CPU comes or goes."""
        subprocess.run([ARENA_PEEK, self.directory / "arena", "hotplug", str(cpu), str(int(online))], check=True)

    def count(self, counter, n):
        subprocess.run([ARENA_PEEK, self.directory / "arena", counter, str(n)], check=True)
