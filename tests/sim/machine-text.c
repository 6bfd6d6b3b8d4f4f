/* SPDX-License-Identifier: GPL-2.0-only */
/* The text form of machines, which sim.1 describes: read. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/machine-internal.h"

#define MAX_NODE     65535u
#define MAX_CAPACITY 1024u
#define SPACE        " \t\r"

/* Numbers of L2 caches that a file gives; the others are those of their core. */
#define L2_OWN (1u << 20)

struct node_line {
	u32 id, line;
	u32 *distances; /* in the order of ids */
	u32 nr_distances;
};

struct parser {
	const char *name;
	char *why;
	struct sim_machine *m;
	struct cpuset *cpus, *offline; /* of the whole file */
	struct node_line *nodes;
	u32 nr_nodes;
	u32 next_core, next_l2, next_llc; /* that no line has used */
	u32 line;
	char *rest; /* of the line */
};

#define fail(p, format, ...)                                         \
	machine_fail((p)->why, -EINVAL, "%s:%u: " format, (p)->name, \
		     (p)->line __VA_OPT__(, ) __VA_ARGS__)

static char *next_word(struct parser *p)
{
	char *word;

	do
		word = strsep(&p->rest, SPACE);
	while (word && !*word);
	return word;
}

static int parse_number(struct parser *p, const char *what, u32 min, u32 max, u32 *ret)
{
	const char *word = next_word(p);
	unsigned long number;
	char *end;

	if (!word)
		return fail(p, "%s needs a number", what);
	errno = 0;
	number = strtoul(word, &end, 10);
	if (*word < '0' || *word > '9' || *end)
		return fail(p, "%s: \"%.40s\" is not a number", what, word);
	if (errno || number < min || number > max)
		return fail(p, "%s: %.40s is out of range (allowed: %u to %u)", what, word, min,
			    max);
	*ret = (u32)number;
	return 0;
}

static int parse_cpus_list(struct parser *p, const char *what, struct cpuset *s)
{
	const char *word = next_word(p);
	int r = word ? cpuset_parse(s, word) : -EINVAL;

	if (!word || cpuset_first(s) == UINT32_MAX)
		r = r == -ERANGE ? r : -EINVAL;
	if (r == -ERANGE)
		return fail(p, "%s: \"%.40s\" has a CPU above %u", what, word, WD40_MAX_CPUS - 1);
	return r ? fail(p, "%s needs a list of CPUs like 0-3,8", what) : 0;
}

/* --- node ID [distance D...] -------------------------------------------------------------------- */

static int add_distance(struct parser *p, struct node_line *n)
{
	u32 *larger = reallocarray(n->distances, n->nr_distances + 1, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	n->distances = larger;
	return parse_number(p, "distance", 1, 255, &larger[n->nr_distances++]);
}

static int parse_node(struct parser *p)
{
	struct node_line *larger = reallocarray(p->nodes, p->nr_nodes + 1, sizeof(*larger)), *n;
	const char *word;
	int r;

	if (!larger)
		return -ENOMEM;
	p->nodes = larger;
	n = &larger[p->nr_nodes++];
	*n = (struct node_line){ .line = p->line };
	r = parse_number(p, "node", 0, MAX_NODE, &n->id);
	if (r < 0)
		return r;
	word = next_word(p);
	if (word && strcmp(word, "distance") != 0)
		return fail(p, "\"%.40s\" is not \"distance\"", word);
	while (r == 0 && word && p->rest)
		r = add_distance(p, n);
	return r == 0 ? machine_add_node(p->m, n->id) : r;
}

/* --- cpus LIST [KEY NUMBER]... ------------------------------------------------------------------ */

struct cpus_line {
	u32 node, capacity;
	u32 core, threads;
	u32 l2, l2_cpus;
	u32 llc, llc_cpus;
};

static const struct {
	const char *name;
	size_t offset;
	u32 min, max;
} keys[] = {
	{ "node", offsetof(struct cpus_line, node), 0, MAX_NODE },
	{ "capacity", offsetof(struct cpus_line, capacity), 1, MAX_CAPACITY },
	{ "core", offsetof(struct cpus_line, core), 0, WD40_MAX_CPUS - 1 },
	{ "threads", offsetof(struct cpus_line, threads), 1, WD40_MAX_CPUS },
	{ "l2", offsetof(struct cpus_line, l2), 0, WD40_MAX_CPUS - 1 },
	{ "l2-cpus", offsetof(struct cpus_line, l2_cpus), 1, WD40_MAX_CPUS },
	{ "llc", offsetof(struct cpus_line, llc), 0, WD40_MAX_CPUS - 1 },
	{ "llc-cpus", offsetof(struct cpus_line, llc_cpus), 1, WD40_MAX_CPUS },
};

static int parse_key(struct parser *p, const char *word, struct cpus_line *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(word, keys[i].name) == 0)
			return parse_number(p, word, keys[i].min, keys[i].max,
					    (u32 *)((char *)l + keys[i].offset));
	return fail(p, "unknown key \"%.40s\"", word);
}

static void use(u32 *next, u32 number)
{
	if (number >= *next)
		*next = number + 1;
}

