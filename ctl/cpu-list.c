/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/cpu-list.h"

#include <stdio.h>

static long long cpu_at(json_object *cpus, size_t i)
{
	return json_object_get_int64(json_at(cpus, i));
}

char *cpu_list_text(json_object *cpus)
{
	size_t n = json_length(cpus), size, end;
	_cleanup_(freep) char *text = NULL;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && cpu_at(cpus, end) == cpu_at(cpus, end - 1) + 1;)
			end++;
		fprintf(stream, "%s%lld", i ? "," : "", cpu_at(cpus, i));
		if (end > i + 1)
			fprintf(stream, "-%lld", cpu_at(cpus, end - 1));
	}
	return fclose(stream) == 0 ? TAKE_PTR(text) : NULL;
}
