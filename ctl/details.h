/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What not everybody may know: names of tasks in what the kernel said, and who has set what. It is put
 * where everybody's answers lack it, for whom the daemon tells it.
 */
#pragma once

#include "ctl/client.h"

/*
 * Asks the daemon, and never for a password. NULL, without a word, when it does not tell or is older; the
 * caller's reference.
 */
json_object *details_get(struct client *c);

/* Completes StateReason and LastExit among the properties of the main interface. details may be NULL. */
void details_add_to_state(json_object *properties, json_object *details);

/* Adds uid, caller and reason to the rows of DescribeTunables that were set at run time, likewise. */
void details_add_to_rows(json_object *rows, json_object *details);
