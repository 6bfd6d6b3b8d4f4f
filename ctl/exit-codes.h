/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exit codes of wd40ctl, as wd40ctl(1) lists them. Within ctl/ a function that can fail returns one
 * of these: who finds the failure has told the user why, so callers only pass it on.
 */
#pragma once

enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,        /* anything else that went wrong */
	CTL_USAGE = 2,         /* bad command line */
	CTL_UNREACHABLE = 3,   /* wd40d is not running, or its bus cannot be reached */
	CTL_NOT_PERMITTED = 4, /* polkit says no, or a password would be needed */
	CTL_REFUSED = 5,       /* a name, a value or files that are not accepted */
	CTL_STALE = 6,    /* --expected-generation is not the generation: somebody was faster */
	CTL_BUSY = 7,     /* something is on trial */
	CTL_NEGATIVE = 8, /* no scheduler is attached, files have problems, something is missing */
};
