/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the topology share: a machine of files a test, and what is read from it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/topology.h"
#include "tests/unit/daemon/machine.h"

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/topology.h"
#include "tests/unit/daemon/machine.h"

static inline int set_up(void **state)
{
	struct machine *m = malloc(sizeof(*m));

	*m = machine_new();
	*state = m;
	return 0;
}

static inline int tear_down(void **state)
{
	machine_done(*state);
	free(*state);
	return 0;
}

static inline struct topology *read_with(const struct machine *m, uint32_t level,
					 const char *cpumasks)
{
	struct topology *t = NULL;
	char why[256] = "";
	int r = topology_read(m->root, level, cpumasks, why, &t);

	if (r != 0)
		fail_msg("topology_read: %d, %s", r, why);
	return t;
}

static inline void assert_described(const struct machine *m, uint32_t level, const char *cpumasks,
				    const char *expected)
{
	_cleanup_(topology_freep) struct topology *t = read_with(m, level, cpumasks);
	_cleanup_(freep) char *text = topology_describe(t);

	assert_string_equal(text, expected);
}

/* The reason must name what is wrong, and *ret must stay as it was. */
static inline void assert_refused(const struct machine *m, const char *cpumasks, int error,
				  const char *reason)
{
	struct topology *t = (struct topology *)0x1234;
	char why[256];

	assert_int_equal(topology_read(m->root, 3, cpumasks, why, &t), error);
	assert_ptr_equal(t, 0x1234);
	if (!strstr(why, reason))
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
}

static inline void assert_cpus(const struct cpuset *s, const char *expected)
{
	_cleanup_(freep) char *text = cpuset_format(s);

	assert_string_equal(text, expected);
}
