/* SPDX-License-Identifier: GPL-2.0-only */
/* reload, attach, detach and reattach; dump; permissions. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/change.h"
#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/verbs.h"

#define RELOAD_STRICT UINT64_C(1)

/* What is wrong in the files has been left out, and it is told how much that is. */
static int print_problems(struct client *c)
{
	_cleanup_(json_putp) json_object *problems = NULL;
	int r = client_call(c, CLIENT_READS, "CheckConfig", &problems, "");
	size_t n = r ? 0 : json_length(problems);

	if (n)
		printf("%zu problem%s in the files: wd40ctl check\n", n, n == 1 ? "" : "s");
	return r;
}

int verb_reload(struct client *c, const struct request *q)
{
	int r = client_call(c, CLIENT_CHANGES, "Reload", NULL, "t",
			    request_has(q, OPT_STRICT) ? RELOAD_STRICT : UINT64_C(0));

	return r ?: print_problems(c);
}

static int control(struct client *c, const struct request *q, const char *member)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = client_new_call(c, CLIENT_INTERFACE, member, &m);

	if (!r)
		r = change_append_options(q, m);
	return r ?: client_send(c, CLIENT_CHANGES, m, NULL);
}

int verb_attach(struct client *c, const struct request *q)
{
	return control(c, q, "Attach");
}

int verb_detach(struct client *c, const struct request *q)
{
	return control(c, q, "Detach");
}

int verb_reattach(struct client *c, const struct request *q)
{
	return control(c, q, "Reattach");
}

static int copy_to_stdout(int fd)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno != EINTR)
			return client_fail_errno(-errno, "cannot read the dump");
		if (n > 0)
			fwrite(buffer, 1, (size_t)n, stdout);
	}
	return CTL_OK;
}

/* Over ssh no descriptor can come along, and the far end would let us wait for it in vain. */
int verb_dump(struct client *c, const struct request *q)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
	int fd, r;

	if (c->host)
		return client_fail(CTL_USAGE,
				   "dump works on this machine only: ssh %s wd40ctl dump", c->host);
	r = client_new_call(c, CLIENT_INTERFACE, "Dump", &m);
	if (!r)
		r = client_send(c, CLIENT_CHANGES, m, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "h", &fd); /* stays the message's */
	return r < 0 ? client_fail_errno(r, "cannot read the answer") : copy_to_stdout(fd);
}

static enum color color_of(const char *answer)
{
	if (strcmp(answer, "yes") == 0)
		return COLOR_GREEN;
	return strcmp(answer, "no") == 0 ? COLOR_RED : COLOR_YELLOW;
}

/* The reply: action -> "yes", "no", "auth" when a password would be asked for, or "unknown". */
int verb_permissions(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *permissions = NULL;
	int r = client_call(c, CLIENT_ASKS, "GetPermissions", &permissions, "");

	if (!r)
		r = client_expect_object(permissions);
	if (r)
		return r;
	if (request_has(q, OPT_JSON)) {
		output_json(stdout, permissions);
		return CTL_OK;
	}
	json_object_object_foreach (permissions, action, answer) {
		printf("%-32s ", action);
		output_colored(stdout, color_of(json_text(answer)), "%s\n", json_text(answer));
	}
	return CTL_OK;
}
