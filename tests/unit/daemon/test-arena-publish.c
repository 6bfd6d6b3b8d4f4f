/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/daemon/room.h"
#include "util/macro.h"

static struct tunable_set some_values(void)
{
	struct tunable_set set = { 0 };
	struct tunable_value *v = set.values;

	v[TUNABLE_SLICE_UNDERUTIL].usec = 20000;
	v[TUNABLE_SLICE_OVERUTIL].usec = 1000;
	v[TUNABLE_LOAD_HALF_LIFE].usec = 1000000;
	v[TUNABLE_GREEDY_THRESHOLD].u = 3;
	v[TUNABLE_GREEDY_THRESHOLD_X_NUMA].u = 5;
	v[TUNABLE_PERF].u = 700;
	return set;
}

static void configuration_holds_the_values(void **state)
{
	struct laid_out *a = *state;
	struct tunable_set set = some_values();
	const struct wd40_config *c;
	uint32_t retired = 0;

	set.values[TUNABLE_KTHREADS_LOCAL].b = true;
	set.values[TUNABLE_MEMPOLICY_AFFINITY].b = true;
	assert_int_equal(arena_publish_config(a->shared, &set, 17, &retired), 0);
	c = arena_config(a->shared);
	assert_int_equal(c->generation, 17);
	assert_int_equal(c->slice_underutil_ns, 20000000);
	assert_int_equal(c->slice_overutil_ns, 1000000);
	assert_int_equal(c->load_half_life_ns, 1000000000);
	assert_int_equal(c->greedy_threshold, 3);
	assert_int_equal(c->greedy_threshold_x_numa, 5);
	assert_int_equal(c->perf_level, 700);
	assert_true(c->kthreads_local && c->mempolicy_affinity);
	assert_false(c->fifo_sched || c->direct_greedy_numa || c->order_changed);
	set.values[TUNABLE_DIRECT_GREEDY_NUMA].b = true;
	set.values[TUNABLE_KTHREADS_LOCAL].b = false;
	assert_int_equal(arena_publish_config(a->shared, &set, 18, &retired), 0);
	assert_true(arena_config(a->shared)->direct_greedy_numa);
	assert_false(arena_config(a->shared)->kthreads_local);
}

static void publish_fifo(struct laid_out *a, bool fifo, uint64_t generation, bool changed)
{
	struct tunable_set set = some_values();
	uint32_t retired = 0;

	set.values[TUNABLE_FIFO_SCHED].b = fifo;
	assert_int_equal(arena_publish_config(a->shared, &set, generation, &retired), 0);
	assert_int_equal(arena_config(a->shared)->fifo_sched, fifo);
	assert_int_equal(arena_config(a->shared)->order_changed, changed);
}

/* Once tasks may be in both queues, BPF has to look into both for good. */
static void changed_order_is_remembered(void **state)
{
	publish_fifo(*state, true, 1, false);
	publish_fifo(*state, true, 2, false);
	publish_fifo(*state, false, 3, true);
	publish_fifo(*state, true, 4, true);
	publish_fifo(*state, true, 5, true);
}

/* I7: whoever holds a slot sees one generation, whatever is published until a grace period. */
static void slots_in_use_are_not_written(void **state)
{
	struct laid_out *a = *state;
	struct tunable_set set = some_values();
	const struct wd40_config *held[WD40_CONFIG_SLOTS];
	struct wd40_config copies[WD40_CONFIG_SLOTS];
	uint32_t retired = 0;

	for (uint32_t i = 0; i < WD40_CONFIG_SLOTS - 1; i++) {
		assert_int_equal(retired, i);
		assert_int_equal(arena_publish_config(a->shared, &set, i + 1, &retired), 0);
		held[i] = arena_config(a->shared);
		copies[i] = *held[i];
	}
	for (uint32_t i = 0; i < WD40_CONFIG_SLOTS - 1; i++)
		assert_memory_equal(held[i], &copies[i], sizeof(copies[i]));
	assert_int_equal(retired, WD40_CONFIG_SLOTS - 1);
}

/* seccomp's answer to membarrier; every other system call is allowed. */
static void trap_membarrier(uint32_t answer)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(100);
}

static volatile sig_atomic_t nr_membarriers;

static void count_membarrier(int sig)
{
	nr_membarriers++;
}

/* Runs fn, which ends by _exit, in a child with that answer to membarrier; returns its status. */
static int in_child(struct laid_out *a, uint32_t answer, void (*fn)(struct laid_out *))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		trap_membarrier(answer);
		fn(a);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void publish_many(struct laid_out *a, uint32_t n)
{
	struct tunable_set set = some_values();
	static uint32_t retired;
	static uint64_t generation;

	for (uint32_t i = 0; i < n; i++)
		if (arena_publish_config(a->shared, &set, ++generation, &retired) != 0 ||
		    arena_config(a->shared)->generation != generation)
			_exit(101);
}

static void count_waits(struct laid_out *a)
{
	if (signal(SIGSYS, count_membarrier) == SIG_ERR)
		_exit(102);
	publish_many(a, WD40_CONFIG_SLOTS - 1);
	if (nr_membarriers != 0)
		_exit(103);
	publish_many(a, 1);
	if (nr_membarriers != 1)
		_exit(104);
	publish_many(a, 3 * (WD40_CONFIG_SLOTS - 1));
	_exit(nr_membarriers);
}

