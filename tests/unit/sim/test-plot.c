/* SPDX-License-Identifier: GPL-2.0-only */
/* tests/sim/plot, a script, on what the report prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sim/reported.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SVG_MAX (4u << 20)

static char folder[] = "/tmp/wd40-plot-XXXXXX";

/* Writes the run's figures and plots them; the exit code. */
static int plot(void)
{
	_cleanup_(freep) char *text = printed(true);
	char command[512], path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/run.json", folder);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	snprintf(command, sizeof(command), "%s/tests/sim/plot %s/out.svg %s 2>%s/errors",
		 SOURCE_DIR, folder, path, folder);
	return system(command);
}

static int begin(void **state)
{
	if (system("command -v jq gnuplot >/dev/null"))
		skip();
	strcpy(folder, "/tmp/wd40-plot-XXXXXX");
	assert_non_null(mkdtemp(folder));
	start(2, 1, NULL);
	return 0;
}

static int end(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	return stop(state);
}

static void a_run_becomes_a_picture(void **state)
{
	_cleanup_(freep) char *svg = NULL;
	char path[64];

	for (u32 i = 0; i < 6; i++)
		act(100, i % 2 * MSEC, MSEC, 0, 4);
	native_run(2 * SEC_NS);
	assert_int_equal(plot(), 0);
	snprintf(path, sizeof(path), "%s/out.svg", folder);
	assert_int_equal(file_read(path, SVG_MAX, &svg, NULL), 0);
	assert_non_null(strstr(svg, "llc_fifo: 4 CPUs, 4 domains, 6 tasks"));
	for (u32 d = 0; d < 4; d++) {
		char name[16];

		snprintf(name, sizeof(name), ">D%u<", d);
		assert_non_null(strstr(svg, name));
	}
	assert_non_null(strstr(svg, ">worst<"));
	assert_non_null(strstr(svg, ">longest<"));
}

static void a_run_that_is_too_short_is_refused(void **state)
{
	native_run(MSEC);
	assert_int_not_equal(plot(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_becomes_a_picture, begin, end),
		cmocka_unit_test_setup_teardown(a_run_that_is_too_short_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
