/* SPDX-License-Identifier: GPL-2.0-only */
/* Times that callers may ask for, beside the tunables. */
#pragma once

/* How long values may be on trial. */
#define TRIAL_SHORTEST_USEC (100ull * 1000)
#define TRIAL_LONGEST_USEC  (3600ull * 1000 * 1000)

/* The time between two samples of a subscription to statistics. */
#define SUBSCRIPTION_INTERVAL_MIN_USEC (100ull * 1000)
#define SUBSCRIPTION_INTERVAL_MAX_USEC (3600ull * 1000 * 1000)
