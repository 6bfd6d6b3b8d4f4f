/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may do what: THE table of authorisation. Whatever it does not list is refused. */
#pragma once

#include <stdbool.h>

/* In the order of GetPermissions; the names stand in org.scx.Wd40.policy. */
enum action {
	ACTION_SET_TUNABLES,
	ACTION_SAVE_CONFIGURATION,
	ACTION_MANAGE_SCHEDULER,
	ACTION_RESET_STATISTICS,
	ACTION_DUMP,
	NR_ACTIONS,
	ACTION_NONE = NR_ACTIONS, /* everybody may */
	ACTION_IDENTIFY,          /* everybody may, once it is known who it is */
};

/* The action's name in polkit. */
const char *action_name(enum action action);

/*
 * Which action a method of one of our interfaces, or the writing of a property there, is: an enum
 * action, or -ENOENT.
 */
int permission_of_method(const char *interface, const char *member);
int permission_of_property(const char *interface, const char *property);

/* Whether the interface is one of ours, so that a member without a permission is refused. */
bool permission_is_ours(const char *interface);
