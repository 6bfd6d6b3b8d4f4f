# SPDX-License-Identifier: GPL-2.0-only
"""What the bus tests stand on: a private system bus, a made-up machine, the daemon with the fake
scheduler back-end, a service manager's notification socket, and clients. Everything waits for a
condition with a deadline; nothing sleeps for a guessed time. Tests import all of it from here."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from basics import CTL, DAEMON, NAME, PATH, PATIENCE, PROPERTIES, SOURCE, STATISTICS, as_user, die_with_parent, wait_until
from connections import Client, Refused, Signals
from fake import Fake
from surroundings import Bus, Machine, Notifications, Polkit

__all__ = ["CTL", "DAEMON", "NAME", "PATH", "PATIENCE", "PROPERTIES", "SOURCE", "STATISTICS", "Bus", "Case", "Client", "Daemon",
           "Fake", "Machine", "Notifications", "Polkit", "Refused", "Signals", "as_user", "die_with_parent", "wait_until"]


# It says that the environment was made for this very process, as a service manager does; else the daemon forgets it.
AS_A_SERVICE = ["sh", "-c", 'export SYSTEMD_EXEC_PID=$$; exec "$0" "$@"']


class Daemon:
    """The daemon's process."""

    def __init__(self, directory, address, fake, notifications, arguments, as_a_service=True, **environment):
        self.log_path = directory / "daemon.log"
        self.environment = {
            **os.environ,
            "WD40D_FAKE_DIR": str(fake.directory),
            "NOTIFY_SOCKET": notifications.path,
            **environment,
        }
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(
                [*(AS_A_SERVICE if as_a_service else []), DAEMON, f"--root={directory}/root",
                 *([f"--address={address}"] if address else []), *arguments],
                env=self.environment, stderr=log, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def log(self):
        return self.log_path.read_text()

    def running(self):
        return self.process.poll() is None

    def wait(self):
        return self.process.wait(PATIENCE)

    def stop(self):
        """The exit code after SIGTERM."""
        if self.running():
            self.process.terminate()
        return self.wait()


class Case(unittest.TestCase):
    """A test with a bus, a machine and a fake back-end of its own."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="wd40d-bus-"))
        self.directory.chmod(0o755)  # clients run as nobody too
        self.addCleanup(shutil.rmtree, self.directory)
        self.root = self.directory / "root"
        self.machine = Machine(self.root)
        self.bus = self.make_bus()
        self.addCleanup(self.bus.kill)
        self.bus.start()
        self.fake = Fake(self.directory / "fake")
        self.notifications = Notifications(self.directory)
        self.addCleanup(self.notifications.close)
        self.daemon = None
        self.failures_before = self.failures()
        self.addCleanup(self.end_daemon)

    def make_bus(self):
        return Bus(self.directory)

    def failures(self):
        result = self._outcome.result
        return len(result.failures) + len(result.errors)

    def end_daemon(self):
        """Every daemon ends well, and says nothing like a sanitizer."""
        if not self.daemon:
            return
        try:
            code = self.daemon.stop()
        except subprocess.TimeoutExpired:
            self.daemon.process.kill()
            self.daemon.process.wait()
            code = "killed"
        if self.failures() == self.failures_before and code != "killed" and "Sanitizer" not in self.daemon.log():
            return
        print(f"-- {self.id()}: daemon's exit {code}, its log:\n{self.daemon.log()}", file=sys.stderr)
        self.assertNotIn("Sanitizer", self.daemon.log())

    def spawn(self, *arguments, **options):
        options.setdefault("address", self.bus.address)
        self.daemon = Daemon(directory=self.directory, fake=self.fake, notifications=self.notifications,
                             arguments=arguments, **options)
        return self.daemon

    def start(self, *arguments, **environment):
        """Starts the daemon and waits until it is ready."""
        self.spawn(*arguments, **environment)
        wait_until("READY=1", lambda: self.notifications.has("READY") or not self.daemon.running())
        self.assertTrue(self.daemon.running(), self.daemon.log())
        return self.daemon

    def busctl(self, *arguments, user=None):
        """Result of busctl; user: not as root but as that one."""
        command = self.bus.busctl(*arguments)
        if user:
            command = [*as_user(user), *command]
        return subprocess.run(command, capture_output=True, text=True)

    def ctl(self, *arguments, user=None, **environment):
        """Result of wd40ctl on this bus."""
        command = [CTL, *arguments]
        if user:
            command = [*as_user(user), *command]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=self.ctl_environment(**environment))

    def ctl_environment(self, **environment):
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address, **environment}

    def get(self, name, interface=NAME, user=None):
        """A property as busctl prints it: signature and value."""
        result = self.busctl("get-property", NAME, PATH, interface, name, user=user)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.rstrip("\n")

    def set(self, name, signature, *values, user=None):
        return self.busctl("set-property", NAME, PATH, NAME, name, signature, "--", *values,
                           user=user)

    def assert_set(self, name, signature, *values):
        result = self.set(name, signature, *values)
        self.assertEqual(result.returncode, 0, result.stderr)

    def wait_for_state(self, state):
        wait_until(f"State {state}", lambda: self.get("State") == f's "{state}"')
