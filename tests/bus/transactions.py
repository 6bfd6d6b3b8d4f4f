# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of changes share: a daemon that runs, and a client that changes its tunables."""

from harness import Case, Client, Refused

OVER, UNDER = "SliceOverutilUSec", "SliceUnderutilUSec"
SAVED = "etc/wd40d/wd40d.ini.d/90-runtime.ini"


def usec(value):
    return ["t", value]


class Transactions(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.client = Client(self)

    def change(self, values, client=None, **options):
        return (client or self.client).call("SetTunables", "a{sv}a{sv}", values,
                                            {k.replace("_", "-"): v for k, v in options.items()})

    def refused(self, error, values, *parts, **options):
        with self.assertRaises(Refused) as caught:
            self.change(values, **options)
        self.assertEqual(caught.exception.name, error)
        for part in parts:
            self.assertIn(part, caught.exception.message)

    def describe(self, name):
        return self.client.call("DescribeTunables")[name]

    def config(self):
        return self.fake.arena()["config"]
