# SPDX-License-Identifier: GPL-2.0-only
"""D-Bus messages as bytes, good ones and bad ones, and a socket to a bus: for clients that a library would
keep from what they do."""

import array
import os
import socket
import struct

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
NO_REPLY, INTERACTIVE = 1, 4
FIELDS = {"path": (1, "o"), "interface": (2, "s"), "member": (3, "s"), "error": (4, "s"), "reply_serial": (5, "u"),
          "destination": (6, "s"), "sender": (7, "s"), "signature": (8, "g"), "fds": (9, "u")}
NAMES = {code: name for name, (code, _) in FIELDS.items()}

# Format and size of each basic type of fixed size; a size is also the alignment.
FIXED = {"y": ("B", 1), "b": ("I", 4), "n": ("h", 2), "q": ("H", 2), "i": ("i", 4), "u": ("I", 4), "x": ("q", 8), "t": ("Q", 8),
         "d": ("d", 8), "h": ("I", 4)}
ALIGNMENT = {**{kind: size for kind, (_, size) in FIXED.items()}, "s": 4, "o": 4, "g": 1, "v": 1, "a": 4, "(": 8, "{": 8}


def first_type(signature):
    """The first complete type of a signature."""
    if signature[0] == "a":
        return "a" + first_type(signature[1:])
    if signature[0] not in "({":
        return signature[0]
    depth = 0
    for i, c in enumerate(signature):
        depth += (c in "({") - (c in ")}")
        if depth == 0:
            return signature[:i + 1]
    raise ValueError(signature)


def types(signature):
    while signature:
        yield (first := first_type(signature))
        signature = signature[len(first):]


def align(data, alignment):
    data += bytes(-len(data) % alignment)


def put(data, kind, value):
    """Appends a value of one complete type. A variant is (type, value)."""
    align(data, ALIGNMENT[kind[0]])
    if kind in FIXED:
        data += struct.pack("<" + FIXED[kind][0], value)
    elif kind in ("s", "o"):
        text = value if isinstance(value, bytes) else value.encode()
        data += struct.pack("<I", len(text)) + text + b"\0"
    elif kind == "g":
        data += bytes([len(value)]) + value.encode() + b"\0"
    elif kind == "v":
        put(data, "g", value[0])
        put(data, *value)
    elif kind[0] == "a":
        put_array(data, kind[1:], value.items() if isinstance(value, dict) else value)
    else:
        for field, v in zip(types(kind[1:-1]), value, strict=True):
            put(data, field, v)


def put_array(data, kind, values):
    at = len(data)
    data += bytes(4)
    align(data, ALIGNMENT[kind[0]])
    start = len(data)
    for value in values:
        put(data, kind, value)
    struct.pack_into("<I", data, at, len(data) - start)


def marshal(signature, *values):
    data = bytearray()
    for kind, value in zip(types(signature), values, strict=True):
        put(data, kind, value)
    return bytes(data)


def message(kind, serial, body=b"", flags=0, **fields):
    """A message with the header fields of FIELDS; the body is marshalled already, for fields["signature"]."""
    data = bytearray(struct.pack("<cBBBII", b"l", kind, flags, 1, len(body), serial))
    put_array(data, "(yv)", [(FIELDS[name][0], (FIELDS[name][1], value)) for name, value in fields.items() if value])
    align(data, 8)
    return bytes(data) + body


def call(serial, destination, path, interface, member, signature="", *values, flags=0, **fields):
    return message(CALL, serial, marshal(signature, *values), flags, destination=destination, path=path, interface=interface,
                   member=member, signature=signature, **fields)


def with_serial(data, serial):
    return data[:8] + struct.pack("<I", serial) + data[12:]


DRIVER = "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"
HELLO = call(1, *DRIVER, "Hello")


class Message:
    """Header of a message that came in, and its body as bytes."""

    def __init__(self, data, header_end):
        self.kind, self.serial = data[1], struct.unpack_from("<I", data, 8)[0]
        self.body = bytes(data[header_end:])
        at, end = 16, 16 + struct.unpack_from("<I", data, 12)[0]
        self.fields = {}
        while at < end:
            at += -at % 8
            code, kind = data[at], chr(data[at + 2])
            at, value = self.read(data, at + 4, kind)
            self.fields[NAMES.get(code, code)] = value

    @staticmethod
    def read(data, at, kind):
        if kind == "g":
            return at + data[at] + 2, data[at + 1:at + 1 + data[at]].decode()
        at += -at % 4
        n = struct.unpack_from("<I", data, at)[0]
        if kind == "u":
            return at + 4, n
        return at + n + 5, data[at + 4:at + 4 + n].decode()

    def text(self):
        """Of an error."""
        return self.read(self.body, 0, "s")[1] if self.body else ""


def sizes(data, at):
    """Where the header of the message at a place and the message end, or None while that is not known."""
    if len(data) < at + 16:
        return None
    body, fields = struct.unpack_from("<I", data, at + 4)[0], struct.unpack_from("<I", data, at + 12)[0]
    header = 16 + fields
    header += -header % 8
    return header, header + body


class Connection:
    """A connection to a bus, by this process's user. Sending and receiving may block."""

    def __init__(self, address, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(address.removeprefix("unix:path="))
        uid = str(os.getuid()).encode().hex().encode()
        self.socket.sendall(b"\0AUTH EXTERNAL " + uid + b"\r\nNEGOTIATE_UNIX_FD\r\n")
        greeting = b""
        while greeting.count(b"\r\n") < 2:
            more = self.socket.recv(4096)
            if not more:
                raise ConnectionError("the bus closes at once")
            greeting += more
        if not greeting.startswith(b"OK "):
            raise ConnectionError(greeting.decode())
        self.socket.sendall(b"BEGIN\r\n" + HELLO)
        self.buffer = bytearray()
        self.serial = 1
        self.name = None

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def next_serial(self):
        self.serial += 1
        return self.serial

    def send(self, data, fds=()):
        if fds:
            sent = self.socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
            data = data[sent:]
        self.socket.sendall(data)

    def fill(self):
        """Reads what has come. False when the bus has closed the connection."""
        data = self.socket.recv(1 << 20)
        self.buffer += data
        return bool(data)

    def take(self):
        """The next message among what was read, or None."""
        ends = sizes(self.buffer, 0)
        if not ends or len(self.buffer) < ends[1]:
            return None
        data = bytes(self.buffer[:ends[1]])
        del self.buffer[:ends[1]]
        return Message(data, ends[0])

    def receive(self):
        while not (m := self.take()):
            if not self.fill():
                raise ConnectionError("the bus has closed the connection")
        return m

    def wait_for_reply(self, serial):
        while (m := self.receive()).fields.get("reply_serial") != serial:
            pass
        return m

    def request(self, destination, path, interface, member, signature="", *values, **options):
        """The reply to a call."""
        serial = self.next_serial()
        self.send(call(serial, destination, path, interface, member, signature, *values, **options))
        return self.wait_for_reply(serial)

    def hello(self):
        """Waits until the bus knows the connection."""
        self.name = Message.read(self.wait_for_reply(1).body, 0, "s")[1]
        return self
