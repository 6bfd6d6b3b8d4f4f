# SPDX-License-Identifier: GPL-2.0-only
"""The daemon as a service: start, readiness, signals, exits of the scheduler, failures."""

import os
import signal
import socket
import subprocess
import time
import unittest

from harness import Case, DAEMON, NAME, Signals, wait_until

NAMES_OF_CALLS = ["open", "attach", "detach", "close"]


class Start(Case):
    def assert_fails(self, code, reason, *arguments):
        """The start fails with that exit code, and journal and service manager hear the reason."""
        self.spawn(*arguments)
        self.assertEqual(self.daemon.wait(), code, self.daemon.log())
        self.assertIn(reason, self.daemon.log())
        wait_until("EXIT_STATUS", lambda: self.notifications.has("EXIT_STATUS", str(code)))
        self.assertIn(reason, self.notifications.status())
        self.assertEqual(self.notifications.has("READY"), [])

    def test_ready_comes_after_attach_and_name(self):
        self.start()
        self.assertEqual(self.fake.calls(), [("open", 0), ("attach", 0)])
        self.assertEqual(self.get("State"), 's "attached"')

    def test_slow_attach_does_not_use_up_the_patience_with_the_bus(self):
        self.bus.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.bus.process.send_signal, signal.SIGCONT)
        (self.fake.directory / "attach-takes").write_text("5500")
        self.spawn()
        wait_until("attached", lambda: self.fake.calls("attach"))
        attached = time.monotonic()
        wait_until("READY=1", lambda: self.notifications.has("READY"))
        self.assertGreater(time.monotonic() - attached, 1)

    def test_status_tells_what_runs(self):
        self.start()
        self.assertEqual(self.notifications.status(),
                         "attached: 8 CPUs, 4 domains, 2 nodes; slice 20 ms, 1 ms when full")
        self.assert_set("SliceUnderutilUSec", "t", "5000")
        wait_until("new status", lambda: "slice 5 ms" in self.notifications.status())

    def test_another_scheduler_is_active(self):
        self.fake.fail("attach", "EBUSY")
        self.assert_fails(75, "another scheduler is active")
        self.assertTrue(self.notifications.has("ERRNO", "16"))

    def test_not_permitted(self):
        self.fake.fail("open", "EPERM")
        self.assert_fails(77, "not allowed")

    def test_kernel_lacks_something(self):
        self.fake.fail("open", "EOPNOTSUPP")
        self.fake.probe("btf required met found", "sched_ext required missing CONFIG_SCHED_CLASS_EXT is off")
        self.assert_fails(69, "sched_ext: CONFIG_SCHED_CLASS_EXT is off")

    def test_all_that_is_missing_is_said_once(self):
        self.fake.fail("open", "EOPNOTSUPP")
        self.fake.probe("sched_ext required missing is off", "idle optional missing not there", "BTF required missing is none")
        self.assert_fails(69, "this kernel cannot run wd40: sched_ext: is off; BTF: is none")
        for said in "cannot attach", "sched_ext: ", "BTF: ":
            self.assertEqual(self.daemon.log().count(said), 1, said)

    def test_verifier_refuses(self):
        self.fake.fail("open", "EINVAL")
        self.assert_fails(70, "refused the scheduler's programs")

    def test_domains_that_cannot_be(self):
        self.assert_fails(65, "99", "--cpumasks=0-3;99")

    def test_cpus_that_come_and_go_are_waited_for(self):
        self.fake.fail("attach", "EAGAIN", 3)
        self.start()
        self.assertEqual([r for _, r in self.fake.calls("attach")], [-11, -11, -11, 0])

    def test_temporary_failure_is_tried_again(self):
        self.fake.fail("open", "ENOMEM", 1)
        self.start()
        self.assertIn("attaching again in", self.daemon.log())
        self.assertEqual(self.get("RestartCount"), "u 0")

    def test_probe_tells_each_requirement(self):
        self.fake.probe("sched_ext required met found", "idle optional missing not there")
        self.spawn("--probe")
        self.assertEqual(self.daemon.wait(), 0)
        self.fake.probe("sched_ext required missing CONFIG_SCHED_CLASS_EXT is off")
        printed = subprocess.run([DAEMON, "--probe"], env=self.daemon.environment, text=True,
                                 capture_output=True)
        self.assertEqual(printed.returncode, 69)
        self.assertEqual(printed.stdout.split(), "MISSING sched_ext: CONFIG_SCHED_CLASS_EXT is off".split())

    def test_bad_command_line(self):
        self.spawn("--slice-us-overutil=99")
        self.assertEqual(self.daemon.wait(), 2)
        self.assertIn("slice-us-overutil", self.daemon.log())

    def test_file_and_command_line(self):
        self.machine.write("etc/wd40d/wd40d.ini", "[wd40d]\nslice-us-overutil = 3000\ngreedy-threshold = 9")
        self.start("--greedy-threshold=5")
        self.assertEqual(self.get("SliceOverutilUSec"), "t 3000")
        self.assertEqual(self.get("GreedyThreshold"), "u 5")
        self.assertIn("etc/wd40d/wd40d.ini", self.get("ConfigFiles"))


