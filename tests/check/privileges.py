#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds the privileges of the unit to the table of them in the manual page: usage:
privileges.py SOURCE, which reads SOURCE/systemd/wd40d.service.in and SOURCE/daemon/wd40d.8.in.

Each capability, system call and group of them that the unit names has its row, which says what it is
for, and no row is of something that the unit does not name. What is taken away is written with a ~."""
import re
import sys
from pathlib import Path

SETTINGS = ["CapabilityBoundingSet", "AmbientCapabilities", "SystemCallFilter"]
TABLE = "PRIVILEGES"


def in_the_unit(text):
    found = set()
    for setting, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        if setting in SETTINGS:
            taken_away = "~" if value.startswith("~") else ""
            found |= {taken_away + word for word in value.lstrip("~").split()}
    return found


def in_the_page(text):
    """Rows with a text below them."""
    section = re.search(rf"^\.Sh {TABLE}\n(.*?)^\.Sh ", text, re.MULTILINE | re.DOTALL)
    if not section:
        sys.exit(f"there is no section {TABLE}")
    rows = re.findall(r"^\.It Sy (.*)\n(?!\.(?:It|El))", section[1], re.MULTILINE)
    return {word for row in rows for word in row.replace(",", " ").split()}


def main():
    source = Path(sys.argv[1])
    unit = in_the_unit((source / "systemd/wd40d.service.in").read_text())
    page = in_the_page((source / "daemon/wd40d.8.in").read_text())
    for name in sorted(unit - page):
        print(f"systemd/wd40d.service.in: {name}: daemon/wd40d.8.in, {TABLE}, does not say what it is for")
    for name in sorted(page - unit):
        print(f"daemon/wd40d.8.in: {TABLE}: {name}: is not in systemd/wd40d.service.in")
    if not unit:
        sys.exit("the unit is not as this check reads it")
    return unit != page


sys.exit(main())
