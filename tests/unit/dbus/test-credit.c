/* SPDX-License-Identifier: GPL-2.0-only */
/* What may lie unread: of a client, of a user, of all; and what gives it back. */
#include "dbus/credit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define KIB 1024u
#define MIB (1024u * KIB)

static struct credit_client join(struct credit *c, uid_t uid)
{
	struct credit_client client = { 0 };

	assert_int_equal(credit_join(c, &client, uid), 0);
	return client;
}

/* How often so many bytes may be sent. */
static uint32_t take_all(struct credit *c, struct credit_client *client,
			 enum credit_purpose purpose, uint32_t bytes)
{
	uint32_t n = 0;

	while (credit_take(c, client, purpose, bytes))
		n++;
	return n;
}

static void test_a_client_has_a_credit(void **state)
{
	struct credit c = { 0 };
	struct credit_client client = join(&c, 1000);
	uint32_t whole = CREDIT_OF_CLIENT_BYTES / (64 * KIB);

	assert_int_equal(take_all(&c, &client, CREDIT_SAMPLE, 64 * KIB), whole / 2);
	assert_int_equal(take_all(&c, &client, CREDIT_REPLY, 64 * KIB), whole / 2);
	assert_int_equal(take_all(&c, &client, CREDIT_REFUSAL, 64 * KIB), whole / 8);
	assert_int_equal(take_all(&c, &client, CREDIT_REFUSAL, 64 * KIB), 0);
	credit_leave(&c, &client);
	assert_null(c.users);
}

static void test_one_that_is_larger_fits_alone(void **state)
{
	struct credit c = { 0 };
	struct credit_client client = join(&c, 1000), other = join(&c, 1000);

	assert_true(credit_take(&c, &client, CREDIT_SAMPLE, CREDIT_OF_ALL_BYTES + 1));
	assert_false(credit_take(&c, &client, CREDIT_REFUSAL, 1));
	assert_false(credit_take(&c, &other, CREDIT_REFUSAL, 1));
	credit_leave(&c, &client);
	assert_true(credit_take(&c, &other, CREDIT_SAMPLE, 1));
	credit_leave(&c, &other);
}

/* However many connections there are. */
static void test_a_user_has_a_credit(void **state)
{
	struct credit c = { 0 };
	struct credit_client clients[16], other = join(&c, 1001);
	uint64_t sum = 0;

	for (size_t i = 0; i < 16; i++) {
		clients[i] = join(&c, 1000);
		sum += 64 * KIB * take_all(&c, &clients[i], CREDIT_REPLY, 64 * KIB);
	}
	assert_int_equal(sum, CREDIT_OF_USER_BYTES);
	assert_int_equal(c.unread_bytes, sum);
	assert_true(credit_take(&c, &other, CREDIT_SAMPLE, 64 * KIB));
	for (size_t i = 0; i < 16; i++)
		credit_leave(&c, &clients[i]);
	assert_int_equal(c.unread_bytes, 64 * KIB);
	credit_leave(&c, &other);
	assert_null(c.users);
}

/* When all others together have used theirs up, and far less than a bus takes is unread. */
static void test_root_has_its_own(void **state)
{
	struct credit c = { 0 };
	struct credit_client clients[32], root = join(&c, 0);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < 32; i++) {
		clients[i] = join(&c, 1000 + i);
		sum += 64 * KIB * take_all(&c, &clients[i], CREDIT_REFUSAL, 64 * KIB);
	}
	assert_int_equal(sum, CREDIT_OF_ALL_BYTES + CREDIT_OF_ALL_BYTES / 8);
	assert_in_range(sum + CREDIT_OF_ROOT_BYTES + CREDIT_OF_ROOT_BYTES / 8, 1, 100 * MIB);
	assert_int_equal(take_all(&c, &root, CREDIT_REPLY, 64 * KIB),
			 CREDIT_OF_CLIENT_BYTES / (64 * KIB));
	assert_int_equal(c.unread_bytes, sum);
	for (uint32_t i = 0; i < 32; i++)
		credit_leave(&c, &clients[i]);
	credit_leave(&c, &root);
}

static void test_an_answer_is_about_what_was_before(void **state)
{
	struct credit c = { 0 };
	struct credit_client client = join(&c, 1000);

	assert_true(credit_take(&c, &client, CREDIT_REPLY, 3000));
	credit_ask(&client);
	assert_true(credit_take(&c, &client, CREDIT_REPLY, 500));
	credit_answer(&c, &client, 1000);
	assert_int_equal(client.unread_bytes, 1500);
	credit_ask(&client);
	credit_answer(&c, &client, 0);
	assert_int_equal(client.unread_bytes, 0);
	assert_int_equal(c.unread_bytes, 0);
	assert_int_equal(client.user->unread_bytes, 0);
	credit_leave(&c, &client);
}

/* Else who sends his own connection a lot would use up the credit of all. */
static void test_what_others_sent_does_not_count(void **state)
{
	struct credit c = { 0 };
	struct credit_client client = join(&c, 1000);

	assert_true(credit_take(&c, &client, CREDIT_REPLY, 3000));
	credit_ask(&client);
	assert_true(credit_take(&c, &client, CREDIT_REPLY, 500));
	credit_answer(&c, &client, 100 * MIB);
	assert_int_equal(c.unread_bytes, 3500);
	credit_leave(&c, &client);
}

static void test_leaving_needs_no_joining(void **state)
{
	struct credit c = { 0 };
	struct credit_client client = { 0 };

	credit_leave(&c, &client);
	assert_null(c.users);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_client_has_a_credit),
		cmocka_unit_test(test_one_that_is_larger_fits_alone),
		cmocka_unit_test(test_a_user_has_a_credit),
		cmocka_unit_test(test_root_has_its_own),
		cmocka_unit_test(test_an_answer_is_about_what_was_before),
		cmocka_unit_test(test_what_others_sent_does_not_count),
		cmocka_unit_test(test_leaving_needs_no_joining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
