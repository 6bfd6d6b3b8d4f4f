/* SPDX-License-Identifier: GPL-2.0-only */
/* The objects /org/scx/Wd40/Domain/D<id>. */
#pragma once

#include "dbus/child-objects.h"

#define WD40_DOMAIN_INTERFACE "org.scx.Wd40.Domain"

extern const struct child_kind domain_objects;
