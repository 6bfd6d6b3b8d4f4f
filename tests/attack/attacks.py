# SPDX-License-Identifier: GPL-2.0-only
"""The attacks: for each what to send, and by whom. Keys are the tests' names. WD40D_ATTACKED names another service to attack."""

import dataclasses
import os

import floods
import wire
from basics import NAME, PATH, PROPERTIES, STATISTICS

ATTACKED = os.environ.get("WD40D_ATTACKED", NAME)
MIB = 1 << 20
ONCE = 1 << 30  # so many replies never come
MANAGER = "org.freedesktop.DBus.ObjectManager"
PEER = "org.freedesktop.DBus.Peer"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
LOG_CONTROL = "org.freedesktop.LogControl1"


def ours(member, signature="", *values, interface=NAME, path=PATH, **options):
    return wire.call(2, ATTACKED, path, interface, member, signature, *values, **options)


def get(name="State", interface=NAME, **options):
    return ours("Get", "ss", interface, name, interface=PROPERTIES, **options)


def huge(member, signature, body, interface=NAME, **options):
    """A call whose body is made of bytes, as marshalling so much takes too long."""
    return wire.message(wire.CALL, 2, body, destination=ATTACKED, path=PATH, interface=interface, member=member, signature=signature,
                        **options)


def array_of(element, n_bytes, before=b""):
    """An array of as many elements as fit: 4 bytes of length, which is aligned before, and for elements aligned to 4."""
    elements = element * (n_bytes // len(element))
    return before + len(elements).to_bytes(4, "little") + elements


# A string in an array of many, aligned to 4 as the next is.
TINY_STRING = wire.marshal("s", "abc")

GATED = [
    ours("SetTunables", "a{sv}a{sv}", {"SliceOverutilUSec": ("t", 2000)}, {}),
    ours("Attach", "a{sv}", {}),
    ours("Detach", "a{sv}", {}),
    ours("ConfirmTunables", "t", 1),
    ours("SaveTunables", "asa{sv}", [], {}),
    ours("ResetTunables", "asa{sv}", [], {}),
    ours("Dump"),
    ours("Set", "ssv", NAME, "SliceOverutilUSec", ("t", 2000), interface=PROPERTIES),
]
MANAGED_OBJECTS = ours("GetManagedObjects", interface=MANAGER)
READS = [
    get(),
    ours("GetAll", "s", NAME, interface=PROPERTIES),
    ours("GetAll", "s", STATISTICS, interface=PROPERTIES),
    ours("DescribeTunables"),
    ours("CheckConfig"),
    ours("GetStatistics", "a{sv}", {}, interface=STATISTICS),
    ours("GetMetadata", interface=STATISTICS),
    ours("DryRunBalance", interface=STATISTICS),
    MANAGED_OBJECTS,
    ours("Introspect", interface=INTROSPECTABLE),
    ours("Introspect", interface=INTROSPECTABLE, path=f"{PATH}/Domain"),
]
PEERS = [
    ours("Ping", interface=PEER),
    ours("GetMachineId", interface=PEER),
    ours("Introspect", interface=INTROSPECTABLE, path="/"),
]
MISTAKES = [
    ours("NoSuchMethod"),
    ours("NoSuchMethod", interface="org.example.Nothing"),
    get("NoSuchProperty"),
    get("State", "org.example.Nothing"),
    ours("Get", "ss", NAME, "State", interface=PROPERTIES, path="/no/such/object"),
    ours("Get", "u", 1, interface=PROPERTIES),
    ours("SetTunables", "s", "ä" * 2000),
    ours("GetStatistics", "a{sv}", {"ä" * 300: ("s", "ä" * 300)}, interface=STATISTICS),
    ours("Subscribe", "ta{sv}", 1, {}, interface=STATISTICS),
]
NOT_ASKED_FOR = [
    wire.message(wire.SIGNAL, 2, wire.marshal("sss", ":1.1", ":1.1", ""), destination=ATTACKED, path=PATH, interface="org.example.Nothing",
                 member="NameOwnerChanged", signature="sss"),
    wire.message(wire.SIGNAL, 2, destination=ATTACKED, path="/org/freedesktop/DBus", interface="org.freedesktop.DBus",
                 member="NameLost"),
    wire.message(wire.RETURN, 2, destination=ATTACKED, reply_serial=5),
    wire.message(wire.ERROR, 2, destination=ATTACKED, reply_serial=6, error="org.example.Nothing"),
]
SUBSCRIBE = ours("Subscribe", "ta{sv}", 100000, {}, interface=STATISTICS)


def nested(depth):
    """A variant in a variant, again and again."""
    value = ("u", 1)
    for _ in range(depth):
        value = ("v", value)
    return value


def huge_names():
    """Options of a free method: 20 MiB of names of statistics."""
    entry = wire.marshal("s", "names") + b"\x02as\0"
    entry += bytes(-len(entry) % 4)
    value = array_of(wire.marshal("s", "cpu_time_us"), 20 * MIB)
    # the dictionary's length, and its first entry is aligned to 8
    body = (len(entry) + len(value)).to_bytes(4, "little") + bytes(4) + entry + value
    return huge("GetStatistics", "a{sv}", body, STATISTICS)


def huge_values():
    """SetTunables with as many elements as a message takes: each entry is a name, and a variant of 4 bytes."""
    entry = wire.marshal("s", "abc") + b"\x01u\0" + b"\0" + b"\x01\0\0\0"
    n = 30 * MIB // len(entry)
    # two dictionaries, the second one empty
    body = (n * len(entry)).to_bytes(4, "little") + bytes(4) + entry * n + bytes(8)
    return huge("SetTunables", "a{sv}a{sv}", body)


def huge_calls():
    strings = array_of(TINY_STRING, 30 * MIB)
    long_string = (30 * MIB).to_bytes(4, "little") + b"a" * (30 * MIB) + b"\0"
    return [
        huge("SetTunables", "as", strings),
        huge_values(),
        huge("Attach", "as", strings),
        huge_names(),
        huge("Get", "s", long_string, PROPERTIES),
        huge("Set", "as", strings, PROPERTIES),
        huge("NoSuchMethod", "s", long_string),
    ]


@dataclasses.dataclass
class Attack:
    """start(address, stats) of each process gives a generator: floods.py."""

    start: object
    users: tuple = ("nobody",)  # a process of each
    domains: int = 4
    polkit: str | None = None  # what it answers, if there is one
    seconds: float = 1
    peak_mib: int = 80  # how far memory may grow meanwhile: a message of 32 MiB is read into a growing block
    cpu_max: float = 100  # percent of one that the daemon may take
    on_socket: bool = False  # of the statistics, where root is to be served too


def on_bus(calls, **options):
    """calls: a list, or a function that makes it (in the attacker's process)."""
    return lambda address, stats: floods.flood(address, calls() if callable(calls) else calls, **options)


ATTACKS = {
    # B1: what nobody reads fills the bus. So many subscriptions would fill it in 2.5 s, and each user has more than he may.
    "many_subscribers_that_never_read": Attack(on_bus([SUBSCRIBE] * 4, connections=4, reads=False, window=ONCE),
                                               users=("nobody", "games", "man", "mail"), domains=128, seconds=3),
    "subscribers_that_read": Attack(on_bus([SUBSCRIBE] * 16, window=ONCE), users=("nobody", "games", "man", "mail"), domains=32),
    "subscriptions_that_come_and_go": Attack(on_bus([SUBSCRIBE, *(ours("Unsubscribe", "u", i, interface=STATISTICS)
                                                                  for i in range(15))], connections=8, window=16)),
    "large_answers_that_nobody_reads": Attack(on_bus([MANAGED_OBJECTS] * 120, connections=40, reads=False, window=ONCE), domains=128,
                                              seconds=2),
    "answers_that_nobody_reads": Attack(on_bus(READS * 10, connections=100, reads=False, window=ONCE), users=("nobody", "games"),
                                        domains=32, seconds=2),
    "large_answers": Attack(on_bus([MANAGED_OBJECTS] * 16, connections=8, window=16), domains=128),
    # B2, B3: calls that wait
    "calls_that_wait": Attack(on_bus(GATED * 2, connections=60, window=16), seconds=2),
    "calls_that_wait_for_polkit": Attack(on_bus(GATED * 2, connections=60, window=16), polkit="wait", seconds=2),
    "permissions_asked_for": Attack(on_bus([ours("GetPermissions")] * 16, connections=20, window=16), polkit="no"),
    "descriptors": Attack(lambda address, stats: floods.flood(address, [ours("Attach", "a{sv}", {}, fds=16)] * 16, connections=30,
                                                              window=16, fds=floods.descriptors(16)), seconds=2),
    # B4, B6: calls that are large
    "huge_calls": Attack(on_bus(huge_calls), seconds=3),
    "huge_calls_that_wait_for_polkit": Attack(
        on_bus(lambda: [huge("SetTunables", "as", array_of(TINY_STRING, 30 * MIB), flags=wire.INTERACTIVE)] * 8, connections=4,
               window=8), polkit="wait", seconds=3),
    "nested_calls": Attack(on_bus([ours("Set", "ssv", NAME, "SliceOverutilUSec", nested(60), interface=PROPERTIES),
                                   ours("SetTunables", "a{sv}a{sv}", {"SliceOverutilUSec": nested(60)}, {})] * 8,
                                  connections=8, window=16)),
    # many calls that are small
    "gets_without_end": Attack(on_bus([get()] * 1000, connections=4)),
    "gets_by_many_users": Attack(on_bus([get()] * 16, connections=8, window=16), users=("nobody", "games", "man", "mail")),
    "calls_that_want_no_reply": Attack(on_bus([get(flags=wire.NO_REPLY), ours("Attach", "a{sv}", {}, flags=wire.NO_REPLY)] * 500)),
    "reads_of_each_kind": Attack(on_bus(READS, connections=8, window=len(READS)), domains=32),
    "costly_reads": Attack(on_bus([ours("CheckConfig"), ours("DryRunBalance", interface=STATISTICS)] * 8, connections=8, window=16),
                           domains=128),
    "what_the_library_answers": Attack(on_bus(PEERS * 5, connections=16, window=15)),
    "mistakes": Attack(on_bus(MISTAKES, connections=16, window=len(MISTAKES))),
    "signals_and_replies": Attack(on_bus(NOT_ASKED_FOR * 100, connections=4)),
    "connections_that_come_and_go": Attack(lambda address, stats: floods.churn(address, [get(), *GATED[:4], SUBSCRIBE]),
                                           users=("nobody", "games")),
    # B10: the other socket
    "statistics_socket": Attack(lambda address, stats: floods.stats_churn(stats), users=("nobody", "nobody"), on_socket=True,
                                cpu_max=25),
    "statistics_socket_slowly": Attack(lambda address, stats: floods.stats_slowly(stats, 8), on_socket=True, cpu_max=25,
                                       users=("nobody", "games", "man", "mail", "news", "uucp", "proxy", "backup")),
}
