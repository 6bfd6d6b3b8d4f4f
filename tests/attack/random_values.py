# SPDX-License-Identifier: GPL-2.0-only
"""Values of D-Bus types, by chance: plain ones, those at the ends of their ranges, and texts that are long or not of ASCII.
Half of the names and keys are some that mean something to the daemon."""

import random

import wire

INTEGERS = {"y": (0, 8), "n": (1, 16), "q": (0, 16), "i": (1, 32), "u": (0, 32), "x": (1, 64), "t": (0, 64), "h": (0, 32)}
DOUBLES = [0.0, -0.0, 1.0, -1.0, 50.0, 1e-300, 1e308, float("nan"), float("inf"), float("-inf")]
TEXTS = ["", "a", "ä", "a" * 99 + "ä", "€" * 200, "a" * 5000, "%s%n", "\x01\x7f\n\t", "../../etc/passwd", "0-3,x", "\U0001f600"]
PATHS = ["/", "/org/scx/Wd40", "/no/such/object", "/" + "a" * 200]
SIGNATURES = ["", "s", "a{sv}", "(((u)))", "aaaa" + "u"]
SIMPLE = "ybnqiuxtdsogh"
DEPTH_MAX = 4
ELEMENTS_MAX = 4


class Values:
    """words: {name: type of its value} that mean something."""

    def __init__(self, seed, words):
        self.random = random.Random(seed)
        self.words = words

    def integer(self, signed, bits):
        least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        some = [0, 1, 2, least, most, most // 2 + 1, 1000, 20000, self.random.getrandbits(bits - signed)]
        return max(least, min(most, self.random.choice(some)))

    def text(self):
        return self.random.choice([self.random.choice(TEXTS), self.random.choice(list(self.words)),
                                   "".join(map(chr, self.random.choices(range(32, 0x250), k=self.random.randrange(20))))])

    def type(self, depth=0):
        """Some complete type."""
        kind = self.random.choice(SIMPLE + ("va({" if depth < DEPTH_MAX else ""))
        if kind == "a":
            return "a" + self.type(depth + 1)
        if kind == "(":
            return "(" + "".join(self.type(depth + 1) for _ in range(self.random.randint(1, 3))) + ")"
        if kind == "{":
            return "a{" + self.random.choice(SIMPLE) + self.type(depth + 1) + "}"
        return kind

    def entries(self, depth):
        """Of a dictionary of options or values."""
        result = {}
        for _ in range(self.random.randrange(ELEMENTS_MAX)):
            key = self.text()
            kind = self.words.get(key) if self.random.random() < 0.7 else None
            kind = kind or self.type(depth + 1)
            result[key] = (kind, self.value(kind, depth + 1))
        return result

    def value(self, kind, depth=0):
        """Some value of one complete type."""
        if kind in INTEGERS:
            return self.integer(*INTEGERS[kind])
        if kind == "a{sv}":
            return self.entries(depth)
        if kind[0] == "a":
            return [self.value(kind[1:], depth + 1) for _ in range(self.random.randrange(ELEMENTS_MAX))]
        if kind[0] in "({":
            return [self.value(part, depth + 1) for part in wire.types(kind[1:-1])]
        if kind == "v":
            inner = self.type(depth + 1)
            return inner, self.value(inner, depth + 1)
        return {"b": lambda: self.random.randrange(2), "d": lambda: self.random.choice(DOUBLES), "s": self.text,
                "o": lambda: self.random.choice(PATHS), "g": lambda: self.random.choice(SIGNATURES)}[kind]()

    def arguments(self, signature):
        """Signature and values: mostly as wanted, else of other types."""
        if self.random.random() < 0.2:
            signature = "".join(self.type() for _ in range(self.random.randrange(4)))
        return signature, *(self.value(kind) for kind in wire.types(signature))
