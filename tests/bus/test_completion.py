# SPDX-License-Identifier: GPL-2.0-only
"""Completion of wd40ctl in bash and zsh: what they offer is what program and daemon say."""

import os
import pathlib
import pty
import re
import select
import shlex
import subprocess
import sys
import time
import unittest

from harness import CTL, PATIENCE, SOURCE, Case
from tunables import TUNABLES

VERBS = {"status", "get", "describe", "set", "confirm", "revert", "reset", "save", "reload", "attach", "detach", "reattach",
         "domains", "monitor", "check", "probe", "dump", "permissions", "stats", "reset-statistics"}

RELAY = pathlib.Path(__file__).with_name("relay.py")


class Completion(Case):
    def setUp(self):
        super().setUp()
        self.start()
        programs = self.directory / "bin"
        programs.mkdir()
        (programs / "wd40ctl").symlink_to(CTL)
        self.environment = self.ctl_environment(PATH=f"{programs}:{os.environ['PATH']}")

    def ssh(self, *command):
        """An ssh that writes down where it shall go, and runs that."""
        ssh = self.directory / "bin/ssh"
        ssh.write_text(f'#!/bin/sh\necho "$@" >>{self.directory}/ssh.log\nexec {shlex.join(command)}\n')
        ssh.chmod(0o755)

    def far(self):
        return self.ssh(sys.executable, str(RELAY), "systemd-stdio-bridge", f"--bus-path={self.bus.address}")

    def asked_by_ssh(self):
        log = self.directory / "ssh.log"
        return log.read_text() if log.exists() else ""


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

    def test_of_another_machine(self):
        """readline cuts at '@' and ':' too."""
        self.far()
        for words in (["-H", "root", "@", "far"], ["--host", "=", "root", "@", "far"], ["-Hroot", "@", "far"]):
            with self.subTest(words):
                self.assertEqual(self.offered(*words, "get", "slice"), {"slice-us-underutil", "slice-us-overutil"})
                self.assertIn("root@far", self.asked_by_ssh())
                (self.directory / "ssh.log").unlink()
        self.assertEqual(self.offered("get", "slice"), {"slice-us-underutil", "slice-us-overutil"})
        self.assertEqual(self.asked_by_ssh(), "")

    def test_of_a_machine_that_cannot_be_reached(self):
        self.ssh("false")
        self.assertEqual(self.offered("-H", "far", "get", "slice"), set(), "the daemon here is not meant")

    def test_of_another_bus(self):
        kind, path = self.bus.address.split(":", 1)
        path = path.split("=", 1)
        self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent"
        self.assertEqual(self.offered("get", "slice"), set())
        self.assertEqual(self.offered("--address", "=", kind, ":", path[0], "=", path[1], "get", "slice-us-o"),
                         {"slice-us-overutil"})

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

    def test_name_of_another_machine(self):
        self.far()
        self.assertEqual(self.completed("wd40ctl --host=root@far get slice-us-o"),
                         "wd40ctl --host=root@far get slice-us-overutil")
        self.assertIn("root@far", self.asked_by_ssh())

    def test_value(self):
        self.assertEqual(self.completed("wd40ctl set load-balance=n"), "wd40ctl set load-balance=no")


if __name__ == "__main__":
    unittest.main()
