/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding the configuration files. */
#include "config/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

#define VENDOR_FILE "/usr/lib/wd40d/wd40d.ini"
#define ETC_FILE    "/etc/wd40d/wd40d.ini"
#define ETC_DIR     "/etc/wd40d/wd40d.ini.d"
#define RUN_DIR     "/run/wd40d/wd40d.ini.d"

struct names {
	struct dirent **entries;
	int n;
};

static void names_done(struct names *names)
{
	for (int i = 0; i < names->n; i++)
		free(names->entries[i]);
	free(names->entries);
}

void config_file_list_done(struct config_file_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->files[i].path);
	free(list->files);
	*list = (struct config_file_list){ 0 };
}

static int add(struct config_file_list *list, struct config_file file, const char *root,
	       const char *dir, const char *name)
{
	struct config_file *files;

	if (asprintf(&file.path, "%s%s%s%s", root, dir, *name ? "/" : "", name) < 0)
		return -ENOMEM;
	files = realloc(list->files, (list->n + 1) * sizeof(*files));
	if (!files) {
		free(file.path);
		return -ENOMEM;
	}
	list->files = files;
	list->files[list->n++] = file;
	return 0;
}

static int is_drop_in(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 4 &&
	       strcmp(entry->d_name + length - 4, ".ini") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A directory that is there but cannot be listed enters the list, for its error to be told. */
static int list_names(struct config_file_list *list, const char *root, const char *dir,
		      struct names *ret)
{
	_cleanup_(freep) char *path = NULL;
	struct config_file failed = { 0 };

	if (asprintf(&path, "%s%s", root, dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	ret->n = scandir(path, &ret->entries, is_drop_in, by_name);
	if (ret->n >= 0)
		return 0;
	ret->n = 0;
	failed.error = -errno;
	if (failed.error == -ENOENT || failed.error == -ENOMEM)
		return failed.error == -ENOENT ? 0 : -ENOMEM;
	return add(list, failed, root, dir, "");
}

static bool links_to_null(const char *path)
{
	char target[sizeof("/dev/null") + 1];
	ssize_t n = readlink(path, target, sizeof(target));

	return n == (ssize_t)strlen("/dev/null") && memcmp(target, "/dev/null", (size_t)n) == 0;
}

static int add_drop_in(struct config_file_list *list, const char *root, const char *dir,
		       const char *name)
{
	int r = add(list, (struct config_file){ 0 }, root, dir, name);

	if (r == 0 && links_to_null(list->files[list->n - 1].path))
		free(list->files[--list->n].path);
	return r;
}

/* Both directories are sorted: merge them. */
static int add_drop_ins(struct config_file_list *list, const char *root)
{
	_cleanup_(names_done) struct names run = { 0 }, etc = { 0 };
	int i = 0, j = 0, r;

	r = list_names(list, root, RUN_DIR, &run);
	if (r == 0)
		r = list_names(list, root, ETC_DIR, &etc);
	while (r == 0 && (i < run.n || j < etc.n)) {
		int order;

		if (i == run.n || j == etc.n)
			order = i == run.n ? 1 : -1;
		else
			order = strcmp(run.entries[i]->d_name, etc.entries[j]->d_name);
		if (order < 0)
			r = add_drop_in(list, root, RUN_DIR, run.entries[i]->d_name);
		else
			r = add_drop_in(list, root, ETC_DIR, etc.entries[j]->d_name);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

int config_file_list_make(const char *root, const char *override, struct config_file_list *ret)
{
	_cleanup_(config_file_list_done) struct config_file_list list = { 0 };
	const struct config_file optional = { .optional = true };
	int r;

	r = add(&list, optional, root, VENDOR_FILE, "");
	if (r == 0 && override)
		r = add(&list, (struct config_file){ 0 }, "", override, "");
	else if (r == 0)
		r = add(&list, optional, root, ETC_FILE, "");
	if (r == 0 && !override)
		r = add_drop_ins(&list, root);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct config_file_list){ 0 };
	return 0;
}
