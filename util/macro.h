/* SPDX-License-Identifier: GPL-2.0-only */
/* The few macros that every part uses. */
#pragma once

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define _printf_(format_index, first_index) \
	__attribute__((format(printf, format_index, first_index)))
