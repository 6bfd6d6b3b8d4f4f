/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints what the daemon's Dump() gives: a file descriptor, which busctl cannot read. */
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

static int print(int fd)
{
	char part[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET); /* a pipe has none */
	while ((n = read(fd, part, sizeof(part))) > 0)
		fwrite(part, 1, (size_t)n, stdout);
	return (int)n;
}

int main(void)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	sd_bus *bus = NULL;
	int fd, r = sd_bus_open_system(&bus);

	if (r >= 0)
		r = sd_bus_call_method(bus, "org.scx.Wd40", "/org/scx/Wd40", "org.scx.Wd40", "Dump",
				       &error, &reply, "");
	if (r >= 0)
		r = sd_bus_message_read(reply, "h", &fd);
	if (r >= 0)
		r = print(fd);
	if (r < 0)
		fprintf(stderr, "dump: %s\n", error.message ? error.message : strerror(-r));
	sd_bus_message_unref(reply);
	sd_bus_unref(bus);
	return r < 0;
}
