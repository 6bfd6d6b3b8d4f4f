/* SPDX-License-Identifier: GPL-2.0-only */
/* A workload as an rt-app file. */
#include <json-c/json.h>

#include "tests/sim/rtapp.h"

struct printer {
	FILE *to;
	const struct sim_workload *workload;
	bool begun; /* something stands before in this object */
};

static void print_text(FILE *to, const char *text)
{
	struct json_object *string = json_object_new_string(text);

	fputs(json_object_to_json_string_ext(string, JSON_C_TO_STRING_PLAIN), to);
	json_object_put(string);
}

/* The name of an object's next member; number: what makes it unique, -1: nothing. */
static void print_key(struct printer *p, const char *name, s32 number)
{
	fputs(p->begun ? ", " : " ", p->to);
	p->begun = true;
	if (number < 0)
		fprintf(p->to, "\"%s\": ", name);
	else
		fprintf(p->to, "\"%s%d\": ", name, number);
}

static void print_number(struct printer *p, const char *name, s64 number)
{
	print_key(p, name, -1);
	fprintf(p->to, "%lld", number);
}

static void print_member(struct printer *p, const char *name, const char *text)
{
	print_key(p, name, -1);
	print_text(p->to, text);
}

/* The members of a new object; the outer one has members then. */
static struct printer open_object(struct printer *outer)
{
	outer->begun = true;
	fputc('{', outer->to);
	return (struct printer){ outer->to, outer->workload, false };
}

static void close_object(struct printer *p)
{
	fputs(" }", p->to);
}

/* --- Attributes. -------------------------------------------------------------------------------- */

static void print_bits(struct printer *p, const char *name, const unsigned long *bits, u32 nr)
{
	const char *separator = "";

	print_key(p, name, -1);
	fputc('[', p->to);
	for (u32 i = 0; i < nr; i++) {
		if (!(bits[i / WD40_BITS_PER_WORD] & 1ul << i % WD40_BITS_PER_WORD))
			continue;
		fprintf(p->to, "%s%u", separator, i);
		separator = ", ";
	}
	fputc(']', p->to);
}

static void print_attributes(struct printer *p, const struct sim_attributes *a)
{
	unsigned long nodes = a->memory_nodes;

	if (a->nice != SIM_NICE_UNSAID)
		print_number(p, "priority", a->nice);
	if (a->weight)
		print_number(p, "sim_weight", a->weight);
	if (a->cpus)
		print_bits(p, "cpus", a->cpus, p->workload->nr_cpu_ids);
	if (a->memory_mode)
		print_bits(p, a->memory_mode == MPOL_BIND ? "membind_nodes" : "sim_prefer_nodes",
			   &nodes, 64);
}

/* --- Events. ------------------------------------------------------------------------------------ */

static void print_timer(struct printer *p, const struct sim_kind *k, const struct sim_event *e)
{
	const struct sim_names *table = e->unique ? &k->timers : &p->workload->timers;
	struct printer inner = open_object(p);

	print_member(&inner, "ref", table->names[e->ref].text);
	print_number(&inner, "period", (s64)(e->ns / 1000));
	if (table->names[e->ref].absolute)
		print_member(&inner, "mode", "absolute");
	close_object(&inner);
}

static void print_condition_and_mutex(struct printer *p, const struct sim_event *e)
{
	struct printer inner = open_object(p);

	print_member(&inner, "ref", p->workload->conditions.names[e->ref].text);
	print_member(&inner, "mutex", p->workload->mutexes.names[e->mutex].text);
	close_object(&inner);
}

static void print_set(struct printer *p, const struct sim_event *e)
{
	struct printer inner = open_object(p);

	print_member(&inner, "task", p->workload->kinds[e->ref]->name);
	print_attributes(&inner, e->attributes);
	close_object(&inner);
}

static void print_argument(struct printer *p, const struct sim_kind *k, const struct sim_event *e)
{
	enum sim_argument with = sim_event_forms[e->kind].with;

	switch (with) {
	case SIM_WITH_NOTHING: fputs("\"\"", p->to); return;
	case SIM_WITH_TIME: fprintf(p->to, "%llu", e->ns / 1000); return;
	case SIM_WITH_TIMER: print_timer(p, k, e); return;
	case SIM_WITH_CONDITION_AND_MUTEX: print_condition_and_mutex(p, e); return;
	case SIM_WITH_KIND: print_text(p->to, p->workload->kinds[e->ref]->name); return;
	case SIM_WITH_ATTRIBUTES: print_set(p, e); return;
	default: print_text(p->to, sim_workload_table(p->workload, with)->names[e->ref].text);
	}
}

/* --- Phases and tasks. -------------------------------------------------------------------------- */

static void print_phase(struct printer *p, const struct sim_kind *k, const struct sim_phase *phase)
{
	struct printer inner = open_object(p);

	if (phase->loop != 1)
		print_number(&inner, "loop", phase->loop);
	print_attributes(&inner, &phase->attributes);
	for (u32 i = 0; i < phase->nr_events; i++) {
		print_key(&inner, sim_event_forms[phase->events[i].kind].key, (s32)i);
		print_argument(&inner, k, &phase->events[i]);
	}
	close_object(&inner);
}

static void print_kind(struct printer *p, const struct sim_kind *k)
{
	struct printer inner = open_object(p), phases;

	if (k->instances != 1)
		print_number(&inner, "instance", k->instances);
	if (k->delay_ns)
		print_number(&inner, "delay", (s64)(k->delay_ns / 1000));
	if (k->ready) {
		print_key(&inner, "sim_ready", -1);
		fputs("true", p->to);
	}
	if (k->loop != SIM_ENDLESS)
		print_number(&inner, "loop", k->loop);
	print_attributes(&inner, &k->attributes);
	print_key(&inner, "phases", -1);
	phases = open_object(&inner);
	for (u32 i = 0; i < k->nr_phases; i++) {
		fputs(i ? ",\n\t\t\t" : "\n\t\t\t", p->to);
		fprintf(p->to, "\"p%u\": ", i);
		print_phase(&phases, k, k->phases[i]);
	}
	close_object(&phases);
	close_object(&inner);
}

void sim_workload_print(const struct sim_workload *w, FILE *to)
{
	struct printer p = { to, w, false };

	fprintf(to, "{\n\t\"global\": { \"duration\": %d },\n\t\"tasks\": {", w->duration_s);
	for (u32 k = 0; k < w->nr_kinds; k++) {
		fputs(k ? ",\n\t\t" : "\n\t\t", to);
		print_text(to, w->kinds[k]->name);
		fputs(": ", to);
		print_kind(&p, w->kinds[k]);
	}
	fputs("\n\t}\n}\n", to);
}
