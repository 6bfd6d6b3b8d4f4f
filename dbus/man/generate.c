/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Build tool: makes the manual page of the bus from its template. A line that is a marker is replaced:
 *
 *	.\" @INTERFACE NAME@	heading of an interface, whose members the next markers name
 *	.\" @MEMBER NAME@	head of a list item for a method, signal or property, as the daemon's
 *				own tables have it
 *	.\" @TUNABLES@		items for all tunables' properties
 *	.\" @COUNTERS@		items for all counters' properties
 *	.\" @STATISTICS SCOPE@	items for the statistics of machine, node or domain
 *
 * A name that the daemon does not have is an error.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/tunables.h"
#include "daemon/statistics.h"
#include "dbus/domain-object.h"
#include "dbus/node-object.h"
#include "dbus/wd40-object.h"
#include "dbus/wd40-statistics.h"
#include "util/cleanup.h"

static char interface[64];

static void fail(const char *what, const char *name)
{
	fprintf(stderr, "generate-bus-man: %s %s is not there\n", what, name);
	exit(EXIT_FAILURE);
}

static void print_sentence(const char *text)
{
	printf("%c%s.\n", toupper((unsigned char)text[0]), text + 1);
}

/* Length of the first complete type of a signature. */
static size_t type_length(const char *signature)
{
	size_t n = strspn(signature, "a");
	int depth = 0;

	do {
		depth += signature[n] == '(' || signature[n] == '{';
		depth -= signature[n] == ')' || signature[n] == '}';
		n++;
	} while (depth > 0);
	return n;
}

/* Prints what is in parentheses; names: one string after the other. Returns where they end. */
static const char *print_arguments(const char *signature, const char *names)
{
	const char *separator = "";

	printf("Po ");
	for (; *signature; signature += type_length(signature)) {
		printf("%sNo %.*s Ar %s ", separator, (int)type_length(signature), signature,
		       names);
		names += strlen(names) + 1;
		separator = ", ";
	}
	printf("Pc ");
	return names;
}

static void print_method(const sd_bus_vtable *row)
{
	const char *names = row->x.method.names;

	printf(".It Sy %s Ns ", row->x.method.member);
	names = print_arguments(row->x.method.signature, names);
	if (*row->x.method.result) {
		printf("No \\(-> ");
		print_arguments(row->x.method.result, names);
	}
	putchar('\n');
}

static void print_signal(const sd_bus_vtable *row)
{
	printf(".It Sy %s Ns ", row->x.signal.member);
	print_arguments(row->x.signal.signature, row->x.signal.names);
	putchar('\n');
}

static void print_property(const sd_bus_vtable *row)
{
	uint64_t flags = row->flags;

	printf(".It Sy %s Pq %s , %s%s\n", row->x.property.member, row->x.property.signature,
	       row->type == _SD_BUS_VTABLE_WRITABLE_PROPERTY ? "writable , " : "",
	       flags & SD_BUS_VTABLE_PROPERTY_CONST          ? "constant"
	       : flags & SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE ? "changes are told"
							     : "changes are not told");
}

/* Prints the row if it is the member; whether it was. */
static bool print_if(const sd_bus_vtable *row, const char *name)
{
	switch (row->type) {
	case _SD_BUS_VTABLE_METHOD:
		if (strcmp(row->x.method.member, name) != 0)
			return false;
		print_method(row);
		return true;
	case _SD_BUS_VTABLE_SIGNAL:
		if (strcmp(row->x.signal.member, name) != 0)
			return false;
		print_signal(row);
		return true;
	case _SD_BUS_VTABLE_PROPERTY:
	case _SD_BUS_VTABLE_WRITABLE_PROPERTY:
		if (strcmp(row->x.property.member, name) != 0)
			return false;
		print_property(row);
		return true;
	default: return false;
	}
}

static bool search(const sd_bus_vtable *row, const char *name)
{
	while (row->type != _SD_BUS_VTABLE_END && !print_if(row, name))
		row++;
	return row->type != _SD_BUS_VTABLE_END;
}

static void print_member(const char *name)
{
	struct wd40_part parts[WD40_PARTS_MAX];
	size_t n = wd40_object_parts(parts);

	parts[n++] = (struct wd40_part){ node_objects.interface, node_objects.vtable, true };
	parts[n++] = (struct wd40_part){ domain_objects.interface, domain_objects.vtable, true };
	for (size_t i = 0; i < n; i++)
		if (strcmp(parts[i].interface, interface) == 0 && search(parts[i].vtable, name))
			return;
	fail("member", name);
}

static void print_interface(const char *name)
{
	snprintf(interface, sizeof(interface), "%s", name);
	printf(".Ss Interface %s\n", name);
}

static void print_tunables(const char *nothing)
{
	for (int id = 0; id < NR_TUNABLES; id++) {
		const struct tunable *t = &tunables[id];
		_cleanup_(freep) char *range = tunable_range_text((enum tunable_id)id);

		print_member(t->bus_name);
		print_sentence(t->help);
		printf("Key\n.Cm %s\nin\n.Xr wd40d.ini 5 ;\nallowed there: %s.\n", t->key,
		       range ? range : "");
		if (t->applied == APPLIED_REATTACH)
			printf("Read when the scheduler is attached.\n");
	}
}

static void print_counters(const char *nothing)
{
	static const char *const help[] = {
#define X(NAME, field, text) [WD40_CTR_##NAME] = text,
		WD40_COUNTERS(X)
#undef X
	};

	for (enum wd40_counter c = 0; c < WD40_NR_COUNTERS; c++) {
		print_member(wd40_counter_name(c));
		print_sentence(help[c]);
	}
}

static void print_statistics(const char *scope)
{
	for (size_t i = 0; i < nr_statistics; i++) {
		const struct statistic *s = &statistics_table[i];

		if (strcmp(statistic_scope_name(s->scope), scope) != 0)
			continue;
		printf(".It Li %s Pq %s%s%s\n", s->name, statistic_type_name(s->type),
		       *s->unit ? " , " : "", s->unit);
		print_sentence(s->help);
	}
}

static const struct {
	const char *start;
	void (*print)(const char *argument);
} markers[] = {
	{ "INTERFACE ", print_interface },   { "MEMBER ", print_member },
	{ "TUNABLES", print_tunables },      { "COUNTERS", print_counters },
	{ "STATISTICS ", print_statistics },
};

/* Whether the line was a marker, which has been replaced then. */
static bool replace(const char *line)
{
	char text[128];

	if (sscanf(line, ".\\\" @%127[^@]@", text) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(markers); i++)
		if (strncmp(text, markers[i].start, strlen(markers[i].start)) == 0) {
			markers[i].print(text + strlen(markers[i].start));
			return true;
		}
	fail("marker", text);
	return false;
}

int main(int argc, char **argv)
{
	_cleanup_(freep) char *line = NULL;
	size_t size = 0;

	if (argc != 3 || !freopen(argv[1], "r", stdin) || !freopen(argv[2], "w", stdout)) {
		perror("usage: generate-bus-man TEMPLATE PAGE");
		return EXIT_FAILURE;
	}
	while (getline(&line, &size, stdin) > 0)
		if (!replace(line))
			fputs(line, stdout);
	return ferror(stdin) || fclose(stdout) != 0;
}
