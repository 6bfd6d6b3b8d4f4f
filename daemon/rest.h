/* SPDX-License-Identifier: GPL-2.0-only */
/* Which tasks the balancer leaves alone for some rounds, since it has moved or tried to move them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/shared.h"
#include "util/cleanup.h"

struct rest;

int rest_new(struct rest **ret); /* -ENOMEM */
struct rest *rest_free(struct rest *r);
DEFINE_CLEANUP(struct rest, rest_free)

/*
 * The task rests until that round, which is the first one where it does not. Grows with the highest
 * slot ever given; where there is no memory for that, the task does not rest.
 */
void rest_until(struct rest *r, wd40_handle task, uint32_t round);

bool rest_in(const struct rest *r, wd40_handle task, uint32_t round);
