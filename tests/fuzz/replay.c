/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs files of the corpus through the fuzzer's target, in a build without libFuzzer. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/file.h"

#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		_cleanup_(freep) char *data = NULL;
		size_t size;
		int err = file_read(argv[i], INPUT_MAX, &data, &size);

		if (err < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-err));
			return 2;
		}
		fprintf(stderr, "%s\n", argv[i]);
		LLVMFuzzerTestOneInput((const uint8_t *)data, size);
	}
	return argc > 1 ? 0 : 2;
}
