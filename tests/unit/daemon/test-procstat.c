/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/procstat.h"
#include "tests/unit/daemon/machine.h"

#define TOTAL "cpu  10 20 30 40 50 60 70 80 90 100\n"
#define REST  "intr 12345 0 0\nctxt 1\nbtime 2\nprocesses 3\nprocs_running 4"

static int set_up(void **state)
{
	struct machine *m = malloc(sizeof(*m));

	*m = machine_new();
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	machine_done(*state);
	free(*state);
	return 0;
}

static void write_stat(const struct machine *m, const char *cpus)
{
	_cleanup_(freep) char *text = NULL;

	if (asprintf(&text, TOTAL "%s" REST, cpus) < 0)
		abort();
	machine_write(m, text, "proc/stat");
}

static struct procstat *open_with(const struct machine *m, uint32_t nr_cpus, const char *cpus)
{
	struct procstat *p = NULL;

	write_stat(m, cpus);
	assert_int_equal(procstat_new(m->root, nr_cpus, &p), 0);
	return p;
}

/* Updates from what the CPUs' lines are now. */
static const double *update_with(const struct machine *m, struct procstat *p, const char *cpus)
{
	write_stat(m, cpus);
	assert_int_equal(procstat_update(p), 0);
	return procstat_busy_pct(p);
}

/* cmocka's own comparison lets NaN pass. */
static void assert_pct(double value, double expected)
{
	assert_true(fabs(value - expected) < 1e-9);
}

static void share_is_since_the_last_reading(void **state)
{
	_cleanup_(procstat_freep) struct procstat *p =
		open_with(*state, 2, "cpu0 100 0 0 100 0 0 0 0 0 0\ncpu1 5 5 5 5 5 5 5 5 5 5\n");
	const double *busy = procstat_busy_pct(p);

	assert_true(busy[0] < 0 && busy[1] < 0);
	busy = update_with(*state, p, "cpu0 130 0 0 110 0 0 0 0 0 0\ncpu1 5 5 5 15 5 5 5 5 5 5\n");
	assert_pct(busy[0], 75);
	assert_pct(busy[1], 0);
	busy = update_with(*state, p, "cpu0 140 0 0 110 0 0 0 0 0 0\ncpu1 5 5 5 15 5 5 5 5 5 5\n");
	assert_pct(busy[0], 100);
}

/* Both CPUs, from their second reading on. */
static void ticks_are_of_all_cpus(void **state)
{
	_cleanup_(procstat_freep) struct procstat *p =
		open_with(*state, 2, "cpu0 100 0 0 100 0 0 0 0 0 0\ncpu1 5 0 0 5 0 0 0 0 0 0\n");

	assert_int_equal(procstat_ticks(p).all, 0);
	update_with(*state, p, "cpu0 130 0 0 110 0 0 0 0 0 0\ncpu1 5 0 0 15 0 0 0 0 0 0\n");
	assert_int_equal(procstat_ticks(p).busy, 30);
	assert_int_equal(procstat_ticks(p).all, 50);
	update_with(*state, p, "cpu0 135 0 0 110 0 0 0 0 0 0\n");
	assert_int_equal(procstat_ticks(p).busy, 35);
	assert_int_equal(procstat_ticks(p).all, 55);
}

