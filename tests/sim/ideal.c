// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "tests/sim/ideal-network.h"
#include "tests/sim/ideal.h"
#include "tests/sim/report-memory.h"

#define NO_CLASS (~0u)

/* An edge that was looked at may cost so much virtual time until the next computation: keeps it cheap. */
#define PAUSE_NS_PER_EDGE 50

/* So much of what the CPUs can do is all of it: rates are sums of fractions. */
#define RATE_FULL 0.9999

struct ideal {
	struct mask_table *masks;
	struct network *network;
	u64 interval_ns;
	bool *online, *available;
	u64 *occupied_until;
	u32 nr_cpus;
	struct ideal_class *classes;
	u32 nr, room;
	u32 *first_of_mask, room_masks;
	bool changed;
	u64 next_at; /* rates are not computed before */
	u64 nr_solved;
	double rate, total_ns; /* of all tasks together */
	u64 total_at;
	u32 *capacity;
	bool late, spare; /* since ideal_take_doubt: changes had to wait; CPUs had nothing to do */
};

struct ideal *ideal_new(struct mask_table *masks, const u32 *capacity, u64 interval_ns)
{
	struct ideal *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->masks = masks;
	m->interval_ns = interval_ns;
	m->nr_cpus = mask_table_nr_bits(masks);
	m->capacity = sim_grow(NULL, m->nr_cpus, sizeof(*capacity));
	memcpy(m->capacity, capacity, m->nr_cpus * sizeof(*capacity));
	m->online = calloc(m->nr_cpus, sizeof(*m->online));
	m->available = calloc(m->nr_cpus, sizeof(*m->available));
	m->occupied_until = calloc(m->nr_cpus, sizeof(*m->occupied_until));
	m->network = network_new(masks, capacity);
	if (!m->online || !m->available || !m->occupied_until || !m->network)
		return ideal_free(m);
	return m;
}

struct ideal *ideal_free(struct ideal *m)
{
	if (!m)
		return NULL;
	free(m->online);
	free(m->available);
	free(m->occupied_until);
	free(m->capacity);
	network_free(m->network);
	free(m->classes);
	free(m->first_of_mask);
	free(m);
	return NULL;
}

void ideal_set_online(struct ideal *m, s32 cpu, bool online)
{
	m->online[cpu] = online;
	m->changed = true;
}

void ideal_occupy(struct ideal *m, s32 cpu, u64 now_ns, u64 ns)
{
	u64 *until = &m->occupied_until[cpu];

	*until = (*until > now_ns ? *until : now_ns) + ns;
	m->changed = true;
}

static u32 *first_of(struct ideal *m, u32 mask)
{
	if (mask >= m->room_masks) {
		u32 room = 2 * (mask + 1);

		m->first_of_mask = sim_grow(m->first_of_mask, room, sizeof(u32));
		memset(m->first_of_mask + m->room_masks, 0xff,
		       (room - m->room_masks) * sizeof(u32));
		m->room_masks = room;
	}
	return &m->first_of_mask[mask];
}

u32 ideal_class(struct ideal *m, u32 mask, u32 weight)
{
	u32 *first = first_of(m, mask), i = *first;

	while (i != NO_CLASS && m->classes[i].weight != weight)
		i = m->classes[i].next;
	if (i != NO_CLASS)
		return i;
	if (m->nr == m->room) {
		m->room = m->room ? 2 * m->room : 16;
		m->classes = sim_grow(m->classes, m->room, sizeof(*m->classes));
	}
	m->classes[m->nr] = (struct ideal_class){ .mask = mask, .weight = weight, .next = *first };
	*first = m->nr;
	return m->nr++;
}

double ideal_work_ns(struct ideal *m, u32 class, u64 now_ns)
{
	struct ideal_class *c = &m->classes[class];

	c->work_ns += c->rate * (double)(now_ns - c->at_ns);
	c->at_ns = now_ns;
	return c->work_ns;
}

double ideal_enter(struct ideal *m, u32 class, u64 now_ns)
{
	m->classes[class].nr++;
	m->changed = true;
	return ideal_work_ns(m, class, now_ns);
}

double ideal_leave(struct ideal *m, u32 class, u64 now_ns)
{
	m->classes[class].nr--;
	m->changed = true;
	return ideal_work_ns(m, class, now_ns);
}

/* Returns whether a CPU will become available by and by. */
static bool update_available(struct ideal *m, u64 now_ns)
{
	bool any_occupied = false;

	for (u32 cpu = 0; cpu < m->nr_cpus; cpu++) {
		bool occupied = m->occupied_until[cpu] > now_ns;

		any_occupied |= occupied;
		m->available[cpu] = m->online[cpu] && !occupied;
	}
	return any_occupied;
}

double ideal_total_ns(const struct ideal *m, u64 now_ns)
{
	return m->total_ns + m->rate * (double)(now_ns - m->total_at);
}

/* What the available CPUs can do, in CPUs of capacity 1024. */
static double rate_max(const struct ideal *m)
{
	double rate = 0;

	for (u32 cpu = 0; cpu < m->nr_cpus; cpu++)
		rate += m->available[cpu] ? m->capacity[cpu] / 1024.0 : 0;
	return rate;
}

/* The rates are new. */
static void set_total(struct ideal *m, u64 now_ns)
{
	m->total_ns = ideal_total_ns(m, now_ns);
	m->total_at = now_ns;
	m->rate = 0;
	for (u32 i = 0; i < m->nr; i++)
		m->rate += m->classes[i].nr * m->classes[i].rate;
	m->spare |= m->rate < RATE_FULL * rate_max(m);
}

bool ideal_take_doubt(struct ideal *m)
{
	bool doubt = m->late && m->spare;

	m->late = m->changed;
	m->spare = m->rate < RATE_FULL * rate_max(m);
	return doubt;
}

void ideal_settle(struct ideal *m, u64 now_ns)
{
	u64 work;

	if (!m->changed)
		return;
	if (now_ns < m->next_at) {
		m->late = true;
		return;
	}
	for (u32 i = 0; i < m->nr; i++)
		ideal_work_ns(m, i, now_ns);
	m->changed = update_available(m, now_ns);
	work = network_solve(m->network, m->classes, m->nr, m->available);
	set_total(m, now_ns);
	m->nr_solved++;
	if (m->interval_ns)
		m->next_at = now_ns + m->interval_ns + work * PAUSE_NS_PER_EDGE;
}

u64 ideal_nr_solved(const struct ideal *m)
{
	return m->nr_solved;
}
