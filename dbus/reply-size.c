/* SPDX-License-Identifier: GPL-2.0-only */
#include "dbus/reply-size.h"

#include "dbus/statistics-message.h"
#include "dbus/wd40-object.h"
#include "dbus/wd40-statistics.h"

#define KIB 1024u

/* Those that are larger than others. */
static const struct {
	const char *interface, *member;
	uint32_t bytes, child_bytes; /* in all, and for each node and domain */
} sizes[] = {
	{ WD40_STATISTICS_INTERFACE, "GetMetadata", 32 * KIB, 0 },
	{ "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", KIB, 5 * KIB / 4 },
	{ "org.freedesktop.DBus.Introspectable", "Introspect", 48 * KIB, 64 },
	{ NULL, NULL, 16 * KIB, 0 },
};

uint32_t reply_size_max(sd_bus_message *call, const struct topology *t)
{
	uint32_t nr_nodes = t ? t->nr_nodes : 0, nr_domains = t ? t->nr_domains : 0;
	size_t i = 0;

	if (sd_bus_message_is_method_call(call, WD40_STATISTICS_INTERFACE, "GetStatistics"))
		return statistics_size_max(NULL, nr_nodes, nr_domains);
	while (sizes[i].member &&
	       !sd_bus_message_is_method_call(call, sizes[i].interface, sizes[i].member))
		i++;
	return sizes[i].bytes + (nr_nodes + nr_domains) * sizes[i].child_bytes;
}
