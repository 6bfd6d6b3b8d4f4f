/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Build tool: makes a manual page from its template by putting the table of tunables, as mdoc list
 * items, in place of each line that asks for it:
 *
 *	.\" @OPTIONS@	the tunables as options of wd40d
 *	.\" @KEYS@	the tunables as keys of wd40d.ini
 *	.\" @OTHERS@	the options that are no tunables
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/tunables.h"
#include "daemon/options-table.h"
#include "util/cleanup.h"
#include "util/macro.h"

static void print_sentence(const char *text)
{
	printf("%c%s.\n", toupper((unsigned char)text[0]), text + 1);
}

static void print_letter(char letter)
{
	printf(".It ");
	if (letter)
		printf("Fl %c , ", letter);
}

static void print_limits(const struct tunable *t)
{
	_cleanup_(freep) char *range = tunable_range_text((enum tunable_id)(t - tunables));

	printf("Allowed: %s.\nDefault: %s.\n", range ? range : "",
	       *t->default_text ? t->default_text : "none");
}

static void print_option(const struct tunable *t)
{
	print_letter(t->letter);
	if (t->type == TUNABLE_BOOL)
		printf("Fl -%s Ns Op = Ns Cm yes | no\n", t->key);
	else
		printf("Fl -%s Ns = Ns Ar %s\n", t->key,
		       options_value_name((enum tunable_id)(t - tunables)));
	if (t->negative_key)
		printf(".It Fl -%s\n", t->negative_key);
	print_sentence(t->help);
	print_limits(t);
	if (t->type == TUNABLE_LIST)
		printf("Given again, it adds to the sets.\n");
}

static void print_options(void)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		print_option(&tunables[id]);
}

static void print_keys(void)
{
	for (int id = 0; id < NR_TUNABLES; id++) {
		const struct tunable *t = &tunables[id];

		printf(".It Cm %s\n", t->key);
		print_sentence(t->help);
		print_limits(t);
		printf("D-Bus property: %s.\n", t->bus_name);
		if (t->applied == APPLIED_REATTACH)
			printf("Read when the scheduler is attached.\n");
	}
}

static void print_others(void)
{
	for (int i = 0; i < NR_FIXED_OPTIONS; i++) {
		const struct fixed_option_row *row = &fixed_options[i];

		print_letter(row->letter);
		printf("Fl -%s", row->name);
		if (row->value)
			printf(" Ns = Ns Ar %s", row->value);
		putchar('\n');
		print_sentence(row->help);
	}
}

static const struct {
	const char *line;
	void (*print)(void);
} markers[] = {
	{ ".\\\" @OPTIONS@\n", print_options },
	{ ".\\\" @KEYS@\n", print_keys },
	{ ".\\\" @OTHERS@\n", print_others },
};

/* Whether the line was a marker, in whose place the table has been printed. */
static bool replace(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(markers); i++) {
		if (strcmp(line, markers[i].line) != 0)
			continue;
		markers[i].print();
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	_cleanup_(freep) char *line = NULL;
	size_t size = 0;

	if (argc != 3 || !freopen(argv[1], "r", stdin) || !freopen(argv[2], "w", stdout)) {
		perror("usage: generate-man TEMPLATE PAGE");
		return 1;
	}
	while (getline(&line, &size, stdin) > 0)
		if (!replace(line))
			fputs(line, stdout);
	return ferror(stdin) || fclose(stdout) != 0;
}
