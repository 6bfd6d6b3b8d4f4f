# SPDX-License-Identifier: GPL-2.0-only
"""The system bus that Debian configures, by either daemon: its own policy and limits, a socket and a
folder of policies of our own."""

import os
import pathlib
import re
import socket
import subprocess
import threading

from basics import SOURCE, die_with_parent, wait_until

CONFIG = pathlib.Path("/usr/share/dbus-1/system.conf")

# What would leave the test's folder, or needs a service manager.
NOT_HERE = re.compile(r"<(user|servicehelper|pidfile|include|includedir|listen)\b.*?</\1>|<(fork|syslog|standard_system_servicedirs)/>")

# Those that stand around the daemon own names too.
OURS = """
  <listen>unix:path={directory}/bus</listen>
  <include>{source}/dbus/org.scx.Wd40.conf</include>
  <policy user="root">
    <allow own="{control}"/>
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <policy context="default">
    <allow send_destination="{control}"/>
  </policy>
</busconfig>"""

CONTROL = "org.scx.Control"

# The launcher takes the listening socket as a service manager hands it over, under number 3, and a machine-id,
# which the lab's tree has not. LISTEN_PID is the shell's, which the launcher then is.
LAUNCH = """
set -e
[ -s /etc/machine-id ] || {
	tr -d - </proc/sys/kernel/random/uuid >"$1.machine-id"
	mount --bind "$1.machine-id" /etc/machine-id
}
LISTEN_PID=$$ LISTEN_FDS=1 exec dbus-broker-launch --scope system --config-file "$1" 3<&"$2"
"""


class Bus:
    """What harness.Bus is, with the system's configuration."""

    program = None

    def __init__(self, directory):
        self.path = directory / "bus"
        self.config = directory / "bus.conf"
        self.address = f"unix:path={self.path}"
        self.process = None
        ours = OURS.format(directory=directory, source=SOURCE, control=CONTROL)
        self.config.write_text(NOT_HERE.sub("", CONFIG.read_text()).replace("</busconfig>", ours))

    def start(self):
        self.process = self.launch()
        wait_until(f"{self.program} answers", self.answers)

    def answers(self):
        call = self.busctl("call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId")
        return subprocess.run(call, capture_output=True).returncode == 0

    def kill(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def busctl(self, *arguments):
        return ["busctl", f"--address={self.address}", *arguments]

    def pid(self):
        """Of the process that passes messages on."""
        return self.process.pid


class DbusDaemon(Bus):
    program = "dbus-daemon"

    def launch(self):
        return subprocess.Popen([self.program, f"--config-file={self.config}", "--nofork", "--nopidfile", "--nosyslog"],
                                preexec_fn=die_with_parent, stderr=subprocess.DEVNULL)


class DbusBroker(Bus):
    """Started as a service manager does, which hands over the listening socket and has a journal."""

    program = "dbus-broker"
    journal_path = pathlib.Path("/run/systemd/journal/socket")

    def __init__(self, directory):
        super().__init__(directory)
        self.journal = None
        self.log_path = directory / "broker.log"

    def launch(self):
        self.provide_journal()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen(socket.SOMAXCONN)
        self.path.chmod(0o666)
        with listener, open(self.log_path, "w") as log:
            return subprocess.Popen(["unshare", "--mount", "sh", "-c", LAUNCH, "sh", self.config, str(listener.fileno())],
                                    env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}, stdout=log, stderr=log,
                                    pass_fds=[listener.fileno()], preexec_fn=die_with_parent)

    def provide_journal(self):
        """One that forgets what it reads: the bus waits for it."""
        if self.journal_path.exists():
            return
        self.journal_path.parent.mkdir(parents=True, exist_ok=True)
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal.bind(str(self.journal_path))
        threading.Thread(target=self.read_journal, args=[self.journal]).start()

    @staticmethod
    def read_journal(journal):
        with journal:
            while journal.recv(1):
                pass

    def kill(self):
        super().kill()
        if self.journal:
            self.journal.shutdown(socket.SHUT_RD)
            self.journal_path.unlink()
            self.journal = None
        self.path.unlink(missing_ok=True)

    def pid(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])


BUSES = {kind.program: kind for kind in (DbusDaemon, DbusBroker)}
