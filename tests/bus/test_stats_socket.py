# SPDX-License-Identifier: GPL-2.0-only
"""The socket where the scx project's tools look for statistics: its protocol (that of the scx_stats crate),
clients that mean no good, and who may listen there."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import unittest

from harness import Case, Client, STATISTICS, as_user, die_with_parent, wait_until


class Socket(Case):
    def setUp(self):
        super().setUp()
        self.path = self.root / "run/scx/root/stats"

    def connect(self, read=True):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(s.close)
        s.connect(str(self.path))
        s.settimeout(20)
        return Connection(self, s) if read else s

    def statistics(self):
        return Client(self).call("GetStatistics", "a{sv}", {}, interface=STATISTICS)


class Connection:
    def __init__(self, case, s):
        self.socket = s
        self.file = s.makefile("rw")
        case.addCleanup(self.file.close)

    def send(self, text):
        self.file.write(text)
        self.file.flush()

    def receive(self):
        """errno and resp, or None at the end."""
        line = self.file.readline()
        if not line:
            return None
        answer = json.loads(line)
        assert set(answer) == {"errno", "args"} and set(answer["args"]) == {"resp"}, answer
        return answer["errno"], answer["args"]["resp"]

    def ask(self, request, **args):
        self.send(json.dumps({"req": request, "args": args}) + "\n")
        return self.receive()

    def get(self, request="stats", **args):
        errno, resp = self.ask(request, **args)
        assert errno == 0, resp
        return resp


class Protocol(Socket):
    def setUp(self):
        super().setUp()
        self.start()
        self.client = self.connect()

    def test_shares_since_the_last_request(self):
        self.client.get()
        self.fake.count("prev_idle", 30)
        self.fake.count("direct_idle", 10)
        self.fake.count("move_applied", 2)
        top = self.client.get(target="top")
        self.assertEqual((top["total"], top["prev_idle"], top["direct"], top["nr_migrations"]), (40, 75, 25, 2))
        top = self.client.get()
        self.assertEqual((top["total"], top["prev_idle"], top["direct"], top["nr_migrations"]), (0, 0, 0, 0))

    def test_each_connection_has_its_own_past(self):
        self.fake.count("prev_idle", 30)
        other = self.connect()
        wait_until("it is known", lambda: self.statistics()["socket_clients"] == 2)
        self.fake.count("prev_idle", 5)
        self.assertEqual(self.client.get()["total"], 35)
        self.assertEqual(other.get()["total"], 5)

    def test_counters_that_are_reset_do_not_go_back(self):
        self.fake.count("prev_idle", 30)
        self.client.get()
        Client(self).call("ResetStatistics", interface=STATISTICS)
        self.fake.count("prev_idle", 40)
        self.assertEqual(self.client.get()["total"], 40)

    def test_nodes_and_domains(self):
        nodes = self.client.get()["nodes"]
        self.assertEqual({n: set(node["doms"]) for n, node in nodes.items()}, {"0": {"0", "1"}, "1": {"2", "3"}})
        mask, = self.client.get()["kick_greedy_cpus"]
        self.assertEqual(mask & ~0xff, 0)

    def test_what_is_no_request_is_answered_and_forgotten(self):
        for text in "garbage\n", "\n", "{}\n", '{"req":"format"}\n', '{"req":"stats","args":{"target":"x"}}\n', "\0\xff\n":
            self.client.send(text)
            errno, why = self.client.receive()
            self.assertEqual(errno, 22)
            self.assertIsInstance(why, str)
        self.assertIn("total", self.client.get())

    def test_half_a_line_is_waited_for(self):
        self.client.send('{"req":"st')
        self.connect().get()
        self.client.send('ats"}\n{"req":"stats_meta"}\n{"req"')
        self.assertIn("total", self.client.receive()[1])
        self.assertIn("ClusterStats", self.client.receive()[1])
        self.client.send(':"stats"}\n')
        self.assertIn("total", self.client.receive()[1])

    def test_the_last_line_needs_no_end(self):
        self.client.send('{"req":"stats"}')
        self.client.socket.shutdown(socket.SHUT_WR)
        self.assertIn("total", self.client.receive()[1])
        self.assertIsNone(self.client.receive())

    def test_a_line_that_does_not_end_is_the_last(self):
        self.client.send("x" * 4096)
        self.assertEqual(self.client.receive()[0], 22)
        self.assertIsNone(self.client.receive())
        self.assertIn("total", self.connect().get())

    def test_without_a_scheduler(self):
        self.fake.end(self.fake.SYSRQ)
        self.wait_for_state("detached")
        top = self.client.get()
        self.assertEqual((top["total"], top["nodes"]), (0, {}))
        self.assertNotIn(None, top.values())

    def test_the_bus_is_not_needed(self):
        self.bus.kill()
        wait_until("the loss", lambda: "the bus is gone" in self.daemon.log())
        self.assertIn("total", self.client.get())
        self.assertIn("total", self.connect().get())


class OpenMetrics(Socket):
    """What the scx project's converter makes of the answers, by the rules that it goes by: a gauge for each
    number, named by the struct's _om_prefix and the field; dictionaries of structs are followed, with the struct's
    _om_label for the key; what is marked _om_skip is left out."""

    def test_every_number_becomes_a_metric(self):
        from prometheus_client import CollectorRegistry, Gauge, generate_latest

        self.start()
        client = self.connect()
        self.fake.count("prev_idle", 3)
        structs, top = client.get("stats_meta"), client.get()
        roots = [name for name, s in structs.items() if "top" in s]
        self.assertEqual(roots, ["ClusterStats"])
        registry, gauges = CollectorRegistry(), {}

        def walk(name, record, labels, values):
            struct = structs[name]
            self.assertEqual(struct["name"], name)
            user = struct.get("user", {})
            self.assertLessEqual(set(record), set(struct["fields"]))
            for field, of in struct["fields"].items():
                if "dict" in of:
                    inner = of["dict"]["datum"]["struct"]
                    self.assertEqual(of["dict"]["key"], "u64")
                    for key, value in record[field].items():
                        label = structs[inner]["user"]["_om_label"]
                        walk(inner, value, labels + [label], values + [key])
                elif "_om_skip" not in of.get("user", {}) and field in record:
                    metric = user.get("_om_prefix", "") + field
                    self.assertIn(of["datum"], ("u64", "float"))
                    if metric not in gauges:
                        gauges[metric] = Gauge(metric, of["desc"], labels, registry=registry)
                    (gauges[metric].labels(*values) if values else gauges[metric]).set(record[field])

        walk("ClusterStats", top, [], [])
        text = generate_latest(registry).decode()
        self.assertIn("\nprev_idle 100.0\n", text)
        self.assertIn('\nd_load{domain="3",node="1"} ', text)
        self.assertIn('\nn_imbal{node="0"} ', text)


class Harm(Socket):
    def setUp(self):
        super().setUp()
        self.start()

    def rounds(self):
        return self.fake.arena()["tune"]["round"]

    def wait_for_rounds(self, n=5):
        first = self.rounds()
        wait_until("rounds of the tuner", lambda: self.rounds() >= first + n)

    def test_who_does_not_read_harms_nobody(self):
        for _ in range(4):
            deaf = self.connect(read=False)
            deaf.setblocking(False)
            try:
                while True:
                    deaf.send(b'{"req":"stats_meta"}\n' * 100)
            except BlockingIOError:
                pass
        self.wait_for_rounds()
        self.assertIn("total", self.connect().get())
        self.assertIn("events", self.statistics())

    def test_who_floods_is_slowed_down(self):
        flood = self.connect()
        answers = 0

        def read():
            nonlocal answers
            while flood.receive():
                answers += 1

        reader = threading.Thread(target=read)
        reader.start()
        before, requests = self.rounds(), b'{"req":"stats"}\n' * 50
        while self.rounds() < before + 10:
            flood.socket.sendall(requests[:800])
            self.assertIn("events", self.statistics())
        rounds = self.rounds() - before
        flood.socket.shutdown(socket.SHUT_RDWR)
        reader.join()
        self.assertGreater(answers, 5)
        self.assertLess(answers, (rounds + 3) * 8)  # 5 in a round of the tuner

    def test_who_disconnects_is_forgotten(self):
        for i in range(50):
            s = self.connect(read=False)
            s.send(b'{"req":"stats"}\n' if i % 2 else b'{"req')
            s.close()
        wait_until("no client", lambda: self.statistics()["socket_clients"] == 0)

    def test_there_are_not_too_many(self):
        clients = [self.connect() for _ in range(64)]
        for client in clients:
            self.assertIn("total", client.get())
        wait_until("a refusal", lambda: self.refused())
        clients.pop().socket.shutdown(socket.SHUT_RDWR)
        wait_until("room", lambda: self.statistics()["socket_clients"] < 64)
        self.assertIn("total", self.connect().get())
        self.assertGreater(self.statistics()["socket_refused"], 0)

    def refused(self):
        try:
            s = self.connect(read=False)
            s.send(b'{"req":"stats"}\n')
            return s.recv(1) == b""
        except ConnectionError:
            return True

    def test_a_user_has_a_quota_and_may_read(self):
        program = """