static int add_cpus(struct parser *p, const struct cpuset *cpus, const struct cpus_line *l)
{
	bool own_l2 = l->l2_cpus || l->l2 != p->next_l2;
	u32 n = cpuset_count(cpus), i = 0;
	struct sim_cpu *c;

	if (machine_add_cpus(p->m, n) < 0 || machine_add_node(p->m, l->node) < 0)
		return -ENOMEM;
	c = &p->m->cpus[p->m->nr_cpus - n];
	for (u32 id = cpuset_first(cpus); id != UINT32_MAX; id = cpuset_next(cpus, id), i++) {
		u32 core = l->core + i / l->threads, llc = l->llc + i / (l->llc_cpus ?: n);
		u32 l2 = l->l2 + i / (l->l2_cpus ?: n);

		c[i] = (struct sim_cpu){ id,  true,    core,       own_l2 ? L2_OWN + l2 : core,
					 llc, l->node, l->capacity };
		use(&p->next_core, core);
		use(&p->next_llc, llc);
		if (own_l2)
			use(&p->next_l2, l2);
	}
	return 0;
}

static int parse_cpus(struct parser *p)
{
	_cleanup_(cpuset_freep) struct cpuset *cpus = cpuset_new(WD40_MAX_CPUS);
	struct cpus_line l = {
		.capacity = MAX_CAPACITY,
		.core = p->next_core,
		.threads = 1,
		.l2 = p->next_l2,
		.llc = p->next_llc,
	};
	const char *word;
	int r = cpus ? parse_cpus_list(p, "cpus", cpus) : -ENOMEM;

	if (r == 0 && cpuset_intersects(cpus, p->cpus))
		return fail(p, "a CPU of this line was on an earlier one, too");
	while (r == 0 && (word = next_word(p)))
		r = parse_key(p, word, &l);
	if (r < 0)
		return r;
	cpuset_or(p->cpus, cpus);
	return add_cpus(p, cpus, &l);
}

/* --- offline LIST ------------------------------------------------------------------------------- */

static int parse_offline(struct parser *p)
{
	_cleanup_(cpuset_freep) struct cpuset *cpus = cpuset_new(WD40_MAX_CPUS);
	int r = cpus ? parse_cpus_list(p, "offline", cpus) : -ENOMEM;

	if (r < 0)
		return r;
	cpuset_or(p->offline, cpus);
	cpuset_andnot(cpus, p->cpus);
	if (cpuset_first(cpus) != UINT32_MAX)
		return fail(p, "offline: there is no CPU %u above", cpuset_first(cpus));
	return 0;
}

/* --- The file. ---------------------------------------------------------------------------------- */

static int parse_statement(struct parser *p)
{
	const char *word = next_word(p);
	int r;

	if (!word)
		return 0;
	if (strcmp(word, "node") == 0)
		r = parse_node(p);
	else if (strcmp(word, "cpus") == 0)
		r = parse_cpus(p);
	else if (strcmp(word, "offline") == 0)
		r = parse_offline(p);
	else
		return fail(p, "\"%.40s\" is none of node, cpus, offline", word);
	word = r == 0 ? next_word(p) : NULL;
	return word ? fail(p, "\"%.40s\" is too much", word) : r;
}

static int parse_lines(struct parser *p, char *text)
{
	char *line;
	int r = 0;

	while (r == 0 && (line = strsep(&text, "\n"))) {
		line[strcspn(line, "#")] = '\0';
		p->rest = line;
		p->line++;
		r = parse_statement(p);
	}
	return r;
}

static int take_distances(struct parser *p)
{
	struct sim_machine *m = p->m;

	for (u32 i = 0; i < p->nr_nodes; i++) {
		struct node_line *n = &p->nodes[i];
		u32 at = 0;

		p->line = n->line;
		for (; m->node_ids[at] != n->id; at++)
			;
		if (!n->nr_distances)
			continue;
		if (n->nr_distances != m->nr_nodes)
			return fail(p, "%u distances for %u nodes", n->nr_distances, m->nr_nodes);
		memcpy(&m->distances[at * m->nr_nodes], n->distances,
		       m->nr_nodes * sizeof(m->distances[0]));
	}
	return 0;
}

static int parse_text(struct parser *p, char *text)
{
	int r = parse_lines(p, text);

	if (r < 0)
		return r;
	for (u32 i = 0; i < p->m->nr_cpus; i++)
		p->m->cpus[i].online = !cpuset_test(p->offline, p->m->cpus[i].id);
	r = machine_finish(p->m, p->why);
	return r == 0 ? take_distances(p) : r;
}

static void parser_done(struct parser *p)
{
	for (u32 i = 0; i < p->nr_nodes; i++)
		free(p->nodes[i].distances);
	free(p->nodes);
	cpuset_free(p->cpus);
	cpuset_free(p->offline);
}

int machine_parse(const char *name, const char *text, char why[MACHINE_WHY_SIZE],
		  struct sim_machine **ret)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = calloc(1, sizeof(*m));
	_cleanup_(freep) char *copy = strdup(text);
	_cleanup_(parser_done) struct parser p = {
		.name = name,
		.why = why,
		.m = m,
		.cpus = cpuset_new(WD40_MAX_CPUS),
		.offline = cpuset_new(WD40_MAX_CPUS),
	};
	int r = -ENOMEM;

	if (m)
		m->name = strdup(name);
	if (m && m->name && copy && p.cpus && p.offline)
		r = parse_text(&p, copy);
	if (r == 0)
		*ret = TAKE_PTR(m);
	return r;
}
