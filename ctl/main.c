/* SPDX-License-Identifier: GPL-2.0-only */
/* wd40ctl: the client of wd40d. */
#include <errno.h>
#include <string.h>

#include "ctl/exit-codes.h"
#include "ctl/verbs.h"

/* What was printed has to have arrived, but for a reader that wanted no more of it. */
static int finish(int code)
{
	if ((ferror(stdout) || fflush(stdout) != 0) && errno != EPIPE && code == CTL_OK)
		return client_fail(CTL_FAILED, "cannot write: %s", strerror(errno));
	return code;
}

int main(int argc, char **argv)
{
	struct client client = { 0 };
	struct request request;
	int r = request_parse(argc, argv, &request);

	if (r || !request.verb)
		return finish(r);
	client = (struct client){
		.host = request.host,
		.address = request.address,
		.ask_password = request.ask_password,
	};
	r = request.verb->run(&client, &request);
	client_done(&client);
	return finish(r);
}
