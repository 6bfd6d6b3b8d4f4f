/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests of the socket for the scx tools. Each is answered by one line of JSON that says whether it was
 * understood; one that was not does not count as one.
 */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>

#include "daemon/cpuset.h"
#include "dbus/stats-protocol.h"
#include "tests/fuzz/claim.h"

/* Two nodes and three domains, with all kinds of values. */
static struct statistics make_statistics(void)
{
	static struct statistics_node nodes[2] = { { .id = 0, .load = INFINITY }, { .id = 7 } };
	static struct statistics_domain domains[3] = {
		{ .id = 0, .node = 0, .busy = NAN, .load = 1e300 },
		{ .id = 1, .node = 0, .load = -1.5, .imbal = -INFINITY },
		{ .id = 2, .node = 7, .max_wait_us = UINT64_MAX },
	};
	static struct cpuset *mask;

	if (!mask) {
		mask = cpuset_new(130);
		cpuset_set(mask, 129);
	}
	return (struct statistics){
		.machine = { .events = 100,
			     .cpu_busy = NAN,
			     .load = INFINITY,
			     .direct_greedy_cpus = mask },
		.nodes = nodes,
		.nr_nodes = 2,
		.domains = domains,
		.nr_domains = 3,
	};
}

/* The answer's errno. */
static int check_answer(const char *text)
{
	size_t length = strlen(text);
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *answer, *args, *err, *resp;
	int value;

	claim(length && text[length - 1] == '\n' && !memchr(text, '\n', length - 1));
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	answer = json_tokener_parse_ex(tokener, text, (int)length);
	claim(json_tokener_get_error(tokener) == json_tokener_success);
	claim(json_object_object_get_ex(answer, "errno", &err));
	claim(json_object_object_get_ex(answer, "args", &args));
	claim(json_object_object_get_ex(args, "resp", &resp));
	value = json_object_get_int(err);
	claim(value == 0 || (value == EINVAL && json_object_is_type(resp, json_type_string)));
	json_object_put(answer);
	json_tokener_free(tokener);
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct statistics now = make_statistics();
	struct statistics_machine last = { .at_us = 1 }, before = last;
	char *text = NULL;
	int err;

	claim(stats_protocol_answer((const char *)data, size, &now, &last, &text) == 0);
	err = check_answer(text);
	claim(err == 0 || memcmp(&last, &before, sizeof(last)) == 0);
	free(text);
	return 0;
}
