/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Command lines of the daemon. What is taken has valid values; what is refused says why in a bounded
 * printable text, and leaves the options alone.
 */
#include <errno.h>

#include "daemon/options.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/words.h"

static void check_values(const struct config *c)
{
	const struct tunable_value *values = config_values(c)->values;
	char why[TUNABLE_WHY_MAX];

	for (int id = 0; id < NR_TUNABLES; id++) {
		struct tunable_value normal = { 0 };

		if (config_origin(c, id).layer == LAYER_DEFAULT)
			continue;
		claim(tunable_normalize(id, &values[id], &normal, why) == 0);
		claim(tunable_value_equal(id, &values[id], &normal));
		tunable_value_done(id, &normal);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_(words_done) struct words w = words_new("wd40d", data, size);
	struct options options = { .verbose = 12345 };
	char why[OPTIONS_WHY_MAX] = "";
	int r;

	claim(config_new("", &c) == 0);
	r = options_parse(w.argc, w.argv, c, &options, why);
	claim(r == 0 || r == -EINVAL);
	if (r == 0) {
		check_values(c);
		claim(options.action <= ACTION_VERSION && options.root && options.verbose < 12345);
		return 0;
	}
	claim(*why && options.verbose == 12345);
	claim_text(why, sizeof(why));
	return 0;
}
