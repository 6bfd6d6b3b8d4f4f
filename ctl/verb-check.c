/* SPDX-License-Identifier: GPL-2.0-only */
/* check and probe: what is wrong with the files, and with the machine. */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/verbs.h"

/* Exit codes of wd40d(8) that mean a finding, and no failure. */
#define WD40D_CONFIG      65
#define WD40D_UNAVAILABLE 69

/* Runs the daemon's program for what needs no daemon. Returns an exit code. */
static int run_wd40d(const char *option)
{
	char *const argv[] = { (char *)"wd40d", (char *)option, NULL };
	int status, r;
	pid_t pid;

	fflush(stdout);
	r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (r)
		return client_fail(CTL_FAILED, "cannot run wd40d: %s", strerror(r));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return client_fail_errno(-errno, "cannot wait for wd40d");
	if (!WIFEXITED(status))
		return client_fail(CTL_FAILED, "wd40d %s was killed by signal %d", option,
				   WTERMSIG(status));
	if (WEXITSTATUS(status) == WD40D_CONFIG || WEXITSTATUS(status) == WD40D_UNAVAILABLE)
		return CTL_NEGATIVE;
	return WEXITSTATUS(status) ? CTL_FAILED : CTL_OK;
}

int verb_probe(struct client *c, const struct request *q)
{
	if (c->host)
		return client_fail(CTL_USAGE,
				   "probe examines this machine only: ssh %s wd40d --probe",
				   c->host);
	return run_wd40d("--probe");
}

/* (ssus): path, key, line, message. As compilers say it. */
static void print_problem(json_object *problem)
{
	const char *path = json_text(json_at(problem, 0));
	int64_t line = json_object_get_int64(json_at(problem, 2));
	const char *message = json_text(json_at(problem, 3));

	if (path && *path)
		printf("%s:", path);
	if (line)
		printf("%lld:", (long long)line);
	printf("%s%s\n", path && *path ? " " : "", message);
}

static json_object *problem_as_object(json_object *problem)
{
	static const char *const fields[] = { "path", "key", "line", "message" };
	json_object *object = json_object_new_object();

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		json_object_object_add(object, fields[i], json_object_get(json_at(problem, i)));
	return object;
}

static void print_problems(const struct request *q, json_object *problems)
{
	_cleanup_(json_putp) json_object *objects = json_object_new_array();
	size_t n = json_length(problems);

	for (size_t i = 0; i < n; i++) {
		json_object *problem = json_at(problems, i);

		if (request_has(q, OPT_JSON))
			json_object_array_add(objects, problem_as_object(problem));
		else
			print_problem(problem);
	}
	if (request_has(q, OPT_JSON))
		output_json(stdout, objects);
	else if (n == 0)
		puts("the files are fine");
}

/* Without a daemon its program knows the files as well; but not those of another machine. */
int verb_check(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *problems = NULL;
	int r;

	if (!c->host && !request_has(q, OPT_JSON) && !client_is_running(c))
		return run_wd40d("--check");
	r = client_call(c, CLIENT_READS, "CheckConfig", &problems, "");
	if (r)
		return r;
	print_problems(q, problems);
	return json_length(problems) ? CTL_NEGATIVE : CTL_OK;
}
