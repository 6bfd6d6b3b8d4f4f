# SPDX-License-Identifier: GPL-2.0-only
"""The client wd40ctl against the daemon: what it prints, its JSON, its exit codes."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

from harness import CTL, DAEMON, Case, Polkit, die_with_parent, wait_until
from tunables import TUNABLES

OK, FAILED, USAGE, UNREACHABLE, NOT_PERMITTED, REFUSED, STALE, BUSY, NEGATIVE = range(9)
RELAY = pathlib.Path(__file__).with_name("relay.py")
SAVED = "etc/wd40d/wd40d.ini.d/90-runtime.ini"


class Ctl(Case):
    def setUp(self):
        super().setUp()
        self.start()

    def run_ctl(self, *arguments, code=OK, user=None, **environment):
        """What it prints, on stdout for 0 and 8, else on stderr."""
        result = self.ctl(*arguments, user=user, **environment)
        self.assertEqual(result.returncode, code, f"{arguments}: {result.stdout}{result.stderr}")
        self.assertNotIn("Sanitizer", result.stderr)
        if code not in (OK, NEGATIVE):
            self.assertEqual(result.stdout, "")
            self.assertTrue(result.stderr.startswith("wd40ctl: "), result.stderr)
            return result.stderr
        self.assertEqual(result.stderr, "")
        return result.stdout

    def ctl_json(self, *arguments, **options):
        return json.loads(self.run_ctl(*arguments, "--json", **options))

    def value(self, name):
        return self.run_ctl("get", "--value", name).rstrip("\n")

    def fails(self, code, *arguments, says=(), **options):
        text = self.run_ctl(*arguments, code=code, **options)
        for part in says:
            self.assertIn(part, text)


class Monitor:
    """A running "wd40ctl monitor"; its lines are read from a file, so it is never held up."""

    def __init__(self, case, *options):
        self.path = case.directory / "monitor"
        with open(self.path, "w") as out:
            self.process = subprocess.Popen([CTL, "monitor", *options], stdout=out, stderr=out,
                                            env=case.ctl_environment(), preexec_fn=die_with_parent)
        case.addCleanup(self.end)
        self.wait_for("Monitoring")

    def end(self):
        self.process.kill()
        self.process.wait()

    def lines(self, part):
        return [line for line in self.path.read_text().splitlines() if part in line]

    def wait_for(self, part):
        return wait_until(f"{part} in the monitor", lambda: self.lines(part))[0]


class Reads(Ctl):
    def test_get(self):
        lines = self.run_ctl("get").splitlines()
        self.assertEqual(len(lines), len(TUNABLES))
        self.assertIn("slice-us-overutil=1000", lines)
        self.assertIn("interval=2", lines)
        self.assertIn("cpumasks=", lines)
        self.assertEqual(self.run_ctl("get", "TuneIntervalUSec", "load-balance"), "tune-interval=0.1\nload-balance=yes\n")
        self.assertEqual(self.run_ctl("get", "--value", "direct-greedy-under"), "90\n")
        self.assertEqual(self.ctl_json("get", "tune-interval", "cpumasks", "perf", "partial"),
                         {"tune-interval": 0.1, "cpumasks": [], "perf": 0, "partial": False})
        self.fails(REFUSED, "get", "intervall", says=["did you mean interval?"])
        self.fails(REFUSED, "get", "quite-something-else", says=["wd40ctl describe"])

    def test_describe(self):
        lines = self.run_ctl("describe").splitlines()
        self.assertEqual(len(lines), 1 + len(TUNABLES))
        self.assertEqual(lines[0].split(), ["NAME", "VALUE", "DEFAULT", "ALLOWED", "UNIT", "APPLIED", "FROM"])
        rows = {line.split()[0]: line.split() for line in self.run_ctl("describe", "--no-legend").splitlines()}
        self.assertEqual(rows["interval"], ["interval", "2", "2", "0.1..60", "s", "live", "default"])
        self.assertEqual(rows["cpumasks"], ["cpumasks", "-", "-", "-", "-", "reattach", "default"])
        self.assertEqual(rows["partial"][3], "yes|no")
        starts = {line.index(word) for line, word in zip(lines[1:], (r[-1] for r in rows.values()))}
        self.assertEqual(starts, {lines[0].index("FROM")}, "columns are aligned")

    def test_describe_and_get_agree(self):
        self.run_ctl("set", "interval=1.5", "cpumasks=0-3;4-7", "direct-greedy-under=33.5")
        described = self.ctl_json("describe")
        self.assertEqual({name: row["current"] for name, row in described.items()}, self.ctl_json("get"))
        row = self.ctl_json("describe", "BalanceIntervalUSec")["interval"]
        self.assertEqual((row["property"], row["unit"], row["current"], row["default"], row["min"], row["max"]),
                         ("BalanceIntervalUSec", "s", 1.5, 2.0, 0.1, 60.0))
        row = described["slice-us-overutil"]
        self.assertEqual((row["unit"], row["current"], row["min"]), ("us", 1000, 100))
        for row in described.values():
            self.assertEqual(self.get(row["property"]).split()[0], row["type"])

    def test_describe_tells_who(self):
        self.run_ctl("set", "slice-us-overutil=2000", "--reason", "too slow")
        text = self.run_ctl("describe", "SliceOverutilUSec", "perf")
        for part in ("slice-us-overutil: time slice", "Value: 2000 us", "Default: 1000 us", "100..1000000",
                     "From: runtime: root", "(too slow)", "perf: CPU performance"):
            self.assertIn(part, text)
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\n\ninterval = 3")
        self.run_ctl("reload")
        self.assertIn("/etc/wd40d/wd40d.ini:3", self.run_ctl("describe", "interval"))

    def test_domains(self):
        self.fake.set_domain(2, "nr_tasks", 7)
        rows = [line.split() for line in self.run_ctl("domains").splitlines()]
        self.assertEqual(rows[0], ["DOMAIN", "NODE", "CPUS", "ONLINE", "TASKS", "LOAD", "CAPACITY", "IMBALANCE%", "BUSY%", "MOVES"])
        self.assertEqual([row[:4] for row in rows[1:]],
                         [["0", "0", "0-1", "2"], ["1", "0", "2-3", "2"], ["2", "1", "4-5", "2"], ["3", "1", "6-7", "2"]])
        self.assertEqual([row[6] for row in rows[1:]], ["2.0"] * 4)
        self.assertEqual((rows[3][4], rows[3][9]), ("7", "0"))
        self.assertEqual(len(self.run_ctl("domains", "--no-legend").splitlines()), 4)
        domains = self.ctl_json("domains")
        self.assertEqual([(d["Id"], d["Node"], d["Cpus"]) for d in domains], self.machine.DOMAINS)
        self.assertLessEqual({"OnlineCpus", "Tasks", "Load", "Imbalance", "Moves", "LongestWaitUSec"}, set(domains[0]))
        self.run_ctl("detach")
        self.assertEqual((self.ctl_json("domains"), len(self.run_ctl("domains").splitlines())), ([], 1))

    def test_check(self):
        self.assertEqual(self.run_ctl("check"), "the files are fine\n")
        self.assertEqual(self.ctl_json("check"), [])
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 9000")
        self.assertRegex(self.run_ctl("check", code=NEGATIVE), r"/etc/wd40d/wd40d.ini:2: perf: .*0 to 1024")
        problem, = self.ctl_json("check", code=NEGATIVE)
        self.assertEqual((problem["key"], problem["line"]), ("perf", 2))

    def test_dump(self):
        self.assertIn("perf", self.run_ctl("dump"))

    def test_permissions(self):
        self.assertEqual(self.ctl_json("permissions")["org.scx.Wd40.set-tunables"], "yes")
        self.assertRegex(self.run_ctl("permissions"), r"org.scx.Wd40.dump +yes\n")

    def test_a_terminal_gets_colour(self):
        def on_a_terminal(term, **environment):
            out = subprocess.run(["script", "-qec", f"{CTL} status", "/dev/null"], capture_output=True, text=True,
                                 env=self.ctl_environment(TERM=term, **environment)).stdout
            self.assertIn("attached", out)
            return out
        self.assertIn("\033[32mattached\033[0m", on_a_terminal("xterm"))
        self.assertNotIn("\033", on_a_terminal("xterm", NO_COLOR="1"))
        self.assertNotIn("\033", on_a_terminal("dumb"))

    def test_the_address_may_be_an_option(self):
        nowhere = "unix:path=/nonexistent"
        self.assertIn("attached", self.run_ctl("--address", self.bus.address, "status", DBUS_SYSTEM_BUS_ADDRESS=nowhere))


class Sets(Ctl):
    def test_both_kinds_of_names(self):
        self.assertEqual(self.run_ctl("set", "slice-us-overutil=5000", "BalanceIntervalUSec=0.5"),
                         "slice-us-overutil = 5000 us, interval = 0.5 s (generation 2)\n")
        self.assertEqual(self.get("BalanceIntervalUSec"), "t 500000")
        self.assertEqual(self.fake.arena()["config"]["slice_overutil_ns"], 5000000)

    def test_durations(self):
        self.assertEqual(self.run_ctl("set", "slice-us-overutil=4ms", "interval=1s 500ms"),
                         "slice-us-overutil = 4000 us, interval = 1.5 s (generation 2)\n")
        self.assertEqual(self.get("SliceOverutilUSec"), "t 4000")
        self.assertEqual(self.get("BalanceIntervalUSec"), "t 1500000")

    def test_durations_in_files_too(self):
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nslice-us-overutil = 4ms\ninterval = 500ms")
        self.assertEqual(self.run_ctl("reload"), "")
        self.assertEqual(self.run_ctl("get", "slice-us-overutil", "interval"), "slice-us-overutil=4000\ninterval=0.5\n")

    def test_every_type(self):
        self.run_ctl("set", "load-balance=off", "greedy-threshold=7", "direct-greedy-under=33.5", "cpumasks=0-3;4-7",
                     "partial=yes")
        self.assertEqual(self.ctl_json("get", "load-balance", "greedy-threshold", "direct-greedy-under", "cpumasks", "partial"),
                         {"load-balance": False, "greedy-threshold": 7, "direct-greedy-under": 33.5,
                          "cpumasks": ["0-3", "4-7"], "partial": True})
        self.run_ctl("set", "cpumasks=")
        self.assertEqual(self.value("cpumasks"), "")

    def test_takes_what_get_prints(self):
        before = self.run_ctl("get")
        self.run_ctl("set", *before.splitlines())
        self.assertEqual(self.run_ctl("get"), before)

    def test_json(self):
        self.assertEqual(self.ctl_json("set", "cache-level=2"), {"generation": 2, "pending": ["cache-level"]})

    def test_json_of_what_becomes_of_them(self):
        self.run_ctl("set", "perf=3", "--for=2min")
        generation = self.ctl_json("status")["Generation"]
        self.assertEqual(self.ctl_json("confirm"), {"generation": generation})
        self.assertEqual(self.ctl_json("save"), {"path": f"/{SAVED}"})
        self.assertEqual(self.ctl_json("reset", "perf", "--save", "--dry-run"), {"generation": generation, "values": {}})
        self.assertEqual(self.ctl_json("reset", "perf", "--save"), {"generation": generation + 1, "values": {"perf": 0}})
        self.run_ctl("set", "perf=4", "--for=2min")
        self.assertEqual(self.ctl_json("revert"), {"generation": generation + 2})
        for verb in "reload", "attach", "detach", "reattach", "reset-statistics", "probe", "dump":
            self.fails(USAGE, verb, "--json", says=[f"--json does not go with {verb}"])

    def test_pending(self):
        self.assertIn("cache-level counts from the next attach on: wd40ctl reattach", self.run_ctl("set", "cache-level=2"))
        self.run_ctl("reattach", "--reason", "new shape")
        self.assertEqual(self.get("PendingReattach"), "as 0")
        self.assertIn("new shape", self.daemon.log())

    def test_bad_input(self):
        for arguments, code, says in [
            (["slice-us-overutl=5"], REFUSED, ["did you mean slice-us-overutil?"]),
            (["slice-us-overutil=99"], REFUSED, ["slice-us-overutil", "99", "100 to 1000000 us"]),
            (["slice-us-overutil=12parsecs"], REFUSED, ["12parsecs", "a time like 4ms", "100 to 1000000 us"]),
            (["slice-us-overutil=1e3"], REFUSED, ["neither a number nor a time"]),
            (["slice-us-overutil=-4ms"], REFUSED, ["neither a number nor a time"]),
            (["slice-us-overutil=2s"], REFUSED, ['"2s" is out of range', "100 to 1000000 us"]),
            (["slice-us-overutil=99999999999999999999d"], REFUSED, ["out of range"]),
            (["greedy-threshold=4ms"], REFUSED, ["not a number"]),
            (["slice-us-overutil="], REFUSED, ["empty"]),
            (["perf=-1"], REFUSED, ["0 to 1024"]),
            (["perf=99999999999999999999"], REFUSED, ["0 to 1024"]),
            (["load-balance=maybe"], REFUSED, ["yes or no"]),
            (["cpumasks=0-1;1"], REFUSED, ["cpumasks"]),
            (["cpumasks=0-99"], REFUSED, ["99"]),  # the daemon knows the machine
            (["slice-us-overutil=30ms"], REFUSED,  # and the rules
             ["slice-us-underutil = 20000 us must not be less than slice-us-overutil = 30000 us"]),
            (["tune-interval=3"], REFUSED, ["tune-interval = 3 s must not be longer than interval = 2 s"]),
            (["p\u00e4rf=1"], REFUSED, ["p\u00e4rf: unknown tunable, did you mean perf?"]),
            (["\U0001f37a=1"], REFUSED, ["\U0001f37a: unknown tunable"]),
            ([b"perf\xff=1"], USAGE, ['"perf?=1" is not valid UTF-8']),
            (["perf=1", b"--reason=\xc3"], USAGE, ["not valid UTF-8"]),
            (["perf=1", "perf=2"], USAGE, ["twice"]),
            (["perf=1", "PerfLevel=2"], USAGE, ["twice"]),
            (["perf"], USAGE, ["NAME=VALUE"]),
            (["=5"], USAGE, ["NAME=VALUE"]),
            ([], USAGE, ["--help"]),
            (["perf=1", "--for", "soon"], USAGE, ["soon"]),
            (["perf=1", "--for", "0"], REFUSED, ["--for: 0 is out of range (allowed: 100ms to 1h)"]),
            (["perf=1", "--for", "50ms"], REFUSED, ["--for: 50ms is out of range (allowed: 100ms to 1h)"]),
            (["perf=1", "--for", "2h"], REFUSED, ["--for: 2h is out of range (allowed: 100ms to 1h)"]),
            (["perf=1", "--for", "9" * 30], REFUSED, ["out of range"]),
            (["perf=1", "--for", "-5s"], USAGE, ["-5s"]),
            (["perf=1", "--for"], USAGE, ["value is missing"]),
            (["perf=1", "--expected-generation", "x"], USAGE, ["generation"]),
            (["perf=1", "--nonsense"], USAGE, ["--nonsense"]),
            (["perf=1", "-x"], USAGE, ["-x"]),
            (["perf=1", "--value"], USAGE, ["--value does not go with set"]),
            (["perf=1", "cache-level=2", "--for", "5s"], REFUSED, ["cache-level"]),
        ]:
            with self.subTest(arguments):
                self.fails(code, "set", *arguments, says=says)
        self.fails(USAGE, "sett", "perf=1", says=["sett"])
        self.fails(USAGE, "status", "now", says=["too much"])
        self.fails(USAGE, "confirm", "x", says=["generation"])
        self.assertEqual(self.get("Generation"), "t 1")
        self.assertEqual(self.get("UnsavedTunables"), "as 0")

    def test_dry_run(self):
        self.assertEqual(self.run_ctl("set", "-n", "perf=3"), "perf = 3 would be accepted\n")
        self.assertEqual(self.value("perf"), "0")
        self.fails(REFUSED, "set", "--dry-run", "cpumasks=0-99")

    def test_expected_generation(self):
        self.run_ctl("set", "perf=3", "--expected-generation=1")
        self.fails(STALE, "set", "perf=4", "--expected-generation=1", says=["generation"])
        self.assertEqual(self.value("perf"), "3")

    def test_expected_instance(self):
        instance = json.loads(self.run_ctl("status", "--json"))["InstanceId"]
        self.run_ctl("set", "perf=3", f"--expected-instance={instance}")
        for verb in ["set", "perf=4"], ["reset"]:
            self.fails(STALE, *verb, "--expected-instance=0123", says=["instance", "restarted"])
        self.assertEqual(self.value("perf"), "3")

    def test_save_and_reset(self):
        self.assertIn("saved", self.run_ctl("set", "perf=3", "--save"))
        self.assertIn("perf = 3", (self.root / SAVED).read_text())
        self.run_ctl("set", "slice-us-overutil=2000", "kthreads-local=yes")
        self.assertIn(SAVED, self.run_ctl("save", "kthreads-local"))
        self.assertNotIn("slice", (self.root / SAVED).read_text())
        self.assertEqual(self.run_ctl("reset", "slice-us-overutil"),
                         "reset (generation 4)\nslice-us-overutil = 1000 us (default), was 2000 us\n")
        self.assertEqual(self.value("slice-us-overutil"), "1000")
        self.run_ctl("reset", "--save")
        self.assertEqual(self.value("perf"), "0")
        self.assertNotIn("perf", (self.root / SAVED).read_text())
        self.fails(REFUSED, "reset", "prf", says=["did you mean perf?"])
        self.fails(REFUSED, "save", "prf", says=["did you mean perf?"])

    def test_reset_says_what_values_became(self):
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\ninterval = 3")
        self.run_ctl("reload")
        self.run_ctl("set", "interval=1500ms", "cpumasks=0-3;4-7", "perf=0")
        self.assertEqual(self.ctl_json("reset", "interval"), {"generation": 4, "values": {"interval": 3.0}})
        self.run_ctl("set", "interval=1500ms")
        lines = self.run_ctl("reset").splitlines()
        self.assertEqual(lines[0], "reset (generation 6)")
        self.assertRegex(lines[1], r"^interval = 3 s \(.*/etc/wd40d/wd40d.ini:2\), was 1.5 s$")
        self.assertEqual(lines[2:], ["cpumasks = none (default), was 0-3;4-7"])
        self.assertEqual(self.run_ctl("reset"), "reset (generation 6)\n")

    def test_reload(self):
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 9000\ninterval = 4")
        self.fails(REFUSED, "reload", "--strict", says=["perf", "wd40ctl check"])
        self.assertEqual(self.value("interval"), "2")
        self.assertIn("1 problem in the files: wd40ctl check", self.run_ctl("reload"))
        self.assertEqual(self.value("interval"), "4")
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\ninterval = 5")
        self.assertEqual(self.run_ctl("reload"), "")

    def test_attach_and_detach(self):
        self.run_ctl("detach", "--reason", "to compare")
        self.assertIn("to compare", self.daemon.log())
        self.assertEqual(self.run_ctl("detach"), "", "so it is already")
        self.fails(FAILED, "reattach", says=["no scheduler is attached", "wd40ctl attach"])
        self.run_ctl("attach")
        self.assertEqual(self.run_ctl("attach"), "", "so it is already")
        self.assertEqual(self.get("State"), 's "attached"')

    def test_detach_of_what_has_failed(self):
        self.fake.fail("open", "EPERM")
        self.fails(FAILED, "reattach")
        self.assertEqual(self.get("State"), 's "failed"')
        self.run_ctl("detach")
        self.assertEqual(self.get("State"), 's "detached"')


class Trials(Ctl):
    def test_taken_back_and_seen(self):
        monitor = Monitor(self)
        text = self.run_ctl("set", "slice-us-overutil=5000", "--for", "1s", "--reason", "a test")
        self.assertIn("slice-us-overutil = 5000 us on trial for 1s, as generation 2", text)
        self.assertIn("wd40ctl confirm 2", text)
        self.assertEqual(self.value("slice-us-overutil"), "5000")
        self.assertIn("generation 2 is taken back: expired", monitor.wait_for("TunablesReverted"))
        self.assertEqual(self.value("slice-us-overutil"), "1000")
        self.assertRegex(monitor.wait_for("TunablesChanged"),
                         r"^\d\d:\d\d:\d\d\.\d{3}  TunablesChanged +generation 2, runtime: slice-us-overutil = 5000 us, by root.* \(a test\)$")
        self.assertIn("slice-us-overutil = 5000 us", monitor.wait_for("UnconfirmedGeneration = 2"))
        self.assertIn("slice-us-overutil = 1000 us", monitor.wait_for("Generation = 3"))
        self.assertTrue(monitor.lines("TunablesChanged")[1].endswith("generation 3, reverted: slice-us-overutil = 1000 us"))
        self.assertIn("Taken back: generation 2: expired", self.run_ctl("describe", "slice-us-overutil"))

    def test_confirmed(self):
        self.run_ctl("set", "perf=3", "--for=2min", "--save")
        self.fails(BUSY, "set", "perf=4", says=["wd40ctl revert"])
        self.assertFalse((self.root / SAVED).exists())
        self.assertEqual(self.run_ctl("confirm"), "generation 2 is confirmed\n")
        self.assertEqual(self.value("perf"), "3")
        self.assertTrue((self.root / SAVED).exists())
        self.fails(FAILED, "confirm", says=["nothing is on trial"])
        self.fails(FAILED, "confirm", "2", says=["2"])

    def test_taken_back_by_hand(self):
        self.run_ctl("set", "perf=3", "--for=2min")
        self.fails(FAILED, "revert", "7", says=["7"])
        self.assertEqual(self.run_ctl("revert"), "generation 2 is taken back\n")
        self.assertEqual(self.value("perf"), "0")


class Permissions(Ctl):
    CHANGES = [["set", "perf=3"], ["set", "perf=3", "--save"], ["confirm", "1"], ["revert", "1"], ["reset"], ["save"],
               ["reload"], ["attach"], ["detach"], ["reattach"], ["dump"], ["reset-statistics"]]

    def test_nobody_may_read_only(self):
        for verb in "status", "get", "describe", "domains", "check", "permissions":
            self.run_ctl(verb, user="nobody")
        for arguments in self.CHANGES:
            with self.subTest(arguments):
                self.fails(NOT_PERMITTED, *arguments, user="nobody", says=["root"])
        self.assertEqual(self.value("perf"), "0")
        self.assertEqual(set(self.ctl_json("permissions", user="nobody").values()), {"no"})

    def test_polkit_may_ask_unless_told_not_to(self):
        polkit = Polkit(self)
        polkit.answer("challenge")
        self.fails(NOT_PERMITTED, "--no-ask-password", "set", "perf=3", user="nobody")
        self.assertEqual([q["flags"] for q in polkit.asked()], [0])
        polkit.answer("yes")
        self.run_ctl("set", "perf=3", user="nobody")
        self.assertEqual(polkit.asked()[-1]["flags"], 1)
        self.assertEqual(self.value("perf"), "3")


class WithoutDaemon(Case):
    """Only the bus is there, and then not even that."""

    run_ctl, fails = Ctl.run_ctl, Ctl.fails

    def with_wd40d(self):
        """A PATH on which wd40d is the fake one."""
        programs = self.directory / "bin"
        programs.mkdir()
        (programs / "wd40d").write_text(f'#!/bin/sh\nexec {DAEMON} --root={self.root} "$@"\n')
        (programs / "wd40d").chmod(0o755)
        return {"PATH": f"{programs}:{os.environ['PATH']}", "WD40D_FAKE_DIR": str(self.fake.directory)}

    def test_every_verb_says_so(self):
        for arguments in ["status"], ["get"], ["describe"], ["set", "perf=3"], ["confirm"], ["domains"], ["save"], \
                ["attach"], ["dump"], ["permissions"], ["check", "--json"]:
            with self.subTest(arguments):
                self.fails(UNREACHABLE, *arguments, says=["wd40d is not running", "systemctl start wd40d"])

    def test_no_bus(self):
        self.bus.kill()
        self.fails(UNREACHABLE, "status", says=["cannot reach the system bus"])
        self.fails(UNREACHABLE, "monitor", says=["cannot reach the system bus"])
        self.fails(UNREACHABLE, "--address", "nonsense", "status")

    def test_check_asks_the_program(self):
        environment = self.with_wd40d()
        self.run_ctl("check", **environment)
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nperf = 9000")
        self.assertIn("wd40d.ini:2", self.run_ctl("check", code=NEGATIVE, **environment))

    def test_probe(self):
        environment = self.with_wd40d()
        self.fake.probe("sched_ext required met it is there")
        self.assertIn("sched_ext", self.run_ctl("probe", **environment))
        self.fake.probe("sched_ext required missing it is not there")
        self.assertIn("MISSING", self.run_ctl("probe", code=NEGATIVE, **environment))
        self.fails(FAILED, "probe", PATH="/nonexistent", says=["wd40d"])
        self.fails(USAGE, "-H", "elsewhere", "probe", says=["ssh elsewhere"])

    def test_monitor_waits_for_it(self):
        monitor = Monitor(self)
        self.assertIn("wd40d is not running", monitor.lines("Monitoring")[0])
        self.start()
        monitor.wait_for("Appeared")

    def test_help_and_version(self):
        self.bus.kill()
        text = self.run_ctl("--help")
        for part in "status", "--for=TIME", "monitor", "--host":
            self.assertIn(part, text)
        self.assertRegex(self.run_ctl("--version"), r"^wd40ctl \d+\.\d+")

    def test_full_disk(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([CTL, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, FAILED)
        self.assertIn("cannot write", result.stderr)

    def test_a_remote_machine_is_reached_by_ssh(self):
        """An ssh that is the far end too. Only bytes pass, no descriptors, though the bridge has a socket: as sshd's."""
        programs = self.directory / "bin"
        programs.mkdir()
        (programs / "ssh").write_text(f'#!/bin/sh\necho "$@" >>{self.directory}/ssh.log\n'
                                      f'exec {sys.executable} {RELAY} systemd-stdio-bridge --bus-path={self.bus.address}\n')
        (programs / "ssh").chmod(0o755)
        self.start()
        path = f"{programs}:{os.environ['PATH']}"
        self.assertIn("wd40d 0.1.0 on root@far", self.run_ctl("-H", "root@far", "status", PATH=path))
        self.assertIn("far", (self.directory / "ssh.log").read_text())
        self.run_ctl("-H", "root@far", "set", "perf=3", PATH=path)
        self.fails(USAGE, "-H", "root@far", "dump", PATH=path, says=["ssh root@far wd40ctl dump"])


if __name__ == "__main__":
    unittest.main()
