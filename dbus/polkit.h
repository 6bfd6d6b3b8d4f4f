/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking polkit, without ever waiting for it. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "util/cleanup.h"

enum polkit_answer {
	POLKIT_YES,
	POLKIT_NO,
	POLKIT_CHALLENGE, /* a password would help, but the caller did not allow to ask for one */
	POLKIT_ABSENT,    /* it cannot be asked */
	POLKIT_LATE, /* it was, and said nothing in time; the question waits to be taken back */
};

struct polkit_question;
typedef void (*polkit_answer_fn)(enum polkit_answer answer, void *userdata);

/* What the dialog shows, and a rule may look at. value may be NULL. */
struct polkit_detail {
	const char *key, *value;
};

/*
 * Asks whether the sender, a unique name, may do the action. fn is called once, from the loop and not
 * from here, unless the question is freed before. -ENOMEM, and the errors of a connection.
 */
int polkit_ask(sd_bus *bus, const char *sender, const char *action,
	       const struct polkit_detail *detail, bool interactive, polkit_answer_fn fn,
	       void *userdata, struct polkit_question **ret);

/* Takes the question back, unless polkit has answered: a dialog goes away. */
struct polkit_question *polkit_question_free(struct polkit_question *q);
DEFINE_CLEANUP(struct polkit_question, polkit_question_free)
