/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of CPUs as text: as tunables have them, and as sysfs does. Both parsers agree on what both take;
 * what is taken can be written and read back; and what is refused changes nothing.
 */
#include <errno.h>

#include "config/cpusets.h"
#include "daemon/cpuset.h"
#include "tests/fuzz/claim.h"

/* As sysfs has them, into a set that may be too small. */
static void check_sysfs(const char *text, uint32_t nr_cpus)
{
	_cleanup_(cpuset_freep) struct cpuset *set = cpuset_new(nr_cpus),
					      *again = cpuset_new(nr_cpus);
	_cleanup_(freep) char *written = NULL;
	int r;

	cpuset_set(set, nr_cpus - 1);
	r = cpuset_parse(set, text);
	claim(r == 0 || r == -EINVAL || r == -ERANGE);
	if (r < 0) {
		claim(cpuset_count(set) == 1 && cpuset_test(set, nr_cpus - 1));
		return;
	}
	written = cpuset_format(set);
	claim(cpuset_parse(again, written) == 0);
	claim(cpuset_equal(set, again));
}

/* A list of one set is a set of sysfs, too. */
static void check_agreement(const char *text, const char *sets)
{
	_cleanup_(cpuset_freep) struct cpuset *set = cpuset_new(CPUSETS_MAX_CPUS);
	_cleanup_(freep) char *written = NULL;

	if (strchr(text, ';'))
		return;
	claim(cpuset_parse(set, text) == 0);
	written = cpuset_format(set);
	claim(strcmp(written, sets) == 0);
}

static void check_sets(const char *text)
{
	_cleanup_(freep) char *sets = NULL, *again = NULL;
	char why[TUNABLE_WHY_MAX] = "";
	int r = cpusets_normalize(text, &sets, why);

	claim(r == 0 || r == -EINVAL || r == -ERANGE || r == -EEXIST);
	if (r < 0) {
		claim_printable(why, sizeof(why));
		claim(*why && !sets);
		return;
	}
	claim(cpusets_normalize(sets, &again, why) == 0);
	claim(strcmp(sets, again) == 0);
	check_agreement(text, sets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = strndup((const char *)data, size);

	check_sets(text);
	check_sysfs(text, CPUSETS_MAX_CPUS);
	check_sysfs(text, 96);
	return 0;
}