class Signalled(Case):
    def setUp(self):
        super().setUp()
        self.ini = "etc/wd40d/wd40d.ini"
        self.machine.write(self.ini, "[wd40d]\nslice-us-overutil = 3000")

    def reload(self):
        ready = len(self.notifications.has("READY"))
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until("READY=1 again", lambda: len(self.notifications.has("READY")) > ready)

    def test_term_detaches_and_ends_well(self):
        self.start()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual([c for c, _ in self.fake.calls()], NAMES_OF_CALLS)
        wait_until("STOPPING=1", lambda: self.notifications.has("STOPPING", "1"))

    def test_int_does_the_same(self):
        self.start()
        self.daemon.process.send_signal(signal.SIGINT)
        self.assertEqual(self.daemon.wait(), 0)
        self.assertEqual([c for c, _ in self.fake.calls()], NAMES_OF_CALLS)

    def test_stopping_is_told_on_the_bus(self):
        self.start()
        signals = Signals(self)
        self.daemon.process.terminate()
        self.daemon.wait()

        def told():
            while signals.context.iteration(False):
                pass
            return ("PropertiesChanged", (NAME, {"State": "stopping"}, [])) in signals.seen

        wait_until("state stopping", told)

    def test_reload_applies_the_files(self):
        self.start()
        self.assertEqual(self.get("SliceOverutilUSec"), "t 3000")
        signals = Signals(self)
        self.machine.write(self.ini, "[wd40d]\nslice-us-overutil = 4000\ngreedy-threshold = 3")
        self.reload()
        self.assertEqual(sorted(signals.take()), [
            ("PropertiesChanged",
             (NAME, {"SliceOverutilUSec": 4000, "GreedyThreshold": 3, "Generation": 2}, [])),
            ("TunablesChanged", (2, {"SliceOverutilUSec": 4000, "GreedyThreshold": 3}, "reload"))])
        self.assertEqual(self.fake.arena()["config"]["slice_overutil_ns"], 4000000)
        self.assertEqual([c for c, _ in self.fake.calls()], ["open", "attach"])

    def test_reload_is_told_to_the_service_manager(self):
        self.start()
        self.reload()
        keys = [list(m) for m in self.notifications.messages if "STATUS" not in m]
        self.assertEqual(keys, [["READY"], ["RELOADING", "MONOTONIC_USEC"], ["READY"]])

    def test_reload_while_not_attached_yet_is_not_readiness(self):
        self.fake.fail("open", "ENOMEM")
        self.spawn()
        wait_until("a failed attempt", lambda: "attaching again" in self.daemon.log())
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until("a reload", lambda: "reloaded" in self.daemon.log())
        self.fake.succeed("open")
        wait_until("READY=1", lambda: self.notifications.has("READY"))
        self.assertEqual(len(self.fake.calls("attach")), 1)
        self.assertEqual(self.notifications.has("RELOADING"), [])

    def test_runtime_value_stays_on_top(self):
        self.start()
        self.assert_set("SliceOverutilUSec", "t", "2500")
        self.machine.write(self.ini, "[wd40d]\nslice-us-overutil = 4000\ngreedy-threshold = 3")
        self.reload()
        self.assertEqual(self.get("SliceOverutilUSec"), "t 2500")
        self.assertEqual(self.get("GreedyThreshold"), "u 3")
        self.assertEqual(self.fake.arena()["config"]["slice_overutil_ns"], 2500000)

    def test_same_value_set_at_run_time_stays_too(self):
        self.start()
        self.assert_set("SliceOverutilUSec", "t", "3000")
        self.machine.write(self.ini, "[wd40d]\nslice-us-overutil = 4000")
        self.reload()
        self.assertEqual(self.get("SliceOverutilUSec"), "t 3000")

    def test_reload_without_change_is_not_told(self):
        self.start()
        signals = Signals(self)
        self.reload()
        self.assertEqual(signals.take(), [])
        self.assertEqual(self.get("Generation"), "t 1")

    def test_file_name_may_hold_anything(self):
        self.machine.write("etc/wd40d/wd40d.ini.d/\udcff.ini", "[wd40d]\nslice-us-overutil = 5000")
        self.start()
        self.assertEqual(self.get("SliceOverutilUSec"), "t 5000")
        self.assertTrue(self.get("ConfigFiles").endswith('"?"'))

    def test_bad_file_is_reported_and_keeps_the_rest(self):
        self.start()
        self.machine.write(self.ini, "[wd40d]\nslice-us-overutil = 5\ngreedy-threshold = 3")
        self.reload()
        self.assertEqual(self.get("SliceOverutilUSec"), "t 1000")
        self.assertEqual(self.get("GreedyThreshold"), "u 3")
        self.assertIn("wd40d.ini:2: slice-us-overutil", self.daemon.log())

    def test_watchdog_is_fed_at_half_time(self):
        self.start(WATCHDOG_USEC="200000")
        wait_until("five pings", lambda: len(self.notifications.has("WATCHDOG", "1")) >= 5)

    def test_no_watchdog_no_pings(self):
        self.start()
        first = self.fake.arena()["tune"]["round"]
        wait_until("three rounds", lambda: self.fake.arena()["tune"]["round"] > first + 3)
        self.assertEqual(self.notifications.has("WATCHDOG"), [])


