/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/memory-files.h"

#include <errno.h>
#include <search.h>

#include "tests/fuzz/claim.h"
#include "util/file.h"
#include "util/macro.h"

struct memory_file {
	char *data;
	size_t size, room;
};

static struct memory_file files[MEMORY_FILES_MAX];
static size_t nr_files;
static const char *root;
static unsigned long nr_reads;

/* Instead of util/file.h's functions, and these themselves, by the linker's --wrap. */
int __wrap_file_read(const char *path, size_t max, char **ret, size_t *ret_size);
int __real_file_read(const char *path, size_t max, char **ret, size_t *ret_size);
int __wrap_file_replace(const char *path, const char *text, size_t size, unsigned int mode);
int __real_file_replace(const char *path, const char *text, size_t size, unsigned int mode);

void memory_files_below(const char *folder)
{
	root = folder;
	claim(hcreate(2 * MEMORY_FILES_MAX));
}

struct memory_file *memory_file_add(const char *path)
{
	struct memory_file *f = &files[nr_files];

	claim(nr_files++ < MEMORY_FILES_MAX);
	claim(hsearch((ENTRY){ .key = strdup(path), .data = f }, ENTER));
	return f;
}

unsigned long memory_files_nr_reads(void)
{
	return nr_reads;
}

void memory_file_write(struct memory_file *f, const void *data, size_t size)
{
	if (size > f->room) {
		f->room = 2 * size;
		f->data = realloc(f->data, f->room);
	}
	if (size)
		memcpy(f->data, data, size);
	f->size = size;
}

/* -ENOENT: not in memory, as it should be. */
static int find(const char *path, struct memory_file **ret)
{
	ENTRY *found = hsearch((ENTRY){ .key = (char *)path }, FIND);

	if (!found)
		return -ENOENT;
	*ret = found->data;
	return 0;
}

static bool is_in_memory(const char *path)
{
	return root && strncmp(path, root, strlen(root)) == 0;
}

int __wrap_file_read(const char *path, size_t max, char **ret, size_t *ret_size)
{
	struct memory_file *f;
	int r;

	if (!is_in_memory(path))
		return __real_file_read(path, max, ret, ret_size);
	nr_reads++;
	r = find(path, &f);
	if (r == 0 && f->size > max)
		r = -EFBIG;
	if (r < 0)
		return r;
	*ret = malloc(f->size + 1);
	if (f->size)
		memcpy(*ret, f->data, f->size);
	(*ret)[f->size] = '\0';
	if (ret_size)
		*ret_size = f->size;
	return 0;
}

int __wrap_file_replace(const char *path, const char *text, size_t size, unsigned int mode)
{
	struct memory_file *f;
	int r;

	if (!is_in_memory(path))
		return __real_file_replace(path, text, size, mode);
	r = find(path, &f);
	if (r == 0)
		memory_file_write(f, text, size);
	return r;
}