static void used_slots_wait_for_a_grace_period(void **state)
{
	assert_int_equal(in_child(*state, SECCOMP_RET_TRAP, count_waits), 4);
}

static void publish_without_membarrier(struct laid_out *a)
{
	struct timespec from, to;

	publish_many(a, WD40_CONFIG_SLOTS - 1);
	clock_gettime(CLOCK_MONOTONIC, &from);
	publish_many(a, 1);
	clock_gettime(CLOCK_MONOTONIC, &to);
	_exit((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 < 99);
}

/* nohz_full kernels refuse membarrier: changes must still get through. */
static void without_membarrier_it_sleeps(void **state)
{
	assert_int_equal(in_child(*state, SECCOMP_RET_ERRNO | EINVAL, publish_without_membarrier),
			 0);
}

static struct tuner_decision *decide(struct laid_out *a, const char *direct, const char *kick,
				     bool overutilized)
{
	struct tuner_decision *d;

	assert_int_equal(tuner_decision_new(a->t, &d), 0);
	assert_int_equal(cpuset_parse(d->direct_greedy, direct), 0);
	assert_int_equal(cpuset_parse(d->kick_greedy, kick), 0);
	if (overutilized)
		cpuset_set(d->full_domains, 2);
	return d;
}

static const struct wd40_tune *current_tune(struct laid_out *a)
{
	return &a->shared->tunes[a->shared->tune_current & 1];
}

/* Fault 8: a round replaces the one before, and never in the slot that readers use. */
static void tunes_alternate(void **state)
{
	struct laid_out *a = *state;
	_cleanup_(tuner_decision_freep) struct tuner_decision *one = decide(a, "0-3", "0-7", true),
							      *two = decide(a, "", "4", false);
	const struct wd40_tune *first, *second;

	arena_publish_tune(a->shared, one);
	first = current_tune(a);
	assert_true(first->direct_greedy[0] == 0xf && first->kick_greedy[0] == 0xff);
	assert_true(first->overutilized[0] == 1 << 2 && first->any_direct_greedy &&
		    first->any_kick_greedy && first->any_overutilized);
	arena_publish_tune(a->shared, two);
	second = current_tune(a);
	assert_ptr_not_equal(first, second);
	assert_true(first->direct_greedy[0] == 0xf && first->overutilized[0]);
	assert_true(second->direct_greedy[0] == 0 && second->kick_greedy[0] == 1 << 4);
	assert_false(second->overutilized[0] || second->any_overutilized ||
		     second->any_direct_greedy);
	assert_true(second->any_kick_greedy);
	assert_int_equal(second->round, first->round + 1);
	arena_publish_tune(a->shared, two);
	assert_true(current_tune(a) == first && first->direct_greedy[0] == 0);
}

static void counters_are_summed(void **state)
{
	struct laid_out *a = *state;

	for (uint32_t i = 0; i < 8; i++)
		a->shared->cpus[i].counters[WD40_CTR_STEAL_FAR] = 1ull << 40;
	a->shared->cpus[7].counters[WD40_CTR_TASK_MISSING] = 5;
	assert_int_equal(arena_counter(a->shared, WD40_CTR_STEAL_FAR), 1ull << 43);
	assert_int_equal(arena_counter(a->shared, WD40_CTR_TASK_MISSING), 5);
	assert_int_equal(arena_counter(a->shared, WD40_CTR_WSYNC), 0);
}

/* BPF says where it is: it may be anywhere, of any length, or nowhere. */
static void the_dump_is_of_the_arena(void **state)
{
	struct laid_out *a = *state;
	char *end = (char *)a->shared + a->room.size;
	const char *const outside[] = { NULL, (char *)a->shared - 1, end, (char *)1, (char *)-1 };
	_cleanup_(freep) char *dump = NULL, *rest = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		a->shared->exit_dump = outside[i];
		assert_null(arena_copy_exit_dump(a->shared, a->room.size));
	}
	a->shared->exit_dump = strcpy(end - 100, "cpu 0\ncpu 1\n");
	dump = arena_copy_exit_dump(a->shared, a->room.size);
	assert_string_equal(dump, "cpu 0\ncpu 1\n");
	memset(end - 100, 'x', 100); /* it does not end */
	rest = arena_copy_exit_dump(a->shared, a->room.size);
	assert_int_equal(strlen(rest), 100);
}

/* It is the daemon's own, but BPF can write it. */
static void no_configuration_is_beyond_the_slots(void **state)
{
	struct laid_out *a = *state;

	a->shared->config_current = 0xfffffff5;
	assert_ptr_equal(arena_config(a->shared), &a->shared->configs[5]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(configuration_holds_the_values),
		TEST(changed_order_is_remembered),
		TEST(slots_in_use_are_not_written),
		TEST(used_slots_wait_for_a_grace_period),
		TEST(without_membarrier_it_sleeps),
		TEST(tunes_alternate),
		TEST(counters_are_summed),
		TEST(the_dump_is_of_the_arena),
		TEST(no_configuration_is_beyond_the_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
