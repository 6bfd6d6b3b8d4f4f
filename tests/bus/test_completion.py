# SPDX-License-Identifier: GPL-2.0-only
"""Completion of wd40ctl in bash and zsh: what they offer is what program and daemon say."""

import os
import pty
import re
import select
import subprocess
import time
import unittest

from harness import CTL, PATIENCE, SOURCE, Case
from tunables import TUNABLES

VERBS = {"status", "get", "describe", "set", "confirm", "revert", "reset", "save", "reload", "attach", "detach", "reattach",
         "domains", "monitor", "check", "probe", "dump", "permissions", "stats", "reset-statistics"}


class Completion(Case):
    def setUp(self):
        super().setUp()
        self.start()
        programs = self.directory / "bin"
        programs.mkdir()
        (programs / "wd40ctl").symlink_to(CTL)
        self.environment = self.ctl_environment(PATH=f"{programs}:{os.environ['PATH']}")


class Bash(Completion):
    SCRIPT = """compopt() { :; }
    source "$0"
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _wd40ctl
    printf '%s\\n' "${COMPREPLY[@]}" """

    def offered(self, *words):
        """What is offered for the last word; readline has cut the line at each '='."""
        result = subprocess.run(["bash", "--norc", "-c", self.SCRIPT, SOURCE / "ctl/wd40ctl.bash-completion", "wd40ctl", *words],
                                capture_output=True, text=True, env=self.environment)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return set(result.stdout.split())

    def test_verbs(self):
        self.assertLessEqual(VERBS, self.offered(""))
        self.assertEqual(self.offered("rel"), {"reload"})
        self.assertEqual(self.offered("reset"), {"reset", "reset-statistics"})
        self.assertEqual(self.offered("-H", "host", "rel"), {"reload"})

    def test_options(self):
        self.assertLessEqual({"--json", "--for=", "--host=", "--save"}, self.offered("set", "--"))
        self.assertEqual(self.offered("set", "perf", "=", "3", "--dr"), {"--dry-run"})
        self.assertEqual(self.offered("set", "--for", "="), set())

    def test_names(self):
        self.assertEqual(self.offered("get", "slice"), {"slice-us-underutil", "slice-us-overutil"})
        self.assertEqual(len(self.offered("reset", "")), len(TUNABLES))
        self.assertEqual(self.offered("--save", "set", "perf", "=", "3", "part"), {"partial="})
        self.assertEqual(self.offered("status", ""), set())

    def test_statistics(self):
        self.assertEqual(self.offered("stats", "queue"), {"queued", "queue_wait"})
        self.assertLessEqual({"--watch", "--openmetrics", "--interval="}, self.offered("stats", "--"))

    def test_values(self):
        self.assertEqual(self.offered("set", "load-balance", "="), {"yes", "no"})
        self.assertEqual(self.offered("set", "load-balance", "=", "n"), {"no"})
        self.ctl("set", "perf=7")
        self.assertEqual(self.offered("set", "perf", "="), {"0", "7", "1024"})
        self.assertEqual(self.offered("set", "cpumasks", "="), set())

    def test_without_a_daemon(self):
        self.daemon.stop()
        self.assertEqual(self.offered("set", ""), set())
        self.assertLessEqual(VERBS, self.offered(""))


class Zsh(Completion):
    """A real line editor on a terminal: the line as it is after the tab is printed by an echo put before it."""

    def setUp(self):
        super().setUp()
        self.terminal, end = pty.openpty()
        shell = subprocess.Popen(["setsid", "-c", "zsh", "-f", "-i"], stdin=end, stdout=end, stderr=end,
                                 env={**self.environment, "TERM": "dumb"})
        os.close(end)
        self.addCleanup(shell.wait)
        self.addCleanup(os.close, self.terminal)
        self.type(f"PS1=; unsetopt zle_bracketed_paste; fpath=({SOURCE}/ctl $fpath); autoload -U compinit; "
                  f"compinit -u -D; bindkey -e; zle -A complete-word c; bindkey '^T' c; unsetopt beep; echo rea''dy\n")
        self.read_until(r"ready\r\n")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def read_until(self, pattern):
        text, deadline = "", time.monotonic() + PATIENCE
        while not (found := re.search(pattern, text)):
            self.assertTrue(select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0],
                            f"no {pattern} in {text!r}")
            text += os.read(self.terminal, 4096).decode()
        return found

    def completed(self, line):
        """The line after a tab. ^A goes to its begin; the words in <> are what echo prints."""
        self.type(f"{line}\t\x01print -r -- 'l'in'e<' \x05 '>'\n")
        return self.read_until(r"line< (.*) >\r\n").group(1).strip()

    def test_verb(self):
        self.assertEqual(self.completed("wd40ctl relo"), "wd40ctl reload")

    def test_option(self):
        self.assertEqual(self.completed("wd40ctl set perf=3 --dry"), "wd40ctl set perf=3 --dry-run")

    def test_name(self):
        self.assertEqual(self.completed("wd40ctl get slice-us-o"), "wd40ctl get slice-us-overutil")
        self.assertEqual(self.completed("wd40ctl reset-"), "wd40ctl reset-statistics")
        self.assertEqual(self.completed("wd40ctl stats run_d"), "wd40ctl stats run_delay")
        self.assertEqual(self.completed("wd40ctl set slice-us-o"), "wd40ctl set slice-us-overutil=")

    def test_value(self):
        self.assertEqual(self.completed("wd40ctl set load-balance=n"), "wd40ctl set load-balance=no")


if __name__ == "__main__":
    unittest.main()