/* user nice system idle iowait irq softirq steal guest guest_nice */
static void columns_count_as_what_they_are(void **state)
{
	static const struct {
		const char *line;
		double busy;
	} cases[] = {
		{ "cpu0 1 0 0 3 0 0 0 0 0 0\n", 25 }, { "cpu0 0 1 0 3 0 0 0 0 0 0\n", 25 },
		{ "cpu0 0 0 1 3 0 0 0 0 0 0\n", 25 }, { "cpu0 0 0 0 3 0 1 0 0 0 0\n", 25 },
		{ "cpu0 0 0 0 3 0 0 1 0 0 0\n", 25 }, { "cpu0 1 0 0 0 3 0 0 0 0 0\n", 25 },
		{ "cpu0 1 0 0 3 0 0 0 9 0 0\n", 25 }, /* stolen: neither */
		{ "cpu0 1 0 0 3 0 0 0 0 1 0\n", 25 }, /* guest is in user already */
		{ "cpu0 0 1 0 3 0 0 0 0 0 1\n", 25 }, { "cpu0 1 0 0 3\n", 25 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(procstat_freep) struct procstat *p =
			open_with(*state, 1, "cpu0 0 0 0 0 0 0 0 0 0 0\n");

		assert_pct(update_with(*state, p, cases[i].line)[0], cases[i].busy);
	}
}

static void share_stays_where_no_tick_passed(void **state)
{
	_cleanup_(procstat_freep) struct procstat *p = open_with(*state, 1, "cpu0 0 0 0 0\n");

	assert_pct(update_with(*state, p, "cpu0 1 0 0 3\n")[0], 25);
	assert_pct(update_with(*state, p, "cpu0 1 0 0 3\n")[0], 25);
	assert_pct(update_with(*state, p, "cpu0 1 0 0 3 0 0 0 50\n")[0], 25);
	assert_pct(update_with(*state, p, "cpu0 2 0 0 4 0 0 0 50\n")[0], 50);
}

/* The kernel's iowait may fall. The share must stay within bounds, and recover. */
static void counters_that_go_backwards(void **state)
{
	_cleanup_(procstat_freep) struct procstat *p =
		open_with(*state, 1, "cpu0 100 0 0 100 50\n");

	assert_pct(update_with(*state, p, "cpu0 110 0 0 100 40\n")[0], 100);
	assert_pct(update_with(*state, p, "cpu0 1 0 0 1 0\n")[0], 100);
	assert_pct(update_with(*state, p, "cpu0 2 0 0 4 0\n")[0], 25);
}

static void cpus_come_and_go(void **state)
{
	_cleanup_(procstat_freep) struct procstat *p =
		open_with(*state, 3, "cpu0 0 0 0 0\ncpu2 0 0 0 0\n");
	const double *busy = update_with(*state, p, "cpu0 1 0 0 1\ncpu2 1 0 0 3\n");

	assert_pct(busy[0], 50);
	assert_true(busy[1] < 0);
	assert_pct(busy[2], 25);
	busy = update_with(*state, p, "cpu0 2 0 0 2\ncpu1 50 0 0 50\n");
	assert_true(busy[1] < 0); /* seen once only */
	assert_true(busy[2] < 0);
	busy = update_with(*state, p, "cpu0 3 0 0 3\ncpu1 53 0 0 51\ncpu2 90 0 0 90\n");
	assert_pct(busy[0], 50);
	assert_pct(busy[1], 75);
	assert_true(busy[2] < 0); /* back, with an old reading that says nothing */
	busy = update_with(*state, p, "cpu0 4 0 0 4\ncpu1 53 0 0 51\ncpu2 91 0 0 93\n");
	assert_pct(busy[2], 25);
}

static void ids_that_do_not_fit_are_skipped(void **state)
{
	static const char odd[] =
		"cpu0 1 0 0 1\ncpu1 9 9 9 9\ncpu4294967296 9 9 9 9\ncpux 9 9 9 9\n";
	_cleanup_(procstat_freep) struct procstat *p = open_with(*state, 1, "cpu0 0 0 0 0\n");

	assert_pct(update_with(*state, p, odd)[0], 50);
	assert_pct(update_with(*state, p, "cpu0 2 0 0 4\n")[0], 25);
}

static void nothing_behind_the_cpus_is_parsed(void **state)
{
	_cleanup_(procstat_freep) struct procstat *p =
		open_with(*state, 2, "cpu0 0 0 0 0\nintr 1 2 3\ncpu1 0 0 0 0\n");
	const double *busy = update_with(*state, p, "cpu0 1 0 0 1\nintr 1 2 3\ncpu1 50 0 0 50\n");

	assert_pct(busy[0], 50);
	assert_true(busy[1] < 0);
}

static void file_may_end_with_the_cpus(void **state)
{
	struct procstat *p = NULL;

	machine_write(*state, "cpu0 0 0 0 0", "proc/stat");
	assert_int_equal(procstat_new(((struct machine *)*state)->root, 1, &p), 0);
	machine_write(*state, "cpu0 1 0 0 1", "proc/stat");
	assert_int_equal(procstat_update(p), 0);
	assert_pct(procstat_busy_pct(p)[0], 50);
	procstat_free(p);
}

/* Lines that straddle the parts in which the file is read. */
static char *many_cpus(uint32_t n, unsigned int busy, unsigned int idle)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (uint32_t i = 0; i < n; i++)
		fprintf(f, "cpu%u %u 0 0 %u 0 0 0 0 0 0\n", i, busy + i, idle + 2 * i);
	fclose(f);
	return text;
}

static void more_cpus_than_a_part_holds(void **state)
{
	_cleanup_(freep) char *before = many_cpus(8192, 0, 0), *after = many_cpus(8192, 30, 10);
	_cleanup_(procstat_freep) struct procstat *p = open_with(*state, 8192, before);
	const double *busy = update_with(*state, p, after);

	for (uint32_t i = 0; i < 8192; i++)
		assert_pct(busy[i], 75);
}

static void line_without_end_is_an_error(void **state)
{
	_cleanup_(freep) char *line = malloc(40000);
	_cleanup_(procstat_freep) struct procstat *p = open_with(*state, 1, "cpu0 0 0 0 0\n");

	assert_pct(update_with(*state, p, "cpu0 1 0 0 1\n")[0], 50);
	memset(line, '1', 39999);
	line[39999] = '\0';
	memcpy(line, "cpu0 ", 5);
	machine_write(*state, line, "proc/stat");
	assert_int_equal(procstat_update(p), -EIO);
	assert_pct(procstat_busy_pct(p)[0], 50);
	assert_pct(update_with(*state, p, "cpu0 2 0 0 4\n")[0], 25);
}

static void missing_file(void **state)
{
	struct procstat *p = (struct procstat *)0x1234;

	assert_int_equal(procstat_new(((struct machine *)*state)->root, 1, &p), -ENOENT);
	assert_ptr_equal(p, 0x1234);
}

static void this_machine(void **state)
{
	_cleanup_(procstat_freep) struct procstat *p = NULL;
	uint32_t n = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);

	assert_int_equal(procstat_new("", n, &p), 0);
	for (volatile unsigned int i = 0; i < 50000000; i++)
		;
	assert_int_equal(procstat_update(p), 0);
	for (uint32_t i = 0; i < n; i++)
		assert_true(procstat_busy_pct(p)[i] <= 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(share_is_since_the_last_reading), TEST(ticks_are_of_all_cpus),
		TEST(columns_count_as_what_they_are),  TEST(share_stays_where_no_tick_passed),
		TEST(counters_that_go_backwards),      TEST(cpus_come_and_go),
		TEST(ids_that_do_not_fit_are_skipped), TEST(nothing_behind_the_cpus_is_parsed),
		TEST(file_may_end_with_the_cpus),      TEST(more_cpus_than_a_part_holds),
		TEST(line_without_end_is_an_error),    TEST(missing_file),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
