/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit codes of wd40d, as wd40d(8) lists them. From 64 on they have the meaning of <sysexits.h>. */
#pragma once

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_USAGE = 2,        /* bad command line */
	EXIT_CODE_CONFIG = 65,      /* --check found problems; domains that cannot be made */
	EXIT_CODE_UNAVAILABLE = 69, /* the kernel or the machine lacks something */
	EXIT_CODE_INTERNAL = 70,    /* an error within wd40d, or the kernel ended the scheduler */
	EXIT_CODE_TEMPORARY = 75,   /* another scheduler is active */
	EXIT_CODE_NOT_PERMITTED = 77,
};
