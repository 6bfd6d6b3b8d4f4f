# SPDX-License-Identifier: GPL-2.0-only
"""A D-Bus client steered through its standard input: client.py ADDRESS. Each line is a call as JSON:
[path, interface, method, signature, arguments, interactive]; each answer is ["reply", values] or
["error", [name, message]]. {"signal": member, "patience": s} waits for the next signal sent to this
client alone, and answers with its arguments. A variant is written ["t", 5]. A file descriptor comes back as its text;
one that is sent, of signature "h", is one of /dev/null."""

import json
import os
import sys
import time

from gi.repository import Gio, GLib


def variant(signature, value):
    """GLib's variant of a JSON value; inside of a{sv} each value names its own type."""
    if signature == "v":
        return GLib.Variant("v", variant(*value))
    if signature == "a{sv}":
        return GLib.Variant("a{sv}", {k: variant(*v) for k, v in value.items()})
    return GLib.Variant(signature, value)


def split(signature):
    """The complete types of a signature; of those that the tests use."""
    types = []
    while signature:
        size = 5 if signature.startswith("a{") else 2 if signature.startswith("a") else 1
        types.append(signature[:size])
        signature = signature[size:]
    return types


def read_descriptors(fds, value):
    if fds is None or fds.get_length() == 0:
        return value
    with os.fdopen(fds.get(0)) as file:
        return [file.read()]


def call(connection, path, interface, method, signature, arguments, interactive):
    children = [variant(t, a) for t, a in zip(split(signature), arguments, strict=True)]
    message = Gio.DBusMessage.new_method_call("org.scx.Wd40", path, interface, method)
    message.set_body(GLib.Variant.new_tuple(*children))
    if signature == "h":
        descriptors = Gio.UnixFDList()
        with open("/dev/null") as file:
            descriptors.append(file.fileno())
        message.set_unix_fd_list(descriptors)
    if interactive:
        message.set_flags(Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION)
    reply, _ = connection.send_message_with_reply_sync(message, Gio.DBusSendMessageFlags.NONE, 60000, None)
    if reply.get_message_type() == Gio.DBusMessageType.ERROR:
        return ["error", [reply.get_error_name(), (reply.get_body() or GLib.Variant("(s)", ("",))).unpack()[0]]]
    body = reply.get_body()
    values = read_descriptors(reply.get_unix_fd_list(), list(body.unpack()) if body else [])
    return ["reply", values[0] if len(values) == 1 else values or None]


class Signals:
    """Those that come without being asked for: unicast ones."""

    def __init__(self, connection):
        self.context = GLib.MainContext.default()
        self.seen = []
        GLib.timeout_add(100, lambda: True)  # so that the context comes back to look at the time
        connection.signal_subscribe(None, None, None, None, None, Gio.DBusSignalFlags.NO_MATCH_RULE, self.on_signal)

    def on_signal(self, connection, sender, path, interface, member, arguments):
        self.seen.append((member, list(arguments.unpack())))

    def next(self, member, patience):
        deadline = time.monotonic() + patience
        while True:
            while self.seen:
                name, arguments = self.seen.pop(0)
                if name == member:
                    return ["reply", arguments]
            if time.monotonic() > deadline:
                return ["error", ["NoSignal", member]]
            self.context.iteration(True)


def main():
    connection = Gio.DBusConnection.new_for_address_sync(
        sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
        None, None)
    signals = Signals(connection)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if isinstance(request, dict):
                answer = signals.next(request["signal"], request["patience"])
            else:
                answer = call(connection, *request)
        except GLib.Error as error:
            sys.exit(f"client: {error.message}")  # the bus is gone
        print(json.dumps(answer), flush=True)


main()