@unittest.skipIf(os.path.exists("/run/dbus/system_bus_socket"), "it would serve the system bus")
class Environment(Case):
    """Of somebody else, who became root with it."""

    def listen(self, name, kind):
        end = socket.socket(socket.AF_UNIX, kind | socket.SOCK_NONBLOCK)
        self.addCleanup(end.close)
        end.bind(str(self.directory / name))
        return end

    def test_nothing_of_it_is_heeded(self):
        bus, notify = self.listen("hostile-bus", socket.SOCK_STREAM), self.listen("hostile-notify", socket.SOCK_DGRAM)
        bus.listen()
        self.spawn(as_a_service=False, address=None, NOTIFY_SOCKET=notify.getsockname(), WATCHDOG_USEC="10",
                   DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={bus.getsockname()}")
        wait_until("an attempt to reach the bus", lambda: "no connection to the bus" in self.daemon.log())
        self.assertRaises(BlockingIOError, bus.accept)
        self.assertRaises(BlockingIOError, notify.recv, 1)


class Exits(Case):
    """The kernel ends the scheduler."""

    def setUp(self):
        super().setUp()
        self.start()

    def attached_again(self, times):
        wait_until(f"restart {times}", lambda: self.get("RestartCount") == f"u {times}")
        self.assertEqual(self.get("State"), 's "attached"')

    def test_hotplug_attaches_again_at_once(self):
        signals = Signals(self)
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG, "unregistered from the main kernel",
                      "cpu 3 going offline")
        self.assertEqual(signals.wait_for("SchedulerExited"),
                         ("unregistered-kernel", self.fake.HOTPLUG,
                          "unregistered from the main kernel", True))
        self.attached_again(1)
        self.assertIn("at once", self.daemon.log())
        self.assertEqual([c for c, _ in self.fake.calls()],
                         ["open", "attach", "exit", "close", "open", "attach"])

    def test_error_backs_off_and_attaches_again(self):
        signals = Signals(self)
        self.fake.fail("open", "ENOMEM")  # so that it stays off until it has been looked at
        self.fake.end(self.fake.ERROR_STALL, 0, "runnable task stall", "bash[42] failed to run")
        self.assertEqual(signals.wait_for("SchedulerExited"),
                         ("error-stall", 0, "runnable task stall", True))
        self.assertEqual(self.get("State"), 's "reattaching"')
        self.assertEqual(self.get("LastExit"),
                         '(sxs) "error-stall" 0 "runnable task stall"')
        self.assertIn("error-stall, code 0: runnable task stall: bash[42] failed to run; "
                      "attaching again in 1000 ms", self.daemon.log())
        reason = 's "runnable task stall"'
        self.assertEqual(self.get("StateReason"), reason)
        wait_until("the reason why it failed again", lambda: self.get("StateReason") == 's "Cannot allocate memory"')
        self.fake.succeed("open")
        self.attached_again(1)
        self.assertEqual(self.get("StateReason"), 's ""')

    def test_kernel_text_may_hold_anything(self):
        self.fake.end(self.fake.SYSRQ, -1, "r\xff", "task \xc3\x28\x1b[31m [1]")
        self.wait_for_state("detached")
        self.assertEqual(self.get("LastExit"), '(sxs) "sysrq" -1 "r?"')

    def test_state_changes_are_told(self):
        signals = Signals(self)
        self.fake.end(self.fake.ERROR, 0, "runtime error", "")
        self.attached_again(1)
        changes = [c[1] for m, c in signals.take() if m == "PropertiesChanged"]
        self.assertEqual(changes[0], {"LastExit": ("error", 0, "runtime error")})
        self.assertEqual(changes[1], {"State": "reattaching", "StateReason": "runtime error"})
        self.assertEqual(changes[2]["StateReason"], "")
        self.assertEqual(set(changes[2]), {"State", "StateReason", "AttachedTimestamp", "AttachedTimestampMonotonic",
                                           "RestartCount"})
        self.assertEqual(len(changes), 3)

    def test_values_survive(self):
        self.assert_set("SliceOverutilUSec", "t", "2000")
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG)
        self.attached_again(1)
        self.assertEqual(self.fake.arena()["config"]["slice_overutil_ns"], 2000000)
        self.assertEqual(self.fake.arena()["config"]["generation"], 2)

    def test_retune_while_nothing_is_attached(self):
        self.fake.fail("open", "ENOMEM")
        self.fake.end(self.fake.ERROR, 0, "runtime error")
        self.wait_for_state("reattaching")
        self.assert_set("SliceOverutilUSec", "t", "2000")
        self.assert_set("CacheLevel", "u", "2")
        self.assertEqual(self.get("SliceOverutilUSec"), "t 2000")
        self.assertEqual(self.get("PendingReattach"), "as 0")
        self.fake.succeed("open")
        self.attached_again(1)
        self.assertEqual(self.fake.arena()["config"]["slice_overutil_ns"], 2000000)
        self.assertEqual(self.get("PendingReattach"), "as 0")

    def test_sysrq_stays_off(self):
        signals = Signals(self)
        self.fake.end(self.fake.SYSRQ, 0, "disabled by sysrq-S")
        self.assertEqual(signals.wait_for("SchedulerExited")[3], False)
        self.assertEqual(self.get("State"), 's "detached"')
        self.assertTrue(self.daemon.running())
        wait_until("status", lambda: self.notifications.status() == "detached: disabled by sysrq-S")

    def test_failure_that_waiting_does_not_cure_is_final(self):
        self.fake.fail("open", "EPERM")
        self.fake.end(self.fake.ERROR, 0, "runtime error")
        self.wait_for_state("failed")
        self.assertTrue(self.daemon.running())
        self.assertIn("giving up", self.daemon.log())
        self.assertEqual(self.get("StateReason"), 's "not allowed to run a scheduler"')
        wait_until("status", lambda: self.notifications.status().startswith("failed: not allowed"))
        self.assertEqual(self.daemon.stop(), 0)

    @unittest.skipUnless("WD40D_SLOW" in os.environ, "takes two minutes; WD40D_SLOW=1 runs it")
    def test_failures_in_a_row_give_up(self):
        self.fake.fail("open", "ENOMEM")
        self.fake.end(self.fake.ERROR, 0, "runtime error")
        wait_until("state failed", lambda: self.get("State") == 's "failed"', patience=240)
        self.assertEqual(len(self.fake.calls("open")), 8)

    def test_rival_is_waited_for(self):
        self.fake.fail("attach", "EBUSY", 1)
        self.fake.end(self.fake.UNREG_KERN, self.fake.HOTPLUG)
        self.attached_again(1)
        self.assertEqual([r for _, r in self.fake.calls("attach")], [0, -16, 0])


if __name__ == "__main__":
    unittest.main()
