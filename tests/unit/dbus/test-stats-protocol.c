/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dbus/stats-protocol.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* Two nodes, three domains, nothing counted. */
struct scene {
	struct statistics_node nodes[2];
	struct statistics_domain domains[3];
	struct statistics now;
	struct statistics_machine last;
	struct json_object *reply;
};

static int begin(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->nodes[0].id = 0;
	s->nodes[1].id = 4;
	for (uint32_t i = 0; i < 3; i++)
		s->domains[i] = (struct statistics_domain){ .id = i, .node = i < 2 ? 0 : 4 };
	s->now = (struct statistics){
		.nodes = s->nodes, .nr_nodes = 2, .domains = s->domains, .nr_domains = 3
	};
	s->now.machine.cpu_busy = NAN;
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct scene *s = *state;

	json_object_put(s->reply);
	free(s);
	return 0;
}

/* What resp of the answer is; the errno of the answer must be that. */
static struct json_object *ask(struct scene *s, const char *line, int err)
{
	_cleanup_(freep) char *text = NULL;

	assert_int_equal(stats_protocol_answer(line, strlen(line), &s->now, &s->last, &text), 0);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_null(memchr(text, '\n', strlen(text) - 1));
	json_object_put(s->reply);
	s->reply = json_tokener_parse(text);
	assert_int_equal(json_object_get_int(json_object_object_get(s->reply, "errno")), err);
	return json_object_object_get(json_object_object_get(s->reply, "args"), "resp");
}

static double field(struct json_object *o, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(o, name, &value))
		fail_msg("no %s", name);
	return json_object_get_double(value);
}

#define STATS "{\"req\":\"stats\",\"args\":{\"target\":\"top\"}}\n"

static void shares_are_of_what_happened_since_the_last_request(void **state)
{
	struct scene *s = *state;
	struct statistics_machine *m = &s->now.machine;
	struct json_object *top;

	m->events = 200;
	m->counters[WD40_CTR_PREV_IDLE] = 50;
	m->counters[WD40_CTR_DIRECT_IDLE] = 20;
	m->counters[WD40_CTR_KTHREAD_LOCAL] = 30;
	m->counters[WD40_CTR_DEADLINE_CLAMPED] = 1;
	m->counters[WD40_CTR_MOVE_APPLIED] = 4;
	top = ask(s, STATS, 0);
	assert_true(field(top, "total") == 200);
	assert_true(field(top, "prev_idle") == 25);
	assert_true(field(top, "direct") == 25); /* both */
	assert_true(field(top, "dl_clamp") == 0.5);
	assert_true(field(top, "nr_migrations") == 4);

	m->events = 210;
	m->counters[WD40_CTR_PREV_IDLE] = 60;
	top = ask(s, STATS, 0);
	assert_true(field(top, "total") == 10);
	assert_true(field(top, "prev_idle") == 100);
	assert_true(field(top, "direct") == 0);
	assert_true(field(top, "nr_migrations") == 0);
}

static void nothing_happened_is_zero(void **state)
{
	struct json_object *top = ask(*state, STATS, 0);

	assert_true(field(top, "total") == 0);
	assert_true(field(top, "prev_idle") == 0);
	assert_true(field(top, "cpu_busy") == 0);
	json_object_object_foreach (top, name, value) {
		if (!value)
			fail_msg("%s is null", name);
	}
}

static void counters_that_began_anew_count_in_full(void **state)
{
	struct scene *s = *state;
	struct statistics_machine *m = &s->now.machine;

	m->counters[WD40_CTR_MOVE_APPLIED] = 100;
	ask(s, STATS, 0);
	m->since_us = 1;
	m->counters[WD40_CTR_MOVE_APPLIED] = 103;
	assert_true(field(ask(s, STATS, 0), "nr_migrations") == 103);
}

static void times_and_busy_are_in_scx_rusty_s_units(void **state)
{
	struct scene *s = *state;
	struct statistics_machine *m = &s->now.machine;
	struct json_object *top;

	m->tuner_time_us = 1500;
	m->balance_time_us = 500;
	m->cpu_busy_us = 3000;
	m->cpu_time_us = 4000;
	m->slice_us = 20000;
	top = ask(s, STATS, 0);
	assert_true(fabs(field(top, "time_used") - 0.002) < 1e-9);
	assert_true(field(top, "cpu_busy") == 75);
	assert_true(field(top, "slice_us") == 20000);
}

static void nodes_have_their_domains(void **state)
{
	struct scene *s = *state;
	struct json_object *nodes, *domains;

	s->domains[2].load = 1.5;
	s->domains[2].run_delay.buckets[7] = 9;
	nodes = json_object_object_get(ask(s, STATS, 0), "nodes");
	assert_int_equal(json_object_object_length(nodes), 2);
	domains = json_object_object_get(json_object_object_get(nodes, "0"), "doms");
	assert_int_equal(json_object_object_length(domains), 2);
	domains = json_object_object_get(json_object_object_get(nodes, "4"), "doms");
	domains = json_object_object_get(domains, "2");
	assert_true(field(domains, "load") == 1.5);
	assert_true(field(domains, "imbal") == 0);
	domains = json_object_object_get(domains, "run_delay");
	assert_int_equal(json_object_array_length(domains), WD40_WAIT_BUCKETS);
	assert_int_equal(json_object_get_int(json_object_array_get_idx(domains, 7)), 9);
}

