# SPDX-License-Identifier: GPL-2.0-only
"""What a guest has measured so far, a line of JSON for each step, on the shared folder: a guest that hangs is
started again and goes on where the last one was."""
import json

# Steps that began so often without an end have hung the guest.
TRIES_MAX = 2


def key_of(step):
    return step["round"], step["scheduler"], step["load"]


class Journal:
    def __init__(self, path):
        self.path, self.begun, self.done = path, {}, {}
        if path.exists():
            for line in path.read_text().splitlines():
                self._take(json.loads(line))

    def _take(self, step):
        if "begins" in step:
            self.begun[key_of(step)] = self.begun.get(key_of(step), 0) + 1
        else:
            self.done[key_of(step)] = step

    def _write(self, step):
        self._take(step)
        with open(self.path, "a") as file:
            file.write(json.dumps(step) + "\n")

    def is_done(self, key):
        """Also when it has hung too many guests: then that is its result."""
        if key not in self.done and self.begun.get(key, 0) >= TRIES_MAX:
            self.end(key, failed="the guest hung", tries=TRIES_MAX)
        return key in self.done

    def begin(self, key):
        self._write(dict(zip(("round", "scheduler", "load"), key)) | {"begins": True})

    def end(self, key, **result):
        self._write(dict(zip(("round", "scheduler", "load"), key)) | result)
