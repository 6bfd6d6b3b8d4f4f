/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Command lines of wd40ctl, and durations. A command line is taken with a verb that goes with it, answered,
 * or refused in lines of text; a duration that is written can be read.
 */
#include <errno.h>
#include <getopt.h>

#include "ctl/exit-codes.h"
#include "ctl/request.h"
#include "ctl/verbs.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/words.h"
#include "util/cleanup.h"
#include "util/duration.h"

#define OUTPUT_MAX (1u << 16)

static void check_request(const struct request *q, int code)
{
	claim(code == CTL_OK || code == CTL_USAGE || code == CTL_REFUSED);
	if (code != CTL_OK || !q->verb)
		return;
	claim(q->nr_args >= q->verb->min_args);
	claim(q->verb->max_args == ARGS_ANY || q->nr_args <= q->verb->max_args);
	claim(!(q->given & ~q->verb->options));
	claim(!request_has(q, OPT_FOR) || q->for_usec);
	claim(!request_has(q, OPT_COUNT) || q->count);
}

static int parse(struct words *w, struct request *q, char output[OUTPUT_MAX])
{
	FILE *out = stdout, *err = stderr, *f = fmemopen(output, OUTPUT_MAX, "w");
	int code;

	optind = 0; /* glibc: begin anew */
	stdout = stderr = f;
	code = request_parse(w->argc, w->argv, q);
	stdout = out;
	stderr = err;
	fclose(f);
	return code;
}

static void check_lines(char *output)
{
	for (char *line = output, *end; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		claim(*end);
		*end = '\0';
		claim_text(line, OUTPUT_MAX);
	}
}

static void check_duration(const char *text)
{
	char written[DURATION_MAX];
	uint64_t usec = 0, again = 0;
	int r = duration_parse(text, &usec);

	claim(r == 0 || r == -EINVAL || r == -ERANGE);
	if (r < 0)
		return;
	duration_format(usec, written);
	claim_printable(written, sizeof(written));
	claim(duration_parse(written, &again) == 0 && again <= usec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(words_done) struct words w = words_new("wd40ctl", data, size);
	static char output[OUTPUT_MAX];
	struct request q;

	for (int i = 1; i < w.argc; i++)
		check_duration(w.argv[i]);
	*output = '\0';
	check_request(&q, parse(&w, &q, output));
	check_lines(output);
	return 0;
}
