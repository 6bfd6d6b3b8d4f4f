# SPDX-License-Identifier: GPL-2.0-only
"""What is around the daemon: machine, bus, service manager, polkit."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import threading

from basics import SOURCE, die_with_parent, wait_until

BUS_CONFIG = """<busconfig>
  <type>system</type>
  <listen>unix:path={directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <policy user="root">
    <allow send_destination="*"/>
    <allow own="org.freedesktop.PolicyKit1"/>
  </policy>
  <include>{source}/dbus/org.scx.Wd40.conf</include>
</busconfig>
"""


class Machine:
    """A folder with the files of /sys and /proc of a machine: 8 CPUs, 4 shared caches, 2 nodes."""

    DOMAINS = [(0, 0, [0, 1]), (1, 0, [2, 3]), (2, 1, [4, 5]), (3, 1, [6, 7])]

    def __init__(self, root):
        self.root = root
        self.write("sys/devices/system/cpu/possible", "0-7")
        self.write("sys/devices/system/cpu/online", "0-7")
        self.write("sys/devices/system/node/online", "0-1")
        for _, node, cpus in self.DOMAINS:
            for cpu in cpus:
                self.add_cpu(cpu, node, cpus)
        for node, cpus, distance in (0, "0-3", "10 20"), (1, "4-7", "20 10"):
            self.write(f"sys/devices/system/node/node{node}/cpulist", cpus)
            self.write(f"sys/devices/system/node/node{node}/distance", distance)

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def set_online(self, cpus):
        self.write("sys/devices/system/cpu/online", cpus)

    def add_cpu(self, cpu, node, siblings):
        cpus = f"{siblings[0]}-{siblings[-1]}"
        caches = [(1, "Data", cpu), (1, "Instruction", cpu), (2, "Unified", cpu), (3, "Unified", cpus)]
        base = f"sys/devices/system/cpu/cpu{cpu}"
        for index, (level, kind, shared) in enumerate(caches):
            self.write(f"{base}/cache/index{index}/level", str(level))
            self.write(f"{base}/cache/index{index}/type", kind)
            self.write(f"{base}/cache/index{index}/shared_cpu_list", str(shared))
        self.write(f"{base}/topology/package_cpus_list", "0-3" if node == 0 else "4-7")


class Bus:
    """A dbus-daemon of our own with the policy of a system bus and our policy file."""

    def __init__(self, directory):
        self.directory = directory
        self.address = f"unix:path={directory}/bus"
        self.process = None
        (directory / "bus.conf").write_text(BUS_CONFIG.format(directory=directory, source=SOURCE))

    def start(self):
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.directory}/bus.conf", "--nofork", "--nopidfile",
             "--nosyslog"], preexec_fn=die_with_parent, stderr=subprocess.DEVNULL)
        wait_until("the private bus answers", self.answers)

    def answers(self):
        call = [*self.busctl("call"), "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId"]
        return subprocess.run(call, capture_output=True).returncode == 0

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def unread(self, name):
        """Bytes that the owner of a name has sent and nobody has read."""
        call = [*self.busctl("--json=short", "call"), "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.Debug.Stats",
                "GetConnectionStats", "s", name]
        reply = subprocess.run(call, capture_output=True, text=True, check=True)
        return json.loads(reply.stdout)["data"][0]["IncomingBytes"]["data"]

    def busctl(self, *arguments):
        return ["busctl", f"--address={self.address}", *arguments]


class Notifications:
    """The service manager's end of sd_notify. Read all the time, as a full queue blocks the sender."""

    def __init__(self, directory):
        self.path = str(directory / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.messages = []
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while message := self.socket.recv(8192).decode():
            self.messages.append(dict(line.split("=", 1) for line in message.split("\n")))

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self.path)
        self.thread.join()
        self.socket.close()

    def has(self, key, value=None):
        return [m for m in self.messages if key in m and value in (None, m[key])]

    def status(self):
        return ([m["STATUS"] for m in self.has("STATUS")] or [""])[-1]


class Polkit:
    """polkit as a program of our own: tests/bus/fake_polkit.py, steered through a folder."""

    def __init__(self, case):
        self.directory = case.directory / "polkit"
        self.directory.mkdir()
        self.answer("no")
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": case.bus.address}
        self.process = subprocess.Popen(
            [sys.executable, "-B", str(pathlib.Path(__file__).with_name("fake_polkit.py")), str(self.directory)],
            env=environment, preexec_fn=die_with_parent)
        case.addCleanup(self.kill)
        wait_until("polkit", lambda: case.busctl("status", "org.freedesktop.PolicyKit1").returncode == 0)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def answer(self, answer, action="default"):
        """yes, no, challenge, or wait (until it is changed)."""
        fresh = self.directory / f".{action}"
        fresh.write_text(answer)
        fresh.rename(self.directory / action)

    def asked(self):
        """What it was asked: a dictionary for each call."""
        log = self.directory / "log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
