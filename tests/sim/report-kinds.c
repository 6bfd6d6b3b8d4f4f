// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <string.h>

#include "tests/sim/report-kinds.h"
#include "tests/sim/report-memory.h"

static size_t length_of_kind(const char *name)
{
	size_t length = strlen(name), end = length;

	while (end && isdigit((unsigned char)name[end - 1]))
		end--;
	return end > 1 && end < length && name[end - 1] == '-' ? end - 1 : length;
}

static int compare(const char *name, size_t length, const struct kind *kind)
{
	int order = strncmp(name, kind->name, length);

	return order ? order : -(kind->name[length] != 0);
}

static struct kind *kind_new(const char *name, size_t length)
{
	struct kind *kind = sim_grow(NULL, 1, sizeof(*kind));

	memset(kind, 0, sizeof(*kind));
	kind->name = sim_grow(NULL, length + 1, 1);
	memcpy(kind->name, name, length);
	kind->name[length] = 0;
	return kind;
}

struct kind *kinds_get(struct kinds *k, const char *task_name)
{
	size_t length = length_of_kind(task_name);
	u32 low = 0, high = k->nr;

	while (low < high) {
		u32 middle = (low + high) / 2;
		int order = compare(task_name, length, k->sorted[middle]);

		if (!order)
			return k->sorted[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	k->sorted = sim_grow(k->sorted, k->nr + 1, sizeof(*k->sorted));
	memmove(&k->sorted[low + 1], &k->sorted[low], (k->nr++ - low) * sizeof(*k->sorted));
	k->sorted[low] = kind_new(task_name, length);
	return k->sorted[low];
}

void kinds_done(struct kinds *k)
{
	for (u32 i = 0; i < k->nr; i++) {
		free(k->sorted[i]->name);
		free(k->sorted[i]);
	}
	free(k->sorted);
}
