#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The include checker finds each kind of violation, and only those."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import includes  # noqa: E402

EXISTING = ["util/log.h", "bpf/shared.h", "bpf/arena.bpf.h", "config/config.h", "daemon/loop.h", "daemon/sched.h",
            "daemon/manager.h", "daemon/manager-private.h", "dbus/bus.h", "dbus/tunable-value.h", "ctl/main.h", "tests/fake/fake.h", "other/x.h"]

FINE = [
    ("util/a.c", '#include "util/log.h"'),
    ("util/a.c", "#include <errno.h>"),
    ("bpf/a.bpf.c", '#include "bpf/arena.bpf.h"'),
    ("bpf/a.bpf.c", "#include <bpf/bpf_helpers.h>"),
    ("config/a.c", '#include "config/config.h"'),
    ("config/a.c", "#include <iniparser.h>"),
    ("daemon/tuner.c", '#include "bpf/shared.h"'),
    ("daemon/tuner.c", '#include "config/config.h"'),
    ("daemon/sched-bpf.c", "#include <bpf/libbpf.h>"),
    ("daemon/sched-bpf.c", '#include "wd40.skel.h"'),
    ("daemon/sched-bpf-probe.c", "#include <bpf/btf.h>"),
    ("daemon/notify.c", "#include <systemd/sd-daemon.h>"),
    ("daemon/manager.c", '#include "daemon/sched.h"'),
    ("daemon/manager-attach.c", '#include "daemon/manager-private.h"'),
    ("daemon/main.c", '#include "dbus/bus.h"'),
    ("dbus/a.c", '#include "daemon/manager.h"'),
    ("dbus/a.c", "#include <systemd/sd-bus.h>"),
    ("dbus/a.c", "sd_bus_message *m;"),
    ("ctl/a.c", "#include <systemd/sd-bus.h>"),
    ("ctl/a.c", '#include "dbus/tunable-value.h"'),
    ("tests/unit/a.c", '#include "tests/fake/fake.h"'),
    ("tests/unit/a.c", '#include "bpf/arena.bpf.h"'),
]

WRONG = [
    ("util/a.c", '#include "config/config.h"', "must not know"),
    ("util/a.c", '#include "bpf/shared.h"', "must not know"),
    ("bpf/a.bpf.c", '#include "util/log.h"', "must not know"),
    ("bpf/a.bpf.c", '#include "daemon/loop.h"', "must not know"),
    ("config/a.c", '#include "daemon/loop.h"', "must not know"),
    ("config/a.c", '#include "bpf/shared.h"', "must not know"),
    ("daemon/tuner.c", '#include "bpf/arena.bpf.h"', "internal"),
    ("daemon/tuner.c", '#include "daemon/manager.h"', "must not know"),
    ("daemon/tuner.c", '#include "dbus/bus.h"', "must not know"),
    ("daemon/tuner.h", '\t#  include   "dbus/bus.h"', "must not know"),
    ("daemon/tuner.c", "#include <bpf/libbpf.h>", "not for this file"),
    ("daemon/tuner.c", "#include <bpf/bpf.h>", "not for this file"),
    ("daemon/tuner.c", '#include "wd40.skel.h"', "not for this file"),
    ("daemon/sched-bpf-probe.c", "#include <bpf/libbpf.h>", "not for this file"),
    ("daemon/sched-bpf-probe.c", '#include "wd40.skel.h"', "not for this file"),
    ("daemon/tuner.c", "bpf_map__update_elem(m);", "not for this file"),
    ("daemon/tuner.c", "#include <systemd/sd-bus.h>", "not for this file"),
    ("daemon/manager.c", "#include <systemd/sd-bus.h>", "not for this file"),
    ("daemon/main.c", "#include <systemd/sd-bus.h>", "not for this file"),
    ("daemon/manager.c", "int f(sd_bus_message *m);", "not for this file"),
    ("daemon/manager.c", '#include "dbus/bus.h"', "must not know"),
    ("dbus/a.c", '#include "bus.h"', "folder"),
    ("dbus/a.c", '#include "dbus/gone.h"', "does not exist"),
    ("dbus/a.c", '#include "../util/log.h"', "does not exist|no layer"),
    ("dbus/a.c", '#include "other/x.h"', "no layer"),
    ("dbus/a.c", "#include <bpf/libbpf.h>", "not for this file"),
    ("ctl/a.c", '#include "daemon/loop.h"', "must not know"),
    ("ctl/a.c", '#include "dbus/bus.h"', "is the daemon's"),
    ("dbus/a.c", '#include "ctl/main.h"', "must not know"),
    ("tests/unit/a.c", '#include "machine.h"', "folder"),
]


class IncludesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for path in EXISTING:
            self.write(path, "")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text + "\n")

    def check_one(self, path, line):
        self.write(path, "int x;\n" + line)
        _, violations = includes.check(self.root)
        (self.root / path).unlink()
        return violations

    def test_fine(self):
        for path, line in FINE:
            with self.subTest(path=path, line=line):
                self.assertEqual(self.check_one(path, line), [])

    def test_wrong(self):
        for path, line, reason in WRONG:
            with self.subTest(path=path, line=line):
                violations = self.check_one(path, line)
                self.assertEqual(len(violations), 1, violations)
                self.assertTrue(violations[0].startswith(f"{path}:2: "))
                self.assertRegex(violations[0], reason)


if __name__ == "__main__":
    unittest.main()
