/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "tests/unit/daemon/room.h"
#include "util/macro.h"

/* Faults 2 and 16: each domain has its own id and node, and one map tells a CPU's domain. */
static void tables_hold_the_topology(void **state)
{
	struct laid_out *a = *state;
	const struct wd40_shared *s = a->shared;

	assert_int_equal(s->nr_cpu_ids, 8);
	assert_int_equal(s->nr_domains, 4);
	assert_int_equal(s->nr_nodes, 2);
	assert_int_equal(s->mask_words, 1);
	assert_int_equal(s->domain_words, 1);
	assert_int_equal(s->all_cpus[0], 0xff);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(s->cpus[i].domain, i / 2);
		assert_int_equal(s->cpus[i].node, i / 4);
	}
	for (uint32_t i = 0; i < 4; i++) {
		const struct wd40_domain *d = &s->domains[i];

		assert_int_equal(d->id, i);
		assert_int_equal(d->node, i / 2);
		assert_int_equal(d->nr_cpus, 2);
		assert_int_equal(d->first_word, 0);
		assert_int_equal(d->end_word, 1);
		assert_int_equal(d->cpus[0], 3ull << 2 * i);
	}
}

/* Faults 5 and 6. */
static void impossible_and_unseen_cpus_have_no_domain(void **state)
{
	struct room room = room_new(16 * MiB);
	struct topology *t = topology_make(1, 2, 2);

	t->cpus[1].domain = WD40_NO_DOMAIN;
	t->cpus[1].node = WD40_NO_NODE;
	assert_int_equal(arena_lay_out(room.shared, room.size, TASKS_MAX, t), 0);
	assert_int_equal(room.shared->cpus[1].domain, WD40_NO_DOMAIN);
	assert_int_equal(room.shared->cpus[1].node, WD40_NO_NODE);
	assert_int_equal(room.shared->all_cpus[0], 0xd);
	assert_int_equal(room.shared->domains[0].cpus[0], 1);
	assert_int_equal(room.shared->domains[0].nr_cpus, 1);
	topology_free(t);
	room_free(room);
}

static void ids_of_nodes_stand_beside_indices(void **state)
{
	struct room room = room_new(16 * MiB);
	struct topology *t = topology_make(2, 1, 1);

	t->nodes[0].id = 3;
	t->nodes[1].id = 70;
	assert_int_equal(arena_lay_out(room.shared, room.size, TASKS_MAX, t), 0);
	assert_int_equal(room.shared->domains[1].node, 1);
	assert_int_equal(room.shared->domains[1].node_id, 70);
	topology_free(t);
	room_free(room);
}

struct piece {
	uintptr_t start, end;
};

static size_t add_piece(struct piece *pieces, size_t n, const void *start, uint64_t size)
{
	pieces[n] = (struct piece){ (uintptr_t)start, (uintptr_t)start + size };
	return n + 1;
}

static size_t gather_pieces(const struct wd40_shared *s, struct piece *pieces)
{
	uint64_t mask = s->mask_words * sizeof(u64);
	size_t n = 0;

	n = add_piece(pieces, n, s, sizeof(*s));
	n = add_piece(pieces, n, s->cpus, s->nr_cpu_ids * sizeof(s->cpus[0]));
	n = add_piece(pieces, n, s->domains, s->nr_domains * sizeof(s->domains[0]));
	n = add_piece(pieces, n, s->moves, WD40_MOVE_SLOTS * sizeof(s->moves[0]));
	n = add_piece(pieces, n, s->all_cpus, mask);
	for (int i = 0; i < 2; i++) {
		n = add_piece(pieces, n, s->tunes[i].direct_greedy, mask);
		n = add_piece(pieces, n, s->tunes[i].kick_greedy, mask);
	}
	for (uint32_t i = 0; i < s->nr_domains; i++) {
		n = add_piece(pieces, n, s->domains[i].cpus, mask);
		n = add_piece(pieces, n, s->domains[i].victims,
			      s->domains[i].nr_victims * sizeof(u32));
	}
	return add_piece(pieces, n, s->tasks.base,
			 (uint64_t)s->tasks.nr_chunks_max * s->tasks.chunk_pages * WD40_PAGE_SIZE);
}

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void assert_sound(struct room room)
{
	const struct wd40_shared *s = room.shared;
	struct piece *pieces = calloc(10 + 2 * s->nr_domains, sizeof(*pieces));
	size_t n = gather_pieces(s, pieces);

	qsort(pieces, n, sizeof(*pieces), compare_pieces);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(pieces[i].start % WD40_CACHELINE, 0);
		assert_true(i == 0 || pieces[i].start >= pieces[i - 1].end);
	}
	assert_ptr_equal(pieces[0].start, s);
	assert_true(pieces[n - 1].end <= (uintptr_t)s + room.size);
	assert_ptr_equal(pieces[n - 1].start, s->tasks.base);
	assert_int_equal((uintptr_t)s->tasks.base % WD40_PAGE_SIZE, 0);
	free(pieces);
}