import socket, sys
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.settimeout(20)
    try:
        s.send(b'{"req":"stats"}\\n')
        return s, s.recv(1)
    except ConnectionError:
        return s, b""
print(sum(got == b"{" for _, got in [connect() for _ in range(12)]))
"""
        result = subprocess.run([*as_user("nobody"), sys.executable, "-c", program,
                                 str(self.path)], capture_output=True, text=True)
        self.assertEqual(result.stdout, "8\n", result.stderr)


RECONNECT = """
import socket, sys
sys.stdin.readline()
answers = refused = 0
sockets = [None] * 6
while True:
    for i in range(len(sockets)):
        if sockets[i]:
            sockets[i].close()
        sockets[i] = socket.socket(socket.AF_UNIX)
        try:
            sockets[i].settimeout(0.05)
            sockets[i].connect(sys.argv[1])
            sockets[i].send(b'{"req":"stats"}\\n')
            answers += bool(sockets[i].recv(1))
        except OSError:
            refused += 1
        if answers + refused > int(sys.argv[2]):
            sys.exit(0)
"""

HOLD = """
import socket, sys
kept = []
for i in range(8):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    kept.append(s)
print("ready", flush=True)
sys.stdin.readline()
"""


class Users(Socket):
    """What one of them may have, however many connections he makes."""

    def setUp(self):
        super().setUp()
        self.start()

    def as_user(self, uid, program, *arguments):
        process = subprocess.Popen([*as_user(uid), sys.executable, "-c", program, str(self.path),
                                    *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   preexec_fn=die_with_parent)
        for cleanup in process.stdout.close, process.stdin.close, process.wait, process.kill:
            self.addCleanup(cleanup)
        return process

    def test_who_connects_again_is_no_other(self):
        """Two processes that reconnect for each request."""
        processes = [self.as_user("nobody", RECONNECT, "1000000") for _ in range(2)]
        rounds, requests = self.fake.arena()["tune"]["round"], self.statistics()["socket_requests"]
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        while self.fake.arena()["tune"]["round"] < rounds + 15:
            self.assertIn("events", self.statistics())
        rounds = self.fake.arena()["tune"]["round"] - rounds
        requests = self.statistics()["socket_requests"] - requests
        self.assertGreater(requests, 5)
        self.assertLess(requests, (rounds + 3) * 8)  # 5 in a round of the tuner
        self.assertIn("total", self.connect().get())

    def test_there_is_room_for_root(self):
        users = [self.as_user(str(uid), HOLD) for uid in range(1001, 1009)]
        for user in users:
            self.assertEqual(user.stdout.readline(), "ready\n")
        clients = [self.connect() for _ in range(16)]
        for client in clients:
            self.assertIn("total", client.get())
        self.assertEqual(self.statistics()["socket_clients"], 64)


class Place(Socket):
    def test_everybody_may_connect_whatever_the_umask(self):
        before = os.umask(0o077)
        try:
            self.start()
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o666)
        for folder in self.path.parent, self.path.parent.parent:
            self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o755)

    def test_nothing_is_left_behind(self):
        self.start()
        client = self.connect()
        client.get()
        self.daemon.stop()
        self.assertEqual(list(self.path.parent.iterdir()), [])
        self.assertIsNone(client.receive())

    def test_what_a_dead_daemon_left_is_replaced(self):
        self.start()
        self.daemon.process.kill()
        self.daemon.wait()
        self.assertTrue(self.path.exists())
        self.notifications.messages.clear()
        self.start()
        self.assertIn("total", self.connect().get())

    def listen(self):
        self.path.parent.mkdir(parents=True)
        other = socket.socket(socket.AF_UNIX)
        self.addCleanup(other.close)
        other.bind(str(self.path))
        other.listen()
        return other

    def test_another_scheduler_s_is_left_alone(self):
        self.listen()
        inode = self.path.stat().st_ino
        self.start()
        wait_until("a warning", lambda: "another scheduler serves statistics" in self.daemon.log())
        self.daemon.stop()
        self.assertEqual(self.path.stat().st_ino, inode)

    def test_is_taken_when_the_other_has_gone(self):
        other = self.listen()
        self.start()
        other.close()
        wait_until("the socket", lambda: self.answers(), 30)

    def answers(self):
        try:
            return self.connect().get()
        except ConnectionError:
            return None

    def test_one_that_came_later_is_not_removed(self):
        self.start()
        self.path.unlink()
        self.path.parent.joinpath("keep").touch()
        other = socket.socket(socket.AF_UNIX)
        self.addCleanup(other.close)
        other.bind(str(self.path))
        self.daemon.stop()
        self.assertTrue(self.path.exists())

    def test_a_file_in_the_place_is_left_alone(self):
        self.path.parent.mkdir(parents=True)
        self.path.write_text("mine")
        self.start()
        self.assertEqual(self.path.read_text(), "mine")
        self.assertEqual(len(re.findall("no statistics at", self.daemon.log())), 1)


if __name__ == "__main__":
    unittest.main()
