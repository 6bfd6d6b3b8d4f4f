#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks that includes go in one direction: usage: includes.py ROOT

Folders are layers (lowest first), and a file may include what lies below it:

    util  bpf  config  daemon  daemon/manager*  dbus  daemon/main.c

with these exceptions: bpf/ knows itself alone, and of it others know bpf/shared.h and the arithmetic
of bpf/ravg.h and bpf/idle.h alone; config/ does not know even those; ctl/ is a client and knows config/ and util/, and how
values of tunables are put into messages (dbus/tunable-value.h). Tests may include anything. libbpf
and sd-bus each have their place. Whatever belongs to the project is included with its folder.
"""
import re
import sys
from fnmatch import fnmatch
from pathlib import Path

FOLDERS = ["bpf", "config", "ctl", "daemon", "dbus", "tests", "util"]

# The first that fits.
LAYERS = [
    ("manager", ["daemon/manager*"]),
    ("main", ["daemon/main.c"]),
    ("util", ["util/*"]),
    ("bpf", ["bpf/*"]),
    ("config", ["config/*"]),
    ("daemon", ["daemon/*"]),
    ("dbus", ["dbus/*"]),
    ("ctl", ["ctl/*"]),
    ("tests", ["tests/*"]),
]

MAY_INCLUDE = {
    "util": {"util"},
    "bpf": {"bpf"},
    "config": {"config", "util"},
    "daemon": {"daemon", "config", "bpf", "util"},
    "manager": {"manager", "daemon", "config", "bpf", "util"},
    "dbus": {"dbus", "manager", "daemon", "config", "bpf", "util"},
    "main": {"dbus", "manager", "daemon", "config", "bpf", "util"},
    "ctl": {"ctl", "dbus", "config", "util"},
    "tests": {layer for layer, _ in LAYERS},
}

# Of bpf/, what needs nothing but a C compiler: for all who may know bpf/.
BPF_FOR_ALL = ["bpf/shared.h", "bpf/ravg.h", "bpf/idle.h"]

# Of dbus/, what the client shares with the daemon.
DBUS_FOR_CLIENT = ["dbus/tunable-value.h"]

# What only some files may include or name: pattern -> files.
RESERVED_INCLUDES = {
    "bpf/libbpf.h": ["daemon/sched-bpf.c", "tests/*"],
    "*.skel.h": ["daemon/sched-bpf.c", "tests/*"],
    "<bpf/*": ["daemon/sched-bpf*", "bpf/*", "tests/*"],
    "<systemd/sd-bus*": ["dbus/*", "ctl/*", "tests/*"],
    "<systemd/sd-journal*": ["util/log.c", "tests/*"],
    "<systemd/*": ["daemon/notify.c", "util/log.c", "dbus/*", "ctl/*", "tests/*"],
}
RESERVED_WORDS = {
    r"\bsd_bus_message": ["dbus/*", "ctl/*", "tests/*"],
    r"\bbpf_(object|map|program|link)__": ["daemon/sched-bpf*", "tests/*"],
}

# Made by the build, so there is no folder to name.
GENERATED = "*.skel.h"

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def matches(path, patterns):
    return any(fnmatch(path, pattern) for pattern in patterns)


def layer_of(path):
    return next((layer for layer, patterns in LAYERS if matches(path, patterns)), None)


def is_reserved(name, angle, path):
    """Whether the include is somebody else's alone."""
    spelled = ("<" if angle else "") + name
    return any(fnmatch(name if "<" not in pattern else spelled, pattern) and not matches(path, owners)
               for pattern, owners in RESERVED_INCLUDES.items())


def check_own_include(root, path, name):
    """What is wrong with including a file of the project, or None."""
    if fnmatch(name, GENERATED):
        return None
    if "/" not in name:
        return "does not carry its folder"
    if not (root / name).is_file():
        return "does not exist below the root"
    layer, target = layer_of(path), layer_of(name)
    if target is None:
        return "is in a folder that is no layer"
    if target not in MAY_INCLUDE[layer]:
        return f"is in layer {target}, which {layer} must not know"
    if target == "bpf" and layer not in ("bpf", "tests") and name not in BPF_FOR_ALL:
        return f"is internal to bpf/; {' and '.join(BPF_FOR_ALL)} are for all"
    if target == "dbus" and layer == "ctl" and name not in DBUS_FOR_CLIENT:
        return f"is the daemon's; {' and '.join(DBUS_FOR_CLIENT)} is for the client"
    return None


def check_line(root, path, line):
    found = INCLUDE.match(line)
    if found:
        own, system = found.groups()
        name = own or system
        if is_reserved(name, system is not None, path):
            yield f"{name} is not for this file"
        problem = own and check_own_include(root, path, own)
        if problem:
            yield f"{own} {problem}"
    for word, owners in RESERVED_WORDS.items():
        if re.search(word, line) and not matches(path, owners):
            yield f"{word} is not for this file"


def check(root):
    """All violations below root, each as one line."""
    sources = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.[ch]"))
    violations = []
    for source in sources:
        path = source.relative_to(root).as_posix()
        for number, line in enumerate(source.read_text().splitlines(), 1):
            violations += [f"{path}:{number}: {problem}" for problem in check_line(root, path, line)]
    return len(sources), violations


def main():
    count, violations = check(Path(sys.argv[1]))
    print("\n".join(violations) or f"{count} files include downwards only")
    return 1 if violations or not count else 0


if __name__ == "__main__":
    sys.exit(main())