/* scx_rusty's ClusterStats, NodeStats and DomainStats: a client of its wants each of these. */
static const char *const wanted[][40] = {
	{ "ClusterStats",
	  "at_us",
	  "lb_at_us",
	  "total",
	  "slice_us",
	  "cpu_busy",
	  "load",
	  "nr_migrations",
	  "task_get_err",
	  "time_used",
	  "sync_prev_idle",
	  "wake_sync",
	  "prev_idle",
	  "greedy_idle",
	  "pinned",
	  "direct",
	  "greedy",
	  "greedy_far",
	  "dsq_dispatch",
	  "greedy_local",
	  "greedy_xnuma",
	  "kick_greedy",
	  "repatriate",
	  "dl_clamp",
	  "dl_preset",
	  "direct_greedy_cpus",
	  "kick_greedy_cpus",
	  "nodes" },
	{ "NodeStats", "load", "imbal", "delta", "doms" },
	{ "DomainStats", "load", "imbal", "delta" },
};

static void what_scx_rusty_has_is_there(void **state)
{
	struct scene *s = *state;
	struct json_object *meta = ask(s, "{\"req\":\"stats_meta\"}", 0);

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct json_object *of = json_object_object_get(meta, wanted[i][0]);

		assert_string_equal(json_object_get_string(json_object_object_get(of, "name")),
				    wanted[i][0]);
		of = json_object_object_get(of, "fields");
		for (size_t k = 1; wanted[i][k]; k++)
			if (!json_object_object_get(of, wanted[i][k]))
				fail_msg("%s has no %s", wanted[i][0], wanted[i][k]);
	}
}

static void metadata_is_of_what_is_served(void **state)
{
	struct scene *s = *state;
	struct json_object *fields = ask(s, "{\"req\":\"stats_meta\",\"args\":{}}", 0), *top;

	fields = json_object_object_get(json_object_object_get(fields, "ClusterStats"), "fields");
	fields = json_object_get(fields);
	top = ask(s, STATS, 0);
	assert_int_equal(json_object_object_length(fields), json_object_object_length(top));
	json_object_object_foreach (top, name, value) {
		struct json_object *of = json_object_object_get(fields, name), *kind;

		assert_non_null(of);
		assert_true(json_object_object_get_ex(of, "desc", NULL));
		if (json_object_is_type(value, json_type_array)) {
			assert_true(json_object_object_get_ex(of, "array", NULL));
			assert_true(json_object_object_get_ex(of, "user", NULL));
		} else if (json_object_object_get_ex(of, "datum", &kind)) {
			bool is_float = json_object_is_type(value, json_type_double);

			assert_string_equal(json_object_get_string(kind),
					    is_float ? "float" : "u64");
		} else {
			assert_true(json_object_object_get_ex(of, "dict", NULL));
		}
	}
	json_object_put(fields);
}

/* JSON has no number for it. */
static void what_is_not_finite_is_left_out(void **state)
{
	static const double values[] = { INFINITY, -INFINITY, NAN };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		s->now.machine.load = values[i];
		assert_false(json_object_object_get_ex(ask(s, STATS, 0), "load", NULL));
	}
}

static void what_is_no_request_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"{",
		"[]",
		"1",
		"null",
		"\"stats\"",
		"{}\n",
		"{\"req\":1}",
		"{\"req\":\"stat\"}",
		"{\"req\":\"stats\",\"args\":[]}",
		"\xff\xfe",
		"{\"req\":\"stats\",\"args\":{\"target\":\"bottom\"}}",
		"{\"req\":\"stats\",\"args\":{\"target\":1}}",
		"{\"req\":\"stats\",\"args\":{\"x\":{}}}",
		"{\"req\":\"stats\"} {\"req\":\"stats\"}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	};
	struct scene *s = *state;

	s->now.machine.events = 5;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(json_object_is_type(ask(s, bad[i], EINVAL), json_type_string));
	/* and counts as none */
	assert_true(field(ask(s, "{\"req\":\"stats\"}", 0), "total") == 5);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(shares_are_of_what_happened_since_the_last_request),
		TEST(nothing_happened_is_zero),
		TEST(counters_that_began_anew_count_in_full),
		TEST(times_and_busy_are_in_scx_rusty_s_units),
		TEST(nodes_have_their_domains),
		TEST(what_scx_rusty_has_is_there),
		TEST(metadata_is_of_what_is_served),
		TEST(what_is_not_finite_is_left_out),
		TEST(what_is_no_request_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