static void pieces_do_not_overlap(void **state)
{
	static const uint32_t shapes[][3] = { { 1, 1, 1 }, { 1, 12, 16 }, { 2, 2, 2 },
					      { 3, 7, 5 }, { 64, 2, 4 },  { 1, 200, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct laid_out a = lay_out(shapes[i][0], shapes[i][1], shapes[i][2]);

		assert_sound(a.room);
		laid_out_done(&a);
	}
}

/* Fault 28: nothing below these is a limit. */
static void largest_machine_fits(void **state)
{
	struct room room = room_new(4096 * MiB);
	struct topology *t = topology_make(64, 16, 8);

	assert_int_equal(t->nr_cpu_ids, WD40_MAX_CPUS);
	assert_int_equal(t->nr_domains, WD40_MAX_DOMAINS);
	assert_int_equal(arena_lay_out(room.shared, room.size, 1000000, t), 0);
	assert_sound(room);
	assert_int_equal(room.shared->domains[1023].first_word, 127);
	assert_int_equal(room.shared->domains[1023].end_word, 128);
	assert_true((uint64_t)room.shared->tasks.nr_chunks_max * room.shared->tasks.chunk_objects >=
		    1000000);
	topology_free(t);
	room_free(room);
}

/* BPF finds the tables populated and allocates the pages of the slab itself. */
static void pages_are_touched_up_to_the_slab(void **state)
{
	struct laid_out a = lay_out(4, 64, 2);
	size_t pages = a.room.size / WD40_PAGE_SIZE;
	size_t slab = (size_t)(a.shared->tasks.base - (u8 *)a.shared) / WD40_PAGE_SIZE;
	unsigned char *resident = malloc(pages);

	assert_int_equal(mincore(a.shared, a.room.size, resident), 0);
	for (size_t i = 2; i < slab; i++) /* the struct is the back-end's */
		assert_true(resident[i] & 1);
	for (size_t i = slab; i < pages; i++)
		assert_false(resident[i] & 1);
	free(resident);
	laid_out_done(&a);
}

static void task_objects_have_room_for_the_domains(void **state)
{
	static const uint32_t domains[] = { 1, 64, 65, 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		struct laid_out a = lay_out(1, domains[i], 1);
		const struct wd40_slab *slab = &a.shared->tasks;
		uint64_t needed = sizeof(struct wd40_task) + WD40_WORDS(domains[i]) * sizeof(u64);

		assert_int_equal(slab->object_size % WD40_CACHELINE, 0);
		assert_in_range(slab->object_size, needed, needed + WD40_CACHELINE - 1);
		assert_true(slab->chunk_objects >= 16);
		assert_true((uint64_t)slab->chunk_objects * slab->object_size <=
			    (uint64_t)slab->chunk_pages * WD40_PAGE_SIZE);
		assert_in_range((uint64_t)slab->nr_chunks_max * slab->chunk_objects, TASKS_MAX,
				TASKS_MAX + slab->chunk_objects - 1);
		assert_int_equal(slab->nr_chunks, 0);
		assert_int_equal(slab->free_head, 0);
		laid_out_done(&a);
	}
}

static void slab_is_lowered_to_what_fits(void **state)
{
	struct room room = room_new(2 * MiB);
	struct topology *t = topology_make(1, 1, 1);

	assert_int_equal(arena_lay_out(room.shared, room.size, UINT32_MAX, t), 0);
	assert_sound(room);
	assert_in_range(room.shared->tasks.nr_chunks_max, 1, 2 * MiB / WD40_PAGE_SIZE);
	topology_free(t);
	room_free(room);
}

/* Every size: an error or a sound arena, and never a byte beyond the end. */
static void too_small_an_arena_is_refused(void **state)
{
	struct topology *t = topology_make(2, 8, 4);
	int refused = 0, accepted = 0;

	for (uint64_t size = 0; size < MiB; size += WD40_PAGE_SIZE) {
		struct room room = room_new(size);
		int r = arena_lay_out(room.shared, room.size, TASKS_MAX, t);

		if (r == 0) {
			accepted++;
			assert_sound(room);
		} else {
			refused++;
			assert_int_equal(r, -ENOSPC);
			assert_int_equal(accepted, 0);
		}
		room_free(room);
	}
	assert_true(refused > 0 && accepted > 0);
	topology_free(t);
}

static void assert_victims(const struct wd40_domain *d, const uint32_t *expected, uint32_t n,
			   uint32_t nr_node)
{
	assert_int_equal(d->nr_victims, n);
	assert_int_equal(d->nr_victims_node, nr_node);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(d->victims[i], expected[i]);
}

static void victims_begin_behind_ones_own_place(void **state)
{
	struct laid_out a = lay_out(1, 4, 1);

	assert_victims(&a.shared->domains[0], (uint32_t[]){ 1, 2, 3 }, 3, 3);
	assert_victims(&a.shared->domains[2], (uint32_t[]){ 3, 0, 1 }, 3, 3);
	assert_victims(&a.shared->domains[3], (uint32_t[]){ 0, 1, 2 }, 3, 3);
	laid_out_done(&a);
}

static void victims_of_ones_own_node_come_first(void **state)
{
	struct laid_out *a = *state;

	assert_victims(&a->shared->domains[0], (uint32_t[]){ 1, 3, 2 }, 3, 1);
	assert_victims(&a->shared->domains[1], (uint32_t[]){ 0, 2, 3 }, 3, 1);
	assert_victims(&a->shared->domains[3], (uint32_t[]){ 2, 0, 1 }, 3, 1);
}

static void victims_go_by_distance(void **state)
{
	static const uint32_t distances[3][3] = { { 10, 40, 20 }, { 40, 10, 30 }, { 20, 30, 10 } };
	struct room room = room_new(16 * MiB);
	struct topology *t = topology_make(3, 2, 1);

	for (uint32_t i = 0; i < 3; i++)
		memcpy(t->nodes[i].distance, distances[i], sizeof(distances[i]));
	assert_int_equal(arena_lay_out(room.shared, room.size, TASKS_MAX, t), 0);
	assert_victims(&room.shared->domains[0], (uint32_t[]){ 1, 5, 4, 3, 2 }, 5, 1);
	assert_victims(&room.shared->domains[2], (uint32_t[]){ 3, 5, 4, 1, 0 }, 5, 1);
	topology_free(t);
	room_free(room);
}

/* A node at no distance, as bad firmware has it, is no part of ones own. */
static void own_node_is_first_whatever_the_distances(void **state)
{
	struct room room = room_new(16 * MiB);
	struct topology *t = topology_make(2, 2, 1);

	t->nodes[1].distance[0] = 0;
	assert_int_equal(arena_lay_out(room.shared, room.size, TASKS_MAX, t), 0);
	assert_victims(&room.shared->domains[2], (uint32_t[]){ 3, 1, 0 }, 3, 1);
	topology_free(t);
	room_free(room);
}

/* Fault 20: scx_wd40 leaves one victim out, and looks at itself. */
static void every_other_domain_is_a_victim_once(void **state)
{
	struct laid_out a = lay_out(5, 7, 1);

	for (uint32_t i = 0; i < 35; i++) {
		const struct wd40_domain *d = &a.shared->domains[i];
		uint64_t seen = 0;

		assert_int_equal(d->nr_victims, 34);
		assert_int_equal(d->nr_victims_node, 6);
		for (uint32_t k = 0; k < d->nr_victims; k++) {
			assert_int_equal(a.shared->domains[d->victims[k]].node == d->node, k < 6);
			seen |= 1ull << d->victims[k];
		}
		assert_int_equal(seen, ((1ull << 35) - 1) & ~(1ull << i));
	}
	laid_out_done(&a);
}

static void first_victims_are_spread(void **state)
{
	struct laid_out a = lay_out(2, 6, 1);
	uint32_t attacked[12] = { 0 }, attacked_far[12] = { 0 };

	for (uint32_t i = 0; i < 12; i++) {
		const struct wd40_domain *d = &a.shared->domains[i];

		attacked[d->victims[0]]++;
		attacked_far[d->victims[d->nr_victims_node]]++;
	}
	for (uint32_t i = 0; i < 12; i++) {
		assert_int_equal(attacked[i], 1);
		assert_int_equal(attacked_far[i], 1);
	}
	laid_out_done(&a);
}

static void only_domain_has_no_victims(void **state)
{
	struct laid_out a = lay_out(1, 1, 4);

	assert_int_equal(a.shared->domains[0].nr_victims, 0);
	assert_int_equal(a.shared->domains[0].nr_victims_node, 0);
	laid_out_done(&a);
}

/* The domain's only seen CPU is 65; then 1 and 130 appear, in words before and behind. */
static void cpus_that_appear_join_their_domain(void **state)
{
	struct room room = room_new(16 * MiB);
	struct topology *t = topology_make(1, 1, 140);
	const struct wd40_domain *d;

	for (uint32_t i = 0; i < 140; i++)
		if (i != 65)
			t->cpus[i].domain = WD40_NO_DOMAIN;
	assert_int_equal(arena_lay_out(room.shared, room.size, TASKS_MAX, t), 0);
	d = &room.shared->domains[0];
	assert_int_equal(d->first_word, 1);
	assert_int_equal(d->end_word, 2);
	t->cpus[1].domain = 0;
	t->cpus[130].domain = 0;
	arena_update_cpus(room.shared, NULL, t);
	arena_update_cpus(room.shared, NULL, t);
	assert_int_equal(d->first_word, 0);
	assert_int_equal(d->end_word, 3);
	assert_int_equal(d->nr_cpus, 3);
	assert_true(d->cpus[0] == 2 && d->cpus[1] == 2 && d->cpus[2] == 4);
	assert_true(room.shared->all_cpus[0] == 2 && room.shared->all_cpus[2] == 4);
	assert_int_equal(room.shared->cpus[130].domain, 0);
	assert_int_equal(room.shared->cpus[130].node, 0);
	assert_int_equal(room.shared->cpus[2].domain, WD40_NO_DOMAIN);
	topology_free(t);
	room_free(room);
}

/* Whatever is written over them, they are put back, and nothing else is. */
static void constants_are_put_back(void **state)
{
	struct laid_out *a = *state;
	struct wd40_shared *s = a->shared;
	_cleanup_(arena_constants_freep) struct arena_constants *c = NULL;
	struct wd40_domain *domains = s->domains;
	u64 *cpus = domains[3].cpus;

	assert_int_equal(arena_constants_new(s, &c), 0);
	assert_false(arena_put_back_domains(s, c));
	s->cpus = NULL;
	s->domains = (struct wd40_domain *)1;
	s->nr_domains = 0xffffffff;
	s->tunes[1].overutilized = (u64 *)1;
	s->tasks.base = NULL;
	s->tasks.nr_chunks = 7;
	s->tune_current = 9;
	assert_true(arena_put_back(s, c));
	assert_false(arena_put_back(s, c));
	assert_ptr_equal(s->domains, domains);
	assert_int_equal(s->nr_domains, 4);
	assert_true(s->cpus && s->tasks.base && s->tunes[1].overutilized != (u64 *)1);
	assert_true(s->tasks.nr_chunks == 7 && s->tune_current == 9);
	domains[3].node = 12345;
	domains[3].cpus = NULL;
	domains[3].nr_tasks = 5;
	assert_true(arena_put_back_domains(s, c));
	assert_true(domains[3].node == 1 && domains[3].cpus == cpus && domains[3].nr_tasks == 5);
}

/* A domain that leads elsewhere is put right before the CPU is written into its mask. */
static void cpus_appear_in_what_was_laid_out(void **state)
{
	struct laid_out *a = *state;
	_cleanup_(arena_constants_freep) struct arena_constants *c = NULL;
	struct wd40_domain *d = &a->shared->domains[0];
	u64 *cpus = d->cpus, elsewhere[64] = { 0 };

	assert_int_equal(arena_constants_new(a->shared, &c), 0);
	a->shared->cpus[0].domain = WD40_NO_DOMAIN;
	d->cpus = elsewhere;
	arena_update_cpus(a->shared, c, a->t);
	assert_ptr_equal(d->cpus, cpus);
	assert_true(elsewhere[0] == 0 && (cpus[0] & 1) && a->shared->cpus[0].domain == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tables_hold_the_topology),
		TEST(constants_are_put_back),
		TEST(cpus_appear_in_what_was_laid_out),
		cmocka_unit_test(impossible_and_unseen_cpus_have_no_domain),
		cmocka_unit_test(ids_of_nodes_stand_beside_indices),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(largest_machine_fits),
		cmocka_unit_test(pages_are_touched_up_to_the_slab),
		cmocka_unit_test(task_objects_have_room_for_the_domains),
		cmocka_unit_test(slab_is_lowered_to_what_fits),
		cmocka_unit_test(too_small_an_arena_is_refused),
		cmocka_unit_test(victims_begin_behind_ones_own_place),
		TEST(victims_of_ones_own_node_come_first),
		cmocka_unit_test(victims_go_by_distance),
		cmocka_unit_test(own_node_is_first_whatever_the_distances),
		cmocka_unit_test(every_other_domain_is_a_victim_once),
		cmocka_unit_test(first_victims_are_spread),
		cmocka_unit_test(only_domain_has_no_victims),
		cmocka_unit_test(cpus_that_appear_join_their_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
