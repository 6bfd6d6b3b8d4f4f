/* SPDX-License-Identifier: GPL-2.0-only */
/* The objects /org/scx/Wd40/Node/N<id>; the id is the kernel's. */
#pragma once

#include "dbus/child-objects.h"

#define WD40_NODE_INTERFACE "org.scx.Wd40.Node"

extern const struct child_kind node_objects;
