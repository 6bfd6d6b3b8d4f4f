# SPDX-License-Identifier: GPL-2.0-only
"""What the bus tests stand on: a private system bus, a made-up machine, the daemon with the fake
scheduler back-end, a service manager's notification socket, and clients. Everything waits for a
condition with a deadline; nothing sleeps for a guessed time."""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCE = pathlib.Path(os.environ["WD40D_SOURCE"])
DAEMON = os.environ["WD40D_FAKE"]  # daemon/main.c with tests/fake/sched-fake.c
ARENA_PEEK = os.environ["WD40D_ARENA_PEEK"]
CTL = os.environ["WD40CTL"]
PATIENCE = float(os.environ.get("WD40D_PATIENCE", 20))  # seconds until a condition counts as failed

NAME = "org.scx.Wd40"
PATH = "/org/scx/Wd40"
STATISTICS = "org.scx.Wd40.Statistics"
PROPERTIES = "org.freedesktop.DBus.Properties"

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


def wait_until(what, condition, patience=PATIENCE):
    """The first true value of condition; fails the test when there is none in time."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s for: {what}")
        time.sleep(0.01)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


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


class Daemon:
    """The daemon's process."""

    def __init__(self, directory, bus, fake, notifications, *arguments, **environment):
        self.log_path = directory / "daemon.log"
        self.environment = {
            **os.environ,
            "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
            "WD40D_FAKE_DIR": str(fake.directory),
            "NOTIFY_SOCKET": notifications.path,
            **environment,
        }
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen([DAEMON, f"--root={directory}/root", *arguments], env=self.environment, stderr=log,
                                            stdout=subprocess.DEVNULL,
                                            preexec_fn=die_with_parent)

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
        self.bus = Bus(self.directory)
        self.addCleanup(self.bus.kill)
        self.bus.start()
        self.fake = Fake(self.directory / "fake")
        self.notifications = Notifications(self.directory)
        self.addCleanup(self.notifications.close)
        self.daemon = None
        self.failures_before = self.failures()
        self.addCleanup(self.end_daemon)

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

    def spawn(self, *arguments, **environment):
        self.daemon = Daemon(self.directory, self.bus, self.fake, self.notifications, *arguments,
                             **environment)
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
            command = ["setpriv", f"--reuid={user}", "--clear-groups", *command]
        return subprocess.run(command, capture_output=True, text=True)

    def ctl(self, *arguments, user=None, **environment):
        """Result of wd40ctl on this bus."""
        command = [CTL, *arguments]
        if user:
            command = ["setpriv", f"--reuid={user}", "--clear-groups", *command]
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


class Client:
    """A connection of its own that calls methods with exact types, as another user if wanted. dbus-python
    cannot change its user, so that one is a program of its own: tests/bus/client.py."""

    def __init__(self, case, user=None):
        self.command = [sys.executable, "-B", str(pathlib.Path(__file__).with_name("client.py")), case.bus.address]
        if user:
            self.command = ["setpriv", f"--reuid={user}", "--clear-groups", *self.command]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        case.addCleanup(self.kill)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def send(self, method, signature="", *arguments, interface=NAME, path=PATH, interactive=False):
        self.process.stdin.write(json.dumps([path, interface, method, signature, arguments, interactive]) + "\n")
        self.process.stdin.flush()

    def receive(self):
        kind, value = json.loads(self.process.stdout.readline())
        if kind == "error":
            raise Refused(*value)
        return value

    def next_signal(self, member):
        """The arguments of the next signal of that name that was sent to this client alone."""
        self.process.stdin.write(json.dumps({"signal": member, "patience": PATIENCE}) + "\n")
        self.process.stdin.flush()
        return self.receive()

    def call(self, *arguments, **options):
        """The reply's values; one alone as it is, none as None. Refused when it is an error."""
        self.send(*arguments, **options)
        return self.receive()


class Refused(Exception):
    """An error as a reply; name without the prefix of ours, message."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name.removeprefix(f"{NAME}.Error.")
        self.message = message


class Signals:
    """Collects the daemon's signals. They arrive in order, and before the reply to a later call, so
    after a call everything that was sent before it is here."""

    def __init__(self, case, owned_name=None, everywhere=False):
        """everywhere: those of the objects below too; then each is (member, path, arguments)."""
        import dbus.bus
        import dbus.mainloop.glib
        from gi.repository import GLib

        self.context = GLib.MainContext.default()
        loop = dbus.mainloop.glib.DBusGMainLoop()
        self.connection = dbus.bus.BusConnection(case.bus.address, mainloop=loop)
        self.seen = []
        if owned_name:
            self.connection.request_name(owned_name)
            return
        if everywhere:
            self.connection.add_signal_receiver(self.on_any_signal, member_keyword="member", path_keyword="path")
        else:
            self.connection.add_signal_receiver(self.on_signal, path=PATH, member_keyword="member")
        self.object = self.connection.get_object(NAME, PATH, introspect=False)
        case.addCleanup(self.connection.close)

    def on_signal(self, *arguments, member):
        self.seen.append((member, plain(arguments)))

    def on_any_signal(self, *arguments, member, path):
        if path.startswith(PATH):
            self.seen.append((member, str(path), plain(arguments)))

    def take(self, member=None):
        """Every signal up to now."""
        self.object.Ping(dbus_interface="org.freedesktop.DBus.Peer")
        while self.context.iteration(False):
            pass
        seen, self.seen = self.seen, []
        return [s for s in seen if member in (None, s[0])]

    def wait_for(self, member):
        found = []

        def arrived():
            found.extend(self.take(member))
            return found

        return wait_until(member, arrived)[0][1]


def plain(value):
    """The value without dbus-python's types."""
    import dbus

    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, dbus.Boolean):
        return bool(value)
    for kind in int, float, str:
        if isinstance(value, kind):
            return kind(value)
    return value
