#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks that the manual page of the bus has what the bus has, and nothing else: usage:
bus-man.py SOURCE PAGE, where PAGE is made of SOURCE/dbus/org.scx.Wd40.5.in.

Members by interface as in the XML (which a test holds to what the daemon shows), actions as in the
polkit file, errors as in dbus/errors.c."""
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def in_the_page(page):
    """Items by heading: of an interface, or of a section."""
    found, heading = {}, ""
    for line in page.splitlines():
        if match := re.match(r"\.(?:Sh|Ss) (?:Interface )?(.*)", line):
            heading = match[1]
        if match := re.match(r"\.It Sy (\S+)", line):
            if match[1] in found.setdefault(heading, []):
                sys.exit(f"{heading}: {match[1]} is there twice")
            found[heading].append(match[1])
    return found


def in_the_sources(source):
    found = {interface.get("name"): [member.get("name") for member in interface]
             for interface in ElementTree.parse(source / "dbus/org.scx.Wd40.xml").iter("interface")}
    policy = ElementTree.parse(source / "dbus/org.scx.Wd40.policy")
    found["POLKIT ACTIONS"] = [action.get("id") for action in policy.iter("action")]
    found["ERROR NAMES"] = re.findall(r'NAMED\("(\w+)"\)', (source / "dbus/errors.c").read_text())
    return found


def main():
    source, page = Path(sys.argv[1]), Path(sys.argv[2]).read_text()
    wanted, found, faults = in_the_sources(source), in_the_page(page), 0
    for heading in sorted(set(wanted) | set(found)):
        for what, names in (
                ("is missing", set(wanted.get(heading, [])) - set(found.get(heading, []))),
                ("is not on the bus", set(found.get(heading, [])) - set(wanted.get(heading, [])))):
            for name in sorted(names):
                print(f"dbus/org.scx.Wd40.5.in: {heading}: {name} {what}")
                faults += 1
    for line in re.findall(r"^\.(?:.*\bDq\b.*\bDq\b.*)$", page, re.MULTILINE):
        print(f"dbus/org.scx.Wd40.5.in: quotes in quotes: {line}")
        faults += 1
    for event in re.findall(r'#define (EVENT_\w+) +"(\w{32})"', (source / "daemon/event.h").read_text()):
        if event[1] not in page:
            print(f"dbus/org.scx.Wd40.5.in: MESSAGE_ID {event[1]} ({event[0]}) is missing")
            faults += 1
    if not all(wanted.values()) or len(wanted) < 6:
        sys.exit("the sources are not as this check reads them")
    return faults != 0


sys.exit(main())
