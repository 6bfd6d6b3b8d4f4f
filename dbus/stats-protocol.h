/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of the scx project's scx_stats crate, as scx_rusty speaks it: each request is a line of
 * JSON, and so is its answer.
 *
 *	{"req":"stats","args":{"target":"top"}}		args and target may be left out
 *	{"errno":0,"args":{"resp":{..}}}
 *	{"req":"stats_meta"}
 *	{"errno":0,"args":{"resp":{"ClusterStats":{..},"NodeStats":{..},"DomainStats":{..}}}}
 *	anything else
 *	{"errno":22,"args":{"resp":"why"}}
 *
 * Counters are told as growth since the client's last request, or in percent of that of all scheduling
 * events; 0 when nothing has happened. Pure.
 */
#pragma once

#include <stddef.h>

#include "daemon/statistics.h"

/* Longest request, with its newline. */
#define STATS_REQUEST_MAX 4096u

/*
 * The answer to a line of length bytes (with or without a newline): text with a newline at its end, that
 * the caller frees. now: the statistics at this moment; last: those of the client's last request, brought
 * up to date when statistics are told. -ENOMEM.
 */
int stats_protocol_answer(const char *line, size_t length, const struct statistics *now,
			  struct statistics_machine *last, char **ret);

/* The answer to a request that is too long. */
int stats_protocol_refuse(const char *why, char **ret);
